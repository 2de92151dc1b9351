"""Import what adapters need before this replica leads, so that a fail-over waits for no import.

In a thread, and only for kinds that are configured: an installation without Telegram pays nothing
for it. Whoever leads already has imported everything by starting its adapters.
"""

import asyncio
import logging
from collections.abc import Mapping
from typing import Protocol

from polyant_engine.channels.model import Kind
from polyant_engine.channels.ports import Vendor
from polyant_engine.core.errors import PolyantError

LOOK_SECONDS = 10.0
START_SECONDS = 1.0  # the first requests come before what is perhaps never needed

_log = logging.getLogger(__name__)


class Kinds(Protocol):
    """Which channels exist."""

    async def kinds(self) -> set[Kind]:
        """Return the kinds of the channels that are switched on."""
        ...


class Preloading:
    """The loop that looks for kinds it has not seen."""

    def __init__(self, kinds: Kinds, vendors: Mapping[Kind, Vendor]) -> None:
        self._kinds = kinds
        self._missing = dict(vendors)

    async def run(self) -> None:
        """Look until everything is loaded, or for ever."""
        pause = START_SECONDS
        while self._missing:
            await asyncio.sleep(pause)
            pause = LOOK_SECONDS
            try:
                await self._look()
            except PolyantError as away:
                _log.debug("the channels that exist are not known yet: %s", away)

    async def _look(self) -> None:
        for kind in await self._kinds.kinds() & self._missing.keys():
            vendor = self._missing.pop(kind)
            try:
                await asyncio.to_thread(vendor.preload)
            except Exception:  # noqa: BLE001  it is imported again when it is needed
                _log.exception("adapters could not be preloaded", extra={"kind": kind.value})
