"""What carries a call to the engine: a narrow protocol, so that tests need no network."""

from collections.abc import AsyncIterator, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from typing import Any, Protocol

import orjson


@dataclass(frozen=True, kw_only=True)
class Call:
    """One request to the engine."""

    method: str
    path: str
    payload: Mapping[str, Any] | None = None
    token: str | None = field(default=None, repr=False)  # the person's session, sent as Bearer
    client_address: str | None = None  # on whose behalf; counts for limits and audit


@dataclass(frozen=True, kw_only=True)
class Reply:
    """What the engine answered; header names are lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> Any:
        """Return the parsed body; ValueError when it is not JSON."""
        return orjson.loads(self.body)


@dataclass(frozen=True, kw_only=True)
class Stream:
    """An answer that is still coming."""

    status: int
    headers: Mapping[str, str]
    chunks: AsyncIterator[bytes]


class Transport(Protocol):
    """Sends calls; raises `EngineAway` when no answer comes."""

    async def send(self, call: Call) -> Reply:
        """Send a call and read the whole answer."""
        ...

    def open(self, call: Call) -> AbstractAsyncContextManager[Stream]:
        """Send a call and read the answer piece by piece."""
        ...
