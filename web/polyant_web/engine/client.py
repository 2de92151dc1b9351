"""The calls the panel makes, one method each: `Engine` for nobody, `EngineSession` for a person."""

from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

from pydantic import ValidationError

from polyant_web.engine import errors, models
from polyant_web.engine.transport import Call, Reply, Stream, Transport


@dataclass(frozen=True)
class Engine:
    """The engine before anybody has signed in."""

    transport: Transport

    async def fingerprint(self) -> str:
        """Return the fingerprint of the engine's AUTH_SECRET."""
        reply = await self.transport.send(Call(method="GET", path="/api/auth/fingerprint"))
        return str(_document(errors.check(reply))["authSecret"])

    async def sign_in(
        self, email: str, password: str, *, client_address: str | None
    ) -> models.SignIn:
        """Check an e-mail address and a password; mint a session when they fit."""
        call = Call(
            method="POST",
            path="/api/auth/credentials/verify",
            payload={"email": email, "password": password},
            client_address=client_address,
        )
        reply = errors.check(await self.transport.send(call))
        with _understood():
            return models.SignIn.model_validate(_document(reply))

    async def vouch(
        self,
        *,
        subject: str,
        email: str,
        name: str,
        may_join: bool,
        client_address: str | None,
    ) -> models.SignIn:
        """Say whom Google has proved somebody to be; mint a session if they may enter."""
        call = Call(
            method="POST",
            path="/api/auth/identities",
            payload={
                "provider": "google",
                "subject": subject,
                "email": email,
                "name": name[:1000],
                "mayJoin": may_join,
            },
            client_address=client_address,
        )
        reply = errors.check(await self.transport.send(call))
        with _understood():
            return models.SignIn.model_validate(_document(reply))

    def session(self, token: str, *, client_address: str | None) -> "EngineSession":
        """Return the engine as the owner of a session sees it."""
        return EngineSession(self.transport, token, client_address)


