"""Standbys import what configured channels need, once, and nothing else."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import pytest
from typing_extensions import override

from polyant_engine.channels import preloading
from polyant_engine.channels.model import Kind
from polyant_engine.channels.preloading import Preloading
from polyant_engine.core.errors import DatabaseUnavailable
from support.channels import ScriptedVendor, until


@dataclass
class Kinds:
    known: set[Kind] = field(default_factory=set)
    is_away: bool = False
    asked: int = 0

    async def kinds(self) -> set[Kind]:
        self.asked += 1
        if self.is_away:
            raise DatabaseUnavailable
        return self.known


class Counted(ScriptedVendor):
    loads = 0

    @override
    def preload(self) -> None:
        self.loads += 1
        if self.broken:
            raise ImportError


@pytest.fixture(autouse=True)
def fast(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(preloading, "START_SECONDS", 0)
    monkeypatch.setattr(preloading, "LOOK_SECONDS", 0)


@contextlib.asynccontextmanager
async def looking(kinds: Kinds, vendor: Counted) -> AsyncIterator["asyncio.Task[None]"]:
    work = asyncio.create_task(Preloading(kinds, {Kind.TELEGRAM: vendor}).run())
    try:
        yield work
    finally:
        work.cancel()
        await asyncio.gather(work, return_exceptions=True)


async def test_what_is_configured_later_is_loaded_later_and_once() -> None:
    kinds, vendor = Kinds(), Counted()
    async with looking(kinds, vendor) as work:
        await until(lambda: kinds.asked > 2)
        assert vendor.loads == 0
        kinds.known = {Kind.TELEGRAM, Kind.SLACK}
        await work

    assert vendor.loads == 1


async def test_a_database_that_is_away_is_asked_again() -> None:
    kinds, vendor = Kinds({Kind.TELEGRAM}, is_away=True), Counted()
    async with looking(kinds, vendor) as work:
        await until(lambda: kinds.asked > 2)
        kinds.is_away = False
        await work

    assert vendor.loads == 1


async def test_what_cannot_be_loaded_stops_nothing() -> None:
    kinds, vendor = Kinds({Kind.TELEGRAM}), Counted(broken={"x"})
    async with looking(kinds, vendor) as work:
        await work

    assert vendor.loads == 1
