"""HTTP as a hostile client writes it: any path, any header, from any address of this machine.

And a proxy in front of the front door, as a cloud's load balancer is one.
"""

import http.client
import json
import socket
import socketserver
import ssl
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from typing_extensions import override

Headers = Mapping[str, str] | Sequence[tuple[str, str]]


@dataclass(frozen=True, kw_only=True)
class Answer:
    """One answer, and when its pieces came."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    # Seconds from the request to each piece.
    times: tuple[float, ...] = ()

    def json(self) -> Any:
        """The body as JSON."""
        return json.loads(self.body)


@dataclass(frozen=True, kw_only=True)
class Client:
    """Somebody at an address who calls one host."""

    port: int
    host: str
    source: str = "127.0.0.1"
    # Trusts this authority and speaks TLS, if given.
    authority: Path | None = None
    timeout: float = 30
    always: Mapping[str, str] = field(default_factory=dict)

    def get(self, path: str, headers: Headers = ()) -> Answer:
        """GET a path letter by letter."""
        return self.send("GET", path, headers)

    def send(self, method: str, path: str, headers: Headers = (), body: bytes = b"") -> Answer:
        """Send one request and read the answer piece by piece."""
        listed = list(headers.items()) if isinstance(headers, Mapping) else list(headers)
        named = {"Host": self.host, "Connection": "close", **self.always}
        if body:
            named["Content-Length"] = str(len(body))
        lines = [f"{name}: {value}" for name, value in (*named.items(), *listed)]
        head = "\r\n".join([f"{method} {path} HTTP/1.1", *lines, "", ""])
        with self._connected() as connection:
            started = time.monotonic()
            connection.sendall(head.encode("latin-1") + body)
            return _read(connection, started)

    @contextmanager
    def _connected(self) -> Iterator[socket.socket]:
        plain = socket.create_connection(
            ("127.0.0.1", self.port), self.timeout, source_address=(self.source, 0)
        )
        with plain:
            if self.authority is None:
                yield plain
                return
            context = ssl.create_default_context(cafile=str(self.authority))
            with context.wrap_socket(plain, server_hostname=self.host.partition(":")[0]) as secure:
                yield secure


def _read(connection: socket.socket, started: float) -> Answer:
    response = http.client.HTTPResponse(connection)
    response.begin()
    pieces, times = [], []
    while piece := response.read1(65_536):
        pieces.append(piece)
        times.append(time.monotonic() - started)
    headers = {name.lower(): value for name, value in response.getheaders()}
    return Answer(
        status=response.status, headers=headers, body=b"".join(pieces), times=tuple(times)
    )


class _Proxy(socketserver.StreamRequestHandler):
    """Passes one request on with the address it saw appended, and the answer back as it comes."""

    behind: int
    source: str

    @override
    def handle(self) -> None:
        """Serve one connection."""
        lines, size = [self.rfile.readline()], 0
        while (line := self.rfile.readline()) not in {b"\r\n", b""}:
            name, _, value = line.partition(b":")
            size = int(value) if name.lower() == b"content-length" else size
            lines.append(line)
        body = self.rfile.read(size)
        with socket.create_connection(
            ("127.0.0.1", self.behind), source_address=(self.source, 0)
        ) as upstream:
            upstream.sendall(b"".join(self._rewritten(lines)) + b"\r\n" + body)
            while piece := upstream.recv(65_536):
                self.wfile.write(piece)

    def _rewritten(self, lines: list[bytes]) -> Iterator[bytes]:
        """Append to X-Forwarded-For and overwrite X-Forwarded-Proto: TLS ends here."""
        seen, written = [self.client_address[0]], []
        for line in lines:
            name, _, value = line.partition(b":")
            if name.lower() == b"x-forwarded-for":
                seen.insert(-1, value.decode().strip())
            elif name.lower() not in {b"x-forwarded-proto", b"connection"}:
                written.append(line)
        yield from written
        yield f"X-Forwarded-For: {', '.join(seen)}\r\n".encode()
        yield b"X-Forwarded-Proto: https\r\n"
        yield b"Connection: close\r\n"  # one request each: the end of the answer is the end


@contextmanager
def load_balancer(behind: int, source: str) -> Iterator[int]:
    """Run a proxy in front of a port, with an address of its own; yields its port."""
    handler = type("Handler", (_Proxy,), {"behind": behind, "source": source})

    class Server(socketserver.ThreadingTCPServer):
        daemon_threads = True
        allow_reuse_address = True

    with Server(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield int(server.server_address[1])
        server.shutdown()
