"""Adapters follow the configuration, one at a time, and a stop that is not certain is none."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import pytest

from polyant_engine.channels import adapters
from polyant_engine.channels.adapters import AdapterPool
from polyant_engine.channels.model import Account, Inbound, Kind, Live, LiveState, Stored
from polyant_engine.leadership.fence import Term
from support.channels import (
    MemoryAccounts,
    MemoryStates,
    ScriptedVendor,
    a_term,
    an_account,
    until,
)


@dataclass
class World:
    accounts: MemoryAccounts = field(default_factory=MemoryAccounts)
    states: MemoryStates = field(default_factory=MemoryStates)
    vendor: ScriptedVendor = field(default_factory=ScriptedVendor)
    given_up: list[Term] = field(default_factory=list)

    def pool(self) -> AdapterPool:
        vendors = {Kind.TELEGRAM: self.vendor}
        return AdapterPool(self.accounts, self.states, vendors, NoIntake(), self.given_up.append)


class NoIntake:
    """Stores nothing."""

    async def store(
        self, account: Account, events: Sequence[Inbound], *, offset: int | None = None
    ) -> Stored:
        raise AssertionError((account, events, offset))

    async def offset(self, account: Account) -> int | None:
        raise AssertionError(account)


@pytest.fixture(autouse=True)
def fast(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(adapters, "LOOK_SECONDS", 0.005)


async def test_a_changed_configuration_replaces_its_adapter_and_no_other() -> None:
    world = World()
    world.accounts.accounts = [an_account(1), an_account(2)]
    pool = world.pool()
    await pool.on_started_leading(await a_term())
    await until(lambda: len(pool.working()) == 2)
    world.accounts.accounts = [an_account(1, version=2), an_account(2)]
    await until(lambda: len(world.vendor.made) == 3)
    world.accounts.accounts = [an_account(2)]
    await until(lambda: len(pool.working()) == 1)
    await pool.on_stopped_leading()

    assert [made.calls for made in world.vendor.made] == [["start", "stop"]] * 3
    assert pool.working() == {}
    assert world.given_up == []


async def test_an_account_that_cannot_be_built_stops_no_other() -> None:
    world = World()
    world.vendor.broken = {"bad"}
    world.accounts.accounts = [an_account(1, name="bad"), an_account(2)]
    pool = world.pool()
    await pool.on_started_leading(await a_term())
    await until(lambda: len(pool.working()) == 1)
    await pool.on_stopped_leading()

    assert world.given_up == []


async def test_an_adapter_that_failed_sends_nothing_and_everybody_is_told_once() -> None:
    world = World()
    world.accounts.accounts = [an_account(1)]
    pool = world.pool()
    await pool.on_started_leading(await a_term())
    await until(lambda: len(world.states.told) == 1)
    failed = Live(state=LiveState.FAILED, reason="Unauthorized.")
    world.vendor.made[0].live = failed
    await until(lambda: len(world.states.told) == 2)

    assert pool.working() == {}
    seen = [live.state.value for told in world.states.told for live in told.values()]
    assert seen == ["running", "failed"]
    await pool.on_stopped_leading()


async def test_a_stop_that_is_not_certain_is_an_error() -> None:
    world = World()
    world.accounts.accounts = [an_account(1)]
    pool = world.pool()
    await pool.on_started_leading(await a_term())
    await until(lambda: len(pool.working()) == 1)
    world.vendor.made[0].stops = False

    with pytest.raises(RuntimeError, match="still polling"):
        await pool.on_stopped_leading()