@dataclass(frozen=True)
class EngineSession:
    """The engine on behalf of one person."""

    transport: Transport
    token: str = field(repr=False)
    client_address: str | None

    async def user(self) -> models.User:
        """Return who the session belongs to."""
        document = await self._read("GET", "/api/auth/session")
        with _understood():
            return models.User.model_validate(document["user"])

    async def sign_out(self) -> None:
        """Revoke the session."""
        await self._send("DELETE", "/api/auth/session")

    async def change_password(self, current: str | None, new: str) -> None:
        """Set a new password; other sessions of the person end."""
        payload = {"newPassword": new} | ({"currentPassword": current} if current else {})
        await self._send("POST", "/api/me/password", payload)

    async def agents(self) -> tuple[models.Agent, ...]:
        """Return every agent, sorted by name."""
        document = await self._read("GET", "/api/instances")
        with _understood():
            return models.agents(document)

    async def providers(self) -> tuple[models.Provider, ...]:
        """Return the model providers an agent may use."""
        document = await self._read("GET", "/api/instances/models")
        with _understood():
            return models.providers(document)

    async def agent(self, slug: str) -> models.Agent:
        """Return one agent."""
        return _agent(await self._read("GET", _agent_path(slug)))

    async def create_agent(self, values: Mapping[str, Any]) -> models.Agent:
        """Create an agent."""
        return _agent(await self._read("POST", "/api/instances", values))

    async def update_agent(self, slug: str, values: Mapping[str, Any]) -> models.Agent:
        """Change some fields of an agent."""
        return _agent(await self._read("PATCH", _agent_path(slug), values))

    async def delete_agent(self, slug: str) -> None:
        """Delete an agent with everything it owns."""
        await self._send("DELETE", _agent_path(slug))

    async def create_api_key(self, slug: str) -> str:
        """Make a new API key for an agent; the former one stops working."""
        document = await self._read("POST", f"{_agent_path(slug)}/api-key")
        with _understood():
            return str(document["apiKey"])

    async def revoke_api_key(self, slug: str) -> None:
        """Remove the API key of an agent."""
        await self._send("DELETE", f"{_agent_path(slug)}/api-key")

    async def prompts(self, slug: str) -> tuple[models.PromptSection, ...]:
        """Return what an agent is told about itself."""
        document = await self._read("GET", f"{_agent_path(slug)}/prompts")
        with _understood():
            return models.prompts(document)

    async def save_prompts(self, slug: str, sections: Mapping[str, str]) -> None:
        """Replace some prompt sections."""
        entries = [{"key": key, "content": content} for key, content in sections.items()]
        await self._send("PATCH", f"{_agent_path(slug)}/prompts", {"sections": entries})

    async def secrets(self, slug: str) -> frozenset[str]:
        """Return the names of an agent's secrets."""
        document = await self._read("GET", f"{_agent_path(slug)}/secrets")
        with _understood():
            return models.secret_names(document)

    async def set_secret(self, slug: str, key: str, value: str) -> None:
        """Store a secret of an agent."""
        payload = {"secrets": [{"key": key, "value": value}]}
        await self._send("PUT", f"{_agent_path(slug)}/secrets", payload)

    async def delete_secret(self, slug: str, key: str) -> None:
        """Remove a secret of an agent."""
        await self._send("DELETE", f"{_agent_path(slug)}/secrets/{quote(key, safe='')}")

    async def ask(self, slug: str, *, message: str, chat_id: str) -> str:
        """Ask an agent and wait for the whole answer."""
        call = self._call("POST", "/v1/chat/completions", _question(slug, message, chat_id))
        pieces: list[bytes] = []
        # Read as a stream without the short limit of other calls: a model may take its time.
        async with self.transport.open(call) as stream:
            pieces.extend([chunk async for chunk in stream.chunks])
        reply = Reply(status=stream.status, headers=stream.headers, body=b"".join(pieces))
        with _understood():
            content = _document(errors.check(reply))["choices"][0]["message"]["content"]
        return str(content or "")

    @asynccontextmanager
    async def ask_streaming(
        self, slug: str, *, message: str, chat_id: str
    ) -> AsyncIterator[Stream]:
        """Ask an agent and read its answer as server-sent events; raise before the first one."""
        payload = {
            **_question(slug, message, chat_id),
            "stream": True,
            "stream_options": {"include_usage": True},
        }
        async with self.transport.open(self._call("POST", "/v1/chat/completions", payload)) as got:
            if got.status != 200:  # noqa: PLR2004 - the one status a stream begins with
                body = b"".join([chunk async for chunk in got.chunks])
                errors.check(Reply(status=got.status, headers=got.headers, body=body))
                raise errors.EngineAway(f"a stream cannot begin with status {got.status}")
            yield got

    def _call(self, method: str, path: str, payload: Mapping[str, Any] | None = None) -> Call:
        return Call(
            method=method,
            path=path,
            payload=payload,
            token=self.token,
            client_address=self.client_address,
        )

    async def _send(
        self, method: str, path: str, payload: Mapping[str, Any] | None = None
    ) -> Reply:
        return errors.check(await self.transport.send(self._call(method, path, payload)))

    async def _read(
        self, method: str, path: str, payload: Mapping[str, Any] | None = None
    ) -> dict[str, Any]:
        return _document(await self._send(method, path, payload))


@contextmanager
def _understood() -> Iterator[None]:
    """Turn an answer of an unexpected shape into `EngineAway`."""
    try:
        yield
    except (ValidationError, KeyError, IndexError, TypeError, AttributeError) as error:
        raise errors.EngineAway("the engine's answer has an unexpected shape") from error


def _document(reply: Reply) -> dict[str, Any]:
    try:
        document = reply.json()
    except ValueError as error:
        raise errors.EngineAway("the engine's answer is not JSON") from error
    if not isinstance(document, dict):
        raise errors.EngineAway("the engine's answer is not an object")
    return document


def _agent(document: Mapping[str, Any]) -> models.Agent:
    with _understood():
        return models.Agent.model_validate(document["instance"])


def _agent_path(slug: str) -> str:
    return f"/api/instances/{quote(slug, safe='')}"


def _question(slug: str, message: str, chat_id: str) -> dict[str, Any]:
    return {
        "model": slug,
        "chat_id": chat_id,
        "messages": [{"role": "user", "content": message}],
    }
