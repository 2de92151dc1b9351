"""An engine as a process of its own, asked over real HTTP with paths exactly as they are written."""

import contextlib
import http.client
import json
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from support import postgres

START_SECONDS = 30.0
STOP_SECONDS = 30.0


@dataclass
class Answer:
    """What came back."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body)


@dataclass
class Engine:
    """A running `polyant-engine serve`."""

    process: subprocess.Popen[bytes]
    log: Path
    main: int
    internal: int
    metrics: int
    secret: Mapping[str, str] = field(
        default_factory=lambda: {"x-internal-auth": postgres.INTERNAL_SECRET}
    )

    def ask(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        port: int | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """Send one request on a fresh connection; the path goes out byte for byte."""
        return ask(port or self.main, method, path, body, headers)

    def sign_in(
        self,
        email: str = postgres.ADMIN_EMAIL,
        password: str = postgres.ADMIN_PASSWORD,
        **more: str,
    ) -> Answer:
        given = {name.replace("_", "-"): value for name, value in more.items()}
        attempt = {"email": email, "password": password}
        path = "/api/auth/credentials/verify"
        port, headers = self.internal, {**self.secret, **given}
        return self.ask("POST", path, attempt, port=port, headers=headers)

    def readiness(self) -> Answer:
        return self.ask("GET", "/readyz", port=self.metrics)

    def wait_ready(self) -> "Engine":
        wait(lambda: self.readiness().status == 200, self.log)
        return self

    def wait_alive(self) -> "Engine":
        wait(lambda: self.ask("GET", "/livez", port=self.metrics).status == 200, self.log)
        return self

    def stop(self) -> int:
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(STOP_SECONDS)


def ask(
    port: int,
    method: str,
    path: str,
    body: Any = None,
    headers: Mapping[str, str] | None = None,
) -> Answer:
    """Send one request to a port of this machine."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    with contextlib.closing(connection):
        payload = None if body is None else json.dumps(body).encode()
        connection.request(method, path, payload, {"connection": "close", **(headers or {})})
        found = connection.getresponse()
        received = {name.lower(): value for name, value in found.getheaders()}
        return Answer(found.status, received, found.read())


def wait(is_true: Any, log: Path | None = None) -> None:
    """Wait until something is true; a refused connection is not yet."""
    deadline = time.monotonic() + START_SECONDS
    while True:
        with contextlib.suppress(OSError, http.client.HTTPException):
            if is_true():
                return
        if time.monotonic() > deadline:
            raise AssertionError(f"not in time: {log.read_text() if log else ''}")
        time.sleep(0.02)


@contextlib.contextmanager
def running(url: str, folder: Path, **changes: str) -> Iterator[Engine]:
    """Run an engine that does not migrate; it is stopped at the end, whatever happened."""
    main, internal, metrics = (postgres.free_port() for _ in range(3))
    ports = {
        "API_PORT": str(main),
        "INTERNAL_PORT": str(internal),
        "METRICS_PORT": str(metrics),
        "MIGRATE_ON_START": "false",
    }
    log = folder / f"engine-{main}.log"
    with log.open("wb") as stream:
        process = subprocess.Popen(
            [sys.executable, "-m", "polyant_engine", "serve"],
            env=postgres.environment(url, **{**ports, **changes}),
            stdout=stream,
            stderr=stream,
        )
    try:
        yield Engine(process=process, log=log, main=main, internal=internal, metrics=metrics)
    finally:
        if process.poll() is None:
            process.terminate()
            try:
                process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
