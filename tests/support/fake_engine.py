"""A scripted engine that speaks the HTTP contract of the real one to the panel.

A real application with state in memory: served over HTTP for browsers, called in memory by unit
tests. What it refuses it refuses in the engine's own shapes, so the panel cannot cheat.
"""

import asyncio
import hmac
import secrets
import uuid
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, fields
from datetime import UTC, datetime
from typing import Any

import orjson
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

AUTH_SECRET = "a" * 40
INTERNAL_SECRET = "internal-secret-of-the-test"
ADMIN = "ada@example.com"
PASSWORD = "correct horse"
MAX_PROMPT = 32_768
NOW = datetime(2026, 3, 1, 12, tzinfo=UTC).isoformat()
TITLES = {400: "Bad Request", 401: "Unauthorized", 403: "Forbidden", 404: "Not Found"}


@dataclass
class Person:
    """A user and the password that lets them in."""

    email: str
    password: str
    role: str = "superadmin"
    name: str | None = None
    must_change: bool = False

    def document(self) -> dict[str, Any]:
        return {
            "id": self.email,
            "email": self.email,
            "name": self.name,
            "role": self.role,
            "mustChangePassword": self.must_change,
            "createdAt": NOW,
            "updatedAt": NOW,
        }


@dataclass
class FakeEngine:
    """State and behaviour; tests set fields and read `calls`."""

    people: dict[str, Person] = field(
        default_factory=lambda: {ADMIN: Person(ADMIN, PASSWORD, name="Ada Lovelace")}
    )
    sessions: dict[str, str] = field(default_factory=dict)
    agents: dict[str, dict[str, Any]] = field(default_factory=dict)
    providers: dict[str, Any] = field(
        default_factory=lambda: {
            "main": {"provider": "openai", "source": "installation", "models": ["scripted"]}
        }
    )
    sections: dict[str, str] = field(
        default_factory=lambda: {"01-identity": "You are Desk.", "02-soul": "", "03-tooling": ""}
    )
    secrets: dict[str, str] = field(default_factory=dict)
    calls: list[tuple[str, str]] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    questions: list[dict[str, Any]] = field(default_factory=list)
    vouched: list[dict[str, Any]] = field(default_factory=list)
    subjects: dict[str, str] = field(default_factory=dict)
    throttled: bool = False
    failing: int | None = None  # a status every call is answered with
    auth_secret: str = AUTH_SECRET
    pause_seconds: float = 0.0  # between two words of a streamed answer
    streams_closed: int = 0

    def reset(self) -> None:
        """Forget everything, as if just made."""
        for item in fields(self):
            default = item.default_factory() if callable(item.default_factory) else item.default
            setattr(self, item.name, default)

    @property
    def app(self) -> Starlette:
        """The application; each method below answers one route."""
        slug = "/api/instances/{slug}"
        return Starlette(
            routes=[
                self._route("/api/auth/fingerprint", "GET", self._fingerprint),
                self._route("/api/auth/credentials/verify", "POST", self._verify),
                self._route("/api/auth/identities", "POST", self._vouch),
                self._route("/api/auth/session", "GET", self._session),
                self._route("/api/auth/session", "DELETE", self._sign_out),
                self._route("/api/me/password", "POST", self._password),
                self._route("/api/instances", "GET", self._list),
                self._route("/api/instances", "POST", self._create),
                self._route("/api/instances/models", "GET", self._models),
                self._route(slug, "GET", self._read),
                self._route(slug, "PATCH", self._update),
                self._route(slug, "DELETE", self._delete),
                self._route(f"{slug}/prompts", "GET", self._show_prompts),
                self._route(f"{slug}/prompts", "PATCH", self._change_prompts),
                self._route(f"{slug}/secrets", "GET", self._show_secrets),
                self._route(f"{slug}/secrets", "PUT", self._set_secrets),
                self._route(f"{slug}/secrets/{{key}}", "DELETE", self._delete_secret),
                self._route(f"{slug}/api-key", "POST", self._make_key),
                self._route(f"{slug}/api-key", "DELETE", self._drop_key),
                self._route("/v1/chat/completions", "POST", self._complete),
            ]
        )

    def add_agent(self, slug: str, **values: Any) -> dict[str, Any]:
        """Create an agent; its key is never part of what it shows."""
        agent = {
            "id": str(uuid.uuid5(uuid.NAMESPACE_DNS, slug)),
            "slug": slug,
            "name": slug.replace("-", " ").title(),
            "description": None,
            "status": "active",
            "provider": "main",
            "model": "scripted",
            "authEnabled": True,
            "hasApiKey": False,
            "memoryEnabled": False,
            "knowledgeEnabled": False,
            "createdAt": NOW,
            "updatedAt": NOW,
            **values,
        }
        self.agents[slug] = agent
        return agent

    def sign_in(self, email: str = ADMIN) -> str:
        """Mint a session without asking for a password."""
        token = f"ps_{secrets.token_urlsafe(24)}"
        self.sessions[token] = email
        return token

    def _route(self, path: str, method: str, answer: Any) -> Route:
        async def endpoint(request: Request) -> Response:
            self.calls.append((method, request.url.path))
            self.headers.append(dict(request.headers))
            if self.failing:
                return _error(self.failing, "scripted failure")
            if path.startswith("/api/auth") and not _internal(request):
                return _error(404, "Not found")
            response: Response = await answer(request)
            return response

        return Route(path, endpoint, methods=[method])

    def _who(self, request: Request) -> Person | None:
        token = request.headers.get("authorization", "").removeprefix("Bearer ")
        email = self.sessions.get(token)
        return self.people[email] if email else None

    def _refusal(self, request: Request) -> Response | None:
        person = self._who(request)
        if person is None:
            return _error(401, "Sign in first")
        if person.must_change:
            return _error(403, "Choose a new password", "password_change_required")
        if person.role == "viewer" and request.method != "GET":
            return _error(403, "viewer may not do this")
        return None

    async def _fingerprint(self, _: Request) -> Response:
        digest = hmac.digest(self.auth_secret.encode(), b"polyant-auth-secret", "sha256")
        return JSONResponse({"authSecret": digest[:8].hex()})

    async def _verify(self, request: Request) -> Response:
        if self.throttled:
            refusal = _error(429, "Too many tries")
            refusal.headers["retry-after"] = "120"
            return refusal
        entered = await request.json()
        person = self.people.get(entered["email"])
        if person is None or person.password != entered["password"]:
            return JSONResponse({"user": None}, 201)
        token = self.sign_in(person.email)
        return JSONResponse({"user": person.document(), "sessionToken": token}, 201)

    async def _vouch(self, request: Request) -> Response:
        proof = await request.json()
        self.vouched.append(proof)
        email = self.subjects.get(proof["subject"], proof["email"])
        if email not in self.people and not proof["mayJoin"]:
            return JSONResponse({"user": None, "reason": "unknown_person"}, 201)
        if proof["subject"] not in self.subjects and email in self.subjects.values():
            return JSONResponse({"user": None, "reason": "linked_to_another_account"}, 201)
        person = self.people.setdefault(email, Person(email, "", role="viewer"))
        self.subjects[proof["subject"]] = email
        document = {"user": person.document(), "sessionToken": self.sign_in(email)}
        return JSONResponse(document, 201)

    async def _session(self, request: Request) -> Response:
        person = self._who(request)
        return JSONResponse({"user": person.document()}) if person else _error(401, "No session")

    async def _sign_out(self, request: Request) -> Response:
        token = request.headers.get("authorization", "").removeprefix("Bearer ")
        return Response(status_code=204 if self.sessions.pop(token, None) else 401)

    async def _password(self, request: Request) -> Response:
        person = self._who(request)
        if person is None:
            return _error(401, "Sign in first")
        entered = await request.json()
        if not person.must_change and entered.get("currentPassword") != person.password:
            return _error(400, "The current password is wrong.", "password_wrong")
        if len(entered["newPassword"]) < 8:
            needs = "The new password needs 8 to 1024 characters."
            return _error(400, needs, "password_length")
        person.password, person.must_change = entered["newPassword"], False
        return JSONResponse({"ok": True})

    async def _list(self, request: Request) -> Response:
        refusal = self._refusal(request)
        return refusal or JSONResponse({"instances": list(self.agents.values())})

    async def _models(self, request: Request) -> Response:
        return self._refusal(request) or JSONResponse({"providers": self.providers})

    async def _create(self, request: Request) -> Response:
        if refusal := self._refusal(request):
            return refusal
        entered = await request.json()
        if not entered.get("slug", "").replace("-", "").isalnum():
            return _error(400, "slug: String should match pattern '^[a-z0-9]$'")
        if entered["slug"] in self.agents:
            taken = f"Another agent has the slug {entered['slug']!r}; choose a different one."
            return _error(409, taken, "slug_taken")
        return JSONResponse({"instance": self.add_agent(**entered)}, 201)

    async def _read(self, request: Request) -> Response:
        return self._refusal(request) or self._found(request)

    async def _update(self, request: Request) -> Response:
        if refusal := self._refusal(request):
            return refusal
        entered = await request.json()
        if not entered.get("name", "x"):
            return _error(400, "name: String should have at least 1 character")
        if request.path_params["slug"] in self.agents:
            self.agents[request.path_params["slug"]].update(entered)
        return self._found(request)

    async def _delete(self, request: Request) -> Response:
        if refusal := self._refusal(request):
            return refusal
        gone = self.agents.pop(request.path_params["slug"], None)
        return JSONResponse({"deleted": True}) if gone else _error(404, "Unknown agent")

    async def _show_prompts(self, request: Request) -> Response:
        return self._refusal(request) or self._prompts()

    async def _change_prompts(self, request: Request) -> Response:
        if refusal := self._refusal(request):
            return refusal
        for section in (await request.json())["sections"]:
            if len(section["content"]) > MAX_PROMPT:
                return _error(400, "sections.0.content: String should be shorter")
            self.sections[section["key"]] = section["content"]
        return self._prompts()

    def _prompts(self) -> Response:
        found = [
            {"key": key, "filename": f"{key}.md", "title": key[3:].title(), "content": content}
            for key, content in self.sections.items()
        ]
        return JSONResponse({"prompts": found})

    async def _show_secrets(self, request: Request) -> Response:
        person = self._who(request)
        if person and person.role == "viewer":
            return _error(403, "viewer may not do this")
        return self._refusal(request) or self._secrets()

    async def _set_secrets(self, request: Request) -> Response:
        if refusal := self._refusal(request):
            return refusal
        for secret in (await request.json())["secrets"]:
            self.secrets[secret["key"]] = secret["value"]
        return self._secrets()

    async def _delete_secret(self, request: Request) -> Response:
        if refusal := self._refusal(request):
            return refusal
        self.secrets.pop(request.path_params["key"])
        return JSONResponse({"deleted": True})

    def _secrets(self) -> Response:
        return JSONResponse({"secrets": [{"key": key, "configured": True} for key in self.secrets]})

    async def _make_key(self, request: Request) -> Response:
        if refusal := self._refusal(request):
            return refusal
        self.agents[request.path_params["slug"]]["hasApiKey"] = True
        return JSONResponse({"apiKey": f"pk_{secrets.token_urlsafe(24)}"}, 201)

    async def _drop_key(self, request: Request) -> Response:
        if refusal := self._refusal(request):
            return refusal
        self.agents[request.path_params["slug"]]["hasApiKey"] = False
        return Response(status_code=204)

    def _found(self, request: Request) -> Response:
        agent = self.agents.get(request.path_params["slug"])
        return JSONResponse({"instance": agent}) if agent else _error(404, "Unknown agent")

    async def _complete(self, request: Request) -> Response:
        if self._who(request) is None:
            return _openai_error(401, "Invalid API key")
        entered = await request.json()
        self.questions.append(entered)
        said = entered["messages"][-1]["content"]
        if entered["model"] not in self.agents:
            return _openai_error(404, "Unknown model", "model_not_found")
        if said == "fail":
            return _openai_error(502, "The model provider refused: quota exceeded")
        answer = answer_to(said)
        if entered.get("stream"):
            return StreamingResponse(self._words(said, answer), media_type="text/event-stream")
        message = {"role": "assistant", "content": answer}
        return JSONResponse({"choices": [{"index": 0, "message": message}], "usage": USAGE})

    async def _words(self, said: str, answer: str) -> AsyncIterator[bytes]:
        try:
            for number, word in enumerate(answer.split(" ")):
                yield _event({"choices": [{"delta": {"content": f"{word} "}}]})
                if said == "break" and number == 2:
                    yield _event({"error": {"message": "The model stopped answering"}})
                    return
                if said == "torn" and number == 2:
                    raise RuntimeError("torn on purpose")
                await asyncio.sleep(self.pause_seconds)
            yield _event({"choices": [], "usage": USAGE})
            yield b"data: [DONE]\n\n"
        finally:
            self.streams_closed += 1


USAGE = {"prompt_tokens": 9, "completion_tokens": 12, "total_tokens": 21}


def answer_to(said: str) -> str:
    """Return what the scripted model says."""
    return f"You said: {said}"


def _internal(request: Request) -> bool:
    names = set(request.headers)
    forwarded = {name for name in names if name.startswith(("x-forwarded", "forwarded", "via"))}
    return request.headers.get("x-internal-auth") == INTERNAL_SECRET and not forwarded


def _event(document: dict[str, Any]) -> bytes:
    return b"data: " + orjson.dumps(document) + b"\n\n"


def _error(status: int, message: str, code: str | None = None) -> Response:
    body = {"statusCode": status, "message": message, "error": TITLES.get(status, "Error")}
    return JSONResponse(body | ({"code": code} if code else {}), status)


def _openai_error(status: int, message: str, code: str | None = None) -> Response:
    error = {"message": message, "type": "error", "param": None, "code": code}
    return JSONResponse({"error": error}, status)
