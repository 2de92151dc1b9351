"""Constant requests through the edge, of every kind that people and programs send, and every failure.

Each client keeps its connection like a browser or an SDK does, and none retries: a request that has
to be sent twice is a failure here.
"""

import http.client
import json
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http import HTTPStatus

from support.endtoend import Installation

TIMEOUT_SECONDS = 60.0
PAUSE_SECONDS = 0.1
QUESTION = "is anybody there"
ANSWER = f"You said: {QUESTION}"
SLOW_ANSWER = "one two three four five six seven eight nine ten"


@dataclass(frozen=True, kw_only=True)
class Failure:
    """One request that did not get what it asked for."""

    after: float  # seconds since the load began
    kind: str
    what: str


@dataclass(frozen=True, kw_only=True)
class Request:
    """One request, and how its answer is judged: by nothing, or by what is wrong with it."""

    method: str
    path: str
    body: bytes | None
    headers: Mapping[str, str]
    problem: Callable[[int, str], str | None]


@dataclass
class Load:
    """What was sent and what failed."""

    host: str
    address: str
    sent: dict[str, int] = field(default_factory=dict)
    slowest: float = 0.0
    failures: list[Failure] = field(default_factory=list)
    _began: float = field(default_factory=time.monotonic)
    _over: threading.Event = field(default_factory=threading.Event)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def total(self) -> int:
        """How many requests were answered or failed."""
        return sum(self.sent.values())

    def text(self) -> str:
        """The result in one line, and the first failures."""
        kinds = ", ".join(f"{kind} {count}" for kind, count in sorted(self.sent.items()))
        lines = [f"{self.total} requests ({kinds}), {len(self.failures)} failed"]
        lines += [f"  {each.after:6.1f} s  {each.kind}: {each.what}" for each in self.failures[:10]]
        return "\n".join(lines)

    def stop(self) -> None:
        """Let every client finish its request and end."""
        self._over.set()

    def run(self, kind: str, request: Request) -> None:
        """Send one kind of request again and again."""
        connection = http.client.HTTPConnection(self.address, timeout=TIMEOUT_SECONDS)
        while not self._over.is_set():
            began = time.monotonic()
            problem = self._send(connection, request)
            with self._lock:
                self.sent[kind] = self.sent.get(kind, 0) + 1
                self.slowest = max(self.slowest, time.monotonic() - began)
                if problem is not None:
                    self.failures.append(
                        Failure(after=began - self._began, kind=kind, what=problem)
                    )
            self._over.wait(PAUSE_SECONDS)
        connection.close()

    def _send(self, connection: http.client.HTTPConnection, request: Request) -> str | None:
        headers = {"Host": self.host, **request.headers}
        try:
            connection.request(request.method, request.path, request.body, headers)
            answer = connection.getresponse()
            text = answer.read().decode(errors="replace")
        except (OSError, http.client.HTTPException) as error:
            connection.close()
            return repr(error)
        return request.problem(answer.status, text)


def plain(slug: str, key: str) -> Request:
    """A question with a whole answer."""

    def problem(status: int, text: str) -> str | None:
        if status != HTTPStatus.OK or ANSWER not in text:
            return f"{status} {text[:200]}"
        return None

    return _question(slug, key, QUESTION, stream=False, problem=problem)


def streamed(slug: str, key: str, question: str = QUESTION, answer: str = ANSWER) -> Request:
    """A question with a streamed answer, which must come to its end."""

    def problem(status: int, text: str) -> str | None:
        if status != HTTPStatus.OK:
            return f"{status} {text[:200]}"
        if not text.rstrip().endswith("data: [DONE]"):
            return f"the stream broke off: …{text[-200:]}"
        return None if _joined(text) == answer else f"the stream said {_joined(text)!r}"

    return _question(slug, key, question, stream=True, problem=problem)


def page(path: str, session: str | None, shows: str) -> Request:
    """A page of the panel."""

    def problem(status: int, text: str) -> str | None:
        return None if status == HTTPStatus.OK and shows in text else f"{status} {text[:200]}"

    cookie = {"Cookie": f"polyant_session={session}"} if session else {}
    return Request(method="GET", path=path, body=None, headers=cookie, problem=problem)


def _question(
    slug: str, key: str, question: str, *, stream: bool, problem: Callable[[int, str], str | None]
) -> Request:
    content = {
        "model": slug,
        "messages": [{"role": "user", "content": question}],
        "stream": stream,
    }
    headers = {"Content-Type": "application/json", "Authorization": f"Bearer {key}"}
    body = json.dumps(content).encode()
    return Request(
        method="POST", path="/v1/chat/completions", body=body, headers=headers, problem=problem
    )


def _joined(text: str) -> str:
    found = []
    for line in text.splitlines():
        if line.startswith("data: {"):
            choices = json.loads(line.removeprefix("data: ")).get("choices") or [{}]
            found.append((choices[0].get("delta") or {}).get("content") or "")
    return "".join(found)


@contextmanager
def under_load(
    installation: Installation, requests: Mapping[str, tuple[Request, int]]
) -> Iterator[Load]:
    """Send requests, each kind by so many clients, until the block ends."""
    cluster = installation.cluster
    load = Load(host=cluster.host(installation.host_name), address=cluster.edge)
    threads = [
        threading.Thread(target=load.run, args=(kind, request), daemon=True)
        for kind, (request, clients) in requests.items()
        for _ in range(clients)
    ]
    for thread in threads:
        thread.start()
    try:
        yield load
    finally:
        load.stop()
        for thread in threads:
            thread.join()
