"""The first administrator and the first agent of the demo, made through the edge.

The generated password of the administrator must be changed at the first sign-in. The new one goes
into the Secret `polyant-demo-login` *before* it is set, so that a run cut short between the two
leaves no password that nobody knows, and a rerun signs in with whichever of the two holds.
"""

import base64
import secrets
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from dev.up import panel
from dev.up.edgeclient import Answer, EdgeClient
from dev.up.errors import StepError
from dev.up.kubectl import Kubectl

LOGIN_SECRET = "polyant-demo-login"  # noqa: S105 - a name
AGENT = "hello"


@dataclass(frozen=True, kw_only=True)
class Account:
    """The administrator as it was left."""

    email: str
    token: str


@dataclass(frozen=True, kw_only=True)
class Demo:
    """One installation seen through its edge."""

    kubectl: Kubectl  # within the installation's namespace
    web: EdgeClient  # the same two through an edge, two forwarded ports without one
    api: EdgeClient
    instance: str
    model: str = "demo"
    agent: str = AGENT

    def sign_in(self) -> Account:
        """Sign in as the administrator; replace the generated password the first time."""
        first = self._secret(f"{self.instance}-admin")
        login = self._secret(LOGIN_SECRET)
        if first is None:
            raise StepError(f"Secret {self.instance}-admin with the first password does not exist")
        email, chosen = first["email"], (login or {}).get("password")
        if chosen and (token := panel.sign_in(self.web, email, chosen)):
            return Account(email=email, token=token)
        token = panel.sign_in(self.web, email, first["password"])
        if token is None:
            raise StepError(
                f"neither the password in Secret {self.instance}-admin nor the one in {LOGIN_SECRET}"
                f" is that of {email}. Write the current one into {LOGIN_SECRET}, key password."
            )
        self._choose_password(email, first["password"], chosen, token)
        return Account(email=email, token=token)

    def _choose_password(self, email: str, current: str, chosen: str | None, token: str) -> None:
        new = chosen or secrets.token_urlsafe(18)
        if chosen is None:
            self._keep({"email": email, "password": new})
        change = {"currentPassword": current, "newPassword": new}
        self._call("POST", "/api/me/password", token, change, expected={HTTPStatus.OK})

    def agent_key(self, token: str) -> str:
        """The API key of the demo's agent; both are made when they are not there."""
        kept = (self._secret(LOGIN_SECRET) or {}).get("apiKey")
        found = self._call(
            "GET",
            f"/api/instances/{self.agent}",
            token,
            expected={HTTPStatus.OK, HTTPStatus.NOT_FOUND},
        )
        if kept and found.status == HTTPStatus.OK and found.json()["instance"]["hasApiKey"]:
            return kept
        if found.status == HTTPStatus.NOT_FOUND:
            agent = {"slug": self.agent, "name": "Hello", "provider": self.model, "model": "demo"}
            self._call("POST", "/api/instances", token, agent, expected={HTTPStatus.CREATED})
        made = self._call(
            "POST", f"/api/instances/{self.agent}/api-key", token, expected={HTTPStatus.CREATED}
        )
        key = str(made.json()["apiKey"])
        self._keep({"apiKey": key})
        return key

    def ask(self, key: str, question: str) -> str:
        """Ask the agent one question at the OpenAI-compatible address."""
        body = {"model": self.agent, "messages": [{"role": "user", "content": question}]}
        answer = self._call("POST", "/v1/chat/completions", key, body, expected={HTTPStatus.OK})
        return str(answer.json()["choices"][0]["message"]["content"])

    def _call(
        self, method: str, path: str, token: str, content: object = None, *, expected: set[int]
    ) -> Answer:
        headers = {"Authorization": f"Bearer {token}"}
        if method == "GET":
            answer = self.api.get(path, headers)
        else:
            answer = self.api.post_json(path, content or {}, headers)
        if answer.status not in expected:
            raise StepError(f"{method} {path} answered {answer.status}: {answer.text[:500]}")
        return answer

    def _secret(self, name: str) -> dict[str, str] | None:
        found = self.kubectl.get("secret", name)
        if found is None:
            return None
        data = found.get("data") or {}
        return {key: base64.b64decode(value).decode() for key, value in data.items()}

    def _keep(self, entries: dict[str, str]) -> None:
        entries = {**(self._secret(LOGIN_SECRET) or {}), **entries}
        secret: dict[str, Any] = {
            "apiVersion": "v1",
            "kind": "Secret",
            "metadata": {"name": LOGIN_SECRET},
            "stringData": entries,
        }
        self.kubectl.apply([secret])
