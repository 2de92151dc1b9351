"""Google as an OpenID Connect provider: where to send a browser, and what its answer proves.

Addresses and keys come from the provider's own discovery document and are kept for an hour; an
unknown key id asks once more, because providers change keys without notice.
https://developers.google.com/identity/openid-connect/openid-connect
"""

import asyncio
import ssl
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlencode

import aiohttp
import jwt
import orjson

from polyant_web.google import account
from polyant_web.google.account import Account, NotProved
from polyant_web.google.client import Client
from polyant_web.google.handshake import Handshake

_DISCOVERY: Final = "/.well-known/openid-configuration"
_FRESH_SECONDS: Final = 3600.0
_PATIENCE: Final = aiohttp.ClientTimeout(total=10, connect=5)
_SERVER_ERROR: Final = 500
_LEEWAY_SECONDS: Final = 60  # clocks differ
_FAILURES: Final = (aiohttp.ClientError, TimeoutError, OSError, ValueError)


class Away(Exception):
    """Google could not be asked, or its answer makes no sense; the text is for the log."""


@dataclass(frozen=True)
class _Known:
    """What the provider says about itself, and when it was asked."""

    document: Mapping[str, Any]
    keys: jwt.PyJWKSet
    read_at: float


class Google:
    """Speaks OpenID Connect for one client."""

    def __init__(self, client: Client, tls: ssl.SSLContext) -> None:
        self._client = client
        self._tls = tls
        self._known: _Known | None = None
        self._reading = asyncio.Lock()

    async def address(self, handshake: Handshake, origin: str) -> str:
        """Return where to send the browser."""
        known = await self._provider()
        query = {
            "client_id": self._client.client_id,
            "redirect_uri": self._client.redirect_uri(origin),
            "response_type": "code",
            "scope": "openid email profile",
            "state": handshake.state,
            "nonce": handshake.nonce,
            "code_challenge": handshake.challenge,
            "code_challenge_method": "S256",
            "prompt": "select_account",
        }
        return f"{known.document['authorization_endpoint']}?{urlencode(query)}"

    async def redeem(self, code: str, handshake: Handshake, origin: str) -> Account:
        """Return whose code this is; raise `Away` or `NotProved`."""
        known = await self._provider()
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": self._client.redirect_uri(origin),
            "client_id": self._client.client_id,
            "client_secret": self._client.client_secret,
            "code_verifier": handshake.verifier,
        }
        answer = await self._ask("POST", str(known.document["token_endpoint"]), form)
        token = answer.get("id_token")
        if not isinstance(token, str):
            raise NotProved(f"no ID token for the code: {answer.get('error') or 'no reason given'}")
        return account.read(await self._claims(token), handshake.nonce)

    async def _claims(self, token: str) -> Mapping[str, Any]:
        known = await self._provider()
        try:
            key_id = str(jwt.get_unverified_header(token).get("kid"))
            if key_id not in {key.key_id for key in known.keys.keys}:
                known = await self._provider(again=True)
            claims: Mapping[str, Any] = jwt.decode(
                token,
                known.keys[key_id],
                algorithms=["RS256"],
                audience=self._client.client_id,
                issuer=str(known.document["issuer"]),
                leeway=_LEEWAY_SECONDS,
                options={"require": ["exp", "iat", "iss", "aud", "sub"]},
            )
        except (jwt.PyJWTError, KeyError) as error:
            raise NotProved(f"the ID token is not valid: {error}") from error
        return claims

    async def _provider(self, *, again: bool = False) -> _Known:
        async with self._reading:
            known = self._known
            if known is None or again or time.monotonic() - known.read_at > _FRESH_SECONDS:
                known = self._known = await self._read()
            return known

    async def _read(self) -> _Known:
        document = await self._ask("GET", self._client.issuer + _DISCOVERY)
        try:
            keys = jwt.PyJWKSet.from_dict(await self._ask("GET", str(document["jwks_uri"])))
            _require(document, "issuer", "authorization_endpoint", "token_endpoint")
        except (jwt.PyJWTError, KeyError) as error:
            raise Away(f"{self._client.issuer} describes itself badly: {error}") from error
        return _Known(document, keys, time.monotonic())

    async def _ask(
        self, method: str, url: str, form: Mapping[str, str] | None = None
    ) -> dict[str, Any]:
        """Ask for a JSON object; an answer that is none means that nobody sensible is there."""
        try:
            async with (
                # A session for each sign-in: they are rare, and none waits open between them.
                aiohttp.ClientSession(
                    timeout=_PATIENCE, trust_env=True, connector=aiohttp.TCPConnector(ssl=self._tls)
                ) as session,
                session.request(method, url, data=form, allow_redirects=False) as response,
            ):
                found = orjson.loads(await response.read())
        except _FAILURES as error:
            raise Away(f"{url}: {str(error) or type(error).__name__}") from error
        if not isinstance(found, dict) or response.status >= _SERVER_ERROR:
            raise Away(f"{url} answered {response.status} without a usable document")
        return found


def _require(document: Mapping[str, Any], *names: str) -> None:
    for name in names:
        document[name]
