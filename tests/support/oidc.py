"""A scripted OpenID Connect provider that is as strict as Google: PKCE, secrets, codes good once.

Its authorization page asks nobody: it sends the browser straight back with a code for `person`.
"""

import base64
import hashlib
import json
import secrets
import time
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa
from jwt.algorithms import RSAAlgorithm
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

CLIENT_ID, CLIENT_SECRET = "client.apps.example.com", "client-secret"


@dataclass
class Provider:
    """State and behaviour; tests set fields and read `asked`."""

    url: str = ""
    person: dict[str, Any] = field(default_factory=dict)
    wrong: dict[str, Any] = field(default_factory=dict)  # claims that replace the right ones
    refusal: str | None = None  # an error instead of a code
    is_away: bool = False
    signs_with_foreign_key: bool = False
    asked: list[dict[str, str]] = field(default_factory=list)
    _codes: dict[str, dict[str, str]] = field(default_factory=dict)
    _keys: dict[str, rsa.RSAPrivateKey] = field(default_factory=dict)

    def reset(self, **person: Any) -> None:
        """Start anew with one person at the browser."""
        self.person = {
            "sub": "g-1",
            "email": "ada@example.com",
            "email_verified": True,
            "name": "Ada",
            **person,
        }
        self.wrong, self.refusal, self.is_away = {}, None, False
        self.signs_with_foreign_key = False
        self.asked.clear()
        self._codes.clear()

    def change_keys(self) -> None:
        """Replace the signing key, as providers do every few weeks."""
        self._keys = {secrets.token_hex(4): _new_key()}

    @property
    def app(self) -> Starlette:
        """The application."""
        self.change_keys()
        return Starlette(
            routes=[
                Route("/.well-known/openid-configuration", self._discovery),
                Route("/keys", self._public_keys),
                Route("/authorize", self._authorize),
                Route("/token", self._token, methods=["POST"]),
            ]
        )

    async def _discovery(self, _: Request) -> Response:
        if self.is_away:
            return Response(status_code=503)
        return JSONResponse(
            {
                "issuer": self.url,
                "authorization_endpoint": f"{self.url}/authorize",
                "token_endpoint": f"{self.url}/token",
                "jwks_uri": f"{self.url}/keys",
            }
        )

    async def _public_keys(self, _: Request) -> Response:
        keys = [
            {**json.loads(RSAAlgorithm.to_jwk(key.public_key())), "kid": name, "use": "sig"}
            for name, key in self._keys.items()
        ]
        return JSONResponse({"keys": keys})

    async def _authorize(self, request: Request) -> Response:
        asked = dict(request.query_params)
        self.asked.append(asked)
        answer = {"state": asked["state"]}
        if self.refusal:
            answer["error"] = self.refusal
        else:
            answer["code"] = secrets.token_urlsafe(16)
            self._codes[answer["code"]] = asked
        return RedirectResponse(f"{asked['redirect_uri']}?{urlencode(answer)}", 302)

    async def _token(self, request: Request) -> Response:
        if self.is_away:
            return Response("upstream", status_code=502)
        form = {name: str(value) for name, value in (await request.form()).items()}
        asked = self._codes.pop(form.get("code", ""), None)
        if asked is None or not _fits(form, asked):
            return JSONResponse({"error": "invalid_grant"}, 400)
        return JSONResponse({"id_token": self._id_token(asked), "token_type": "Bearer"})

    def _id_token(self, asked: dict[str, str]) -> str:
        now = int(time.time())
        claims = {
            "iss": self.url,
            "aud": asked["client_id"],
            "nonce": asked["nonce"],
            "iat": now,
            "exp": now + 3600,
            **self.person,
            **self.wrong,
        }
        name, key = next(iter(self._keys.items()))
        signing = _new_key() if self.signs_with_foreign_key else key
        return jwt.encode(claims, signing, algorithm="RS256", headers={"kid": name})


def _fits(form: dict[str, str], asked: dict[str, str]) -> bool:
    digest = hashlib.sha256(form["code_verifier"].encode()).digest()
    challenge = base64.urlsafe_b64encode(digest).decode().rstrip("=")
    client = (form["client_id"], form["client_secret"])
    return (
        client == (CLIENT_ID, CLIENT_SECRET)
        and challenge == asked["code_challenge"]
        and form["redirect_uri"] == asked["redirect_uri"]
    )


def _new_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)
