"""What a channel of a run is: somebody who writes, a vendor that goes wrong, a journal that is read.

A further channel is one class like `TelegramTraffic` and one line in `CHANNELS`.
"""

import abc
import random
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Any

from support.chaos.evidence import Delivered, Poll, Said

Ways = Mapping[str, str]  # addresses of replicas -> their names


class Traffic(abc.ABC):
    """People at one vendor, and what the vendor knows."""

    kind: str

    @abc.abstractmethod
    def simulator(self) -> AbstractAsyncContextManager[Any]:
        """Return the vendor; it runs for as long as the run."""

    @property
    @abc.abstractmethod
    def port(self) -> int:
        """Where the vendor listens."""

    @abc.abstractmethod
    def environment(self, port: int) -> dict[str, str]:
        """Return what tells an engine to find the vendor at that port of this machine."""

    @abc.abstractmethod
    def accounts(self) -> Sequence[tuple[str, dict[str, Any], dict[str, str]]]:
        """Return the channels to configure: account, settings, secrets."""

    @abc.abstractmethod
    def say(self, text: Callable[[str], str], chance: random.Random) -> None:
        """Let somebody write; `text` makes one of a new token."""

    @abc.abstractmethod
    def said(self) -> list[Said]:
        """Return what was written so far."""

    @abc.abstractmethod
    def delivered(self, ways: Ways) -> list[Delivered]:
        """Return what the vendor made of the engines' calls."""

    @abc.abstractmethod
    def polls(self, ways: Ways) -> list[Poll]:
        """Return the calls that fetched messages."""

    @abc.abstractmethod
    def break_vendor(self, name: str) -> None:
        """Begin a fault, in place of another: the names are those that `faults` gives."""

    @abc.abstractmethod
    def heal(self) -> None:
        """Be well again."""
