"""A client in front of the edge: it connects to one address and names the host it wants.

A laptop's resolver may not know `polyant.localhost`, and a test wants to ask for hosts that do
not exist, so the connection and the Host header are two arguments here. Cookies are kept like a
browser keeps them, as far as one host needs.
"""

import contextlib
import http.client
import json
import urllib.parse
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, kw_only=True)
class Answer:
    """One HTTP answer, read to the end."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def text(self) -> str:
        """The body as text."""
        return self.body.decode(errors="replace")

    def json(self) -> Any:
        """The body as JSON."""
        return json.loads(self.body)


@dataclass(frozen=True, kw_only=True)
class EdgeClient:
    """Requests to one host through one address."""

    address: str  # host:port to connect to
    host: str  # what the Host header says
    timeout: float = 60
    cookies: dict[str, str] = field(default_factory=dict)
    source: str = ""  # address to connect from; any
    always: Mapping[str, str] = field(default_factory=dict)  # headers of every request

    def get(self, path: str, headers: Mapping[str, str] | None = None) -> Answer:
        """GET a path, as it is written."""
        return self.request("GET", path, headers=headers)

    def post_json(
        self, path: str, content: object, headers: Mapping[str, str] | None = None
    ) -> Answer:
        """POST a JSON document."""
        typed = {"Content-Type": "application/json", **(headers or {})}
        return self.request("POST", path, json.dumps(content).encode(), typed)

    def post_form(self, path: str, fields: Mapping[str, str]) -> Answer:
        """POST a form the way a browser does."""
        origin = {"Origin": f"http://{self.host}", "Sec-Fetch-Site": "same-origin"}
        typed = {"Content-Type": "application/x-www-form-urlencoded", **origin}
        return self.request("POST", path, urllib.parse.urlencode(fields).encode(), typed)

    def request(
        self,
        method: str,
        path: str,
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """Send one request and read the whole answer."""
        source = (self.source, 0) if self.source else None
        connection = http.client.HTTPConnection(
            self.address, timeout=self.timeout, source_address=source
        )
        try:
            # A server may refuse a body before it has come whole; its answer is there all the same.
            with contextlib.suppress(BrokenPipeError, ConnectionResetError):
                connection.request(
                    method,
                    path,
                    body,
                    {"Host": self.host, **self.always, **self._jar(), **(headers or {})},
                )
            response = connection.getresponse()
            content = response.read()
            self._keep(response.headers.get_all("Set-Cookie") or [])
            return Answer(status=response.status, headers=_lower(response.headers), body=content)
        finally:
            connection.close()

    def _jar(self) -> dict[str, str]:
        pairs = [f"{name}={value}" for name, value in self.cookies.items()]
        return {"Cookie": "; ".join(pairs)} if pairs else {}

    def _keep(self, lines: list[str]) -> None:
        for line in lines:
            pair, _, attributes = line.partition(";")
            name, _, value = pair.strip().partition("=")
            if "max-age=0" in attributes.lower().replace(" ", ""):
                self.cookies.pop(name, None)
            else:
                self.cookies[name] = value.strip('"')


def _lower(headers: http.client.HTTPMessage) -> dict[str, str]:
    return {name.lower(): value for name, value in headers.items()}
