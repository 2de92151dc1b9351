"""Elections among real electors: on a row of PostgreSQL, and on the Lease of a real API server."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from prometheus_client import CollectorRegistry
from typing_extensions import override

from polyant_engine.core import database
from polyant_engine.core.clock import SystemClock
from polyant_engine.core.database import Database, Executor, Target
from polyant_engine.leadership import opening
from polyant_engine.leadership.elector import Elector
from polyant_engine.leadership.fence import HEARTBEAT, LeadershipLost, Term
from polyant_engine.leadership.kubernetes import Place
from polyant_engine.leadership.metrics import ElectionMetrics
from polyant_engine.leadership.model import Phase
from polyant_engine.leadership.records import Reason, Times
from polyant_engine.leadership.service import Leadership
from support import apiserver
from support.apiserver import ApiServer
from support.postgres import Server

pytestmark = pytest.mark.integration

TIMES = Times(lease=2.0, renew=1.4, retry=0.3)
# Nobody waits for the end of this lease: who leads next was told.
LONG = Times(lease=60.0, renew=40.0, retry=0.3)
NAME = "acme-channels"
ROLE = """
apiVersion: v1
kind: ServiceAccount
metadata: {name: engine}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: engine}
rules:
- apiGroups: [coordination.k8s.io]
  resources: [leases]
  resourceNames: [acme-channels]
  verbs: [get, watch, update]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: engine}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: engine}
subjects: [{kind: ServiceAccount, name: engine}]
---
apiVersion: coordination.k8s.io/v1
kind: Lease
metadata: {name: acme-channels, labels: {kept: "yes"}}
"""


ON_KUBERNETES = pytest.mark.parametrize("world", ["kubernetes"], indirect=True)


class Recorded:
    """A watchdog that writes down instead of killing the tests."""

    def __init__(self, times: Times) -> None:
        self.times = times
        self.is_armed = False

    def arm(self, seconds: float) -> None:
        assert seconds < self.times.lease
        self.is_armed = True

    def disarm(self) -> None:
        self.is_armed = False


class Journal:
    """A duty that writes down when it ran."""

    def __init__(self) -> None:
        self.term: Term | None = None
        self.terms: list[int] = []
        self.gate = asyncio.Event()
        self.gate.set()

    async def on_started_leading(self, term: Term) -> None:
        self.term = term
        self.terms.append(term.epoch)

    async def on_stopped_leading(self) -> None:
        await self.gate.wait()
        self.term = None


class Broken(Journal):
    """A duty that cannot start."""

    @override
    async def on_started_leading(self, term: Term) -> None:
        raise RuntimeError("no socket")


@dataclass
class Replica:
    leadership: Leadership
    journal: Journal
    watchdog: Recorded

    @property
    def leads(self) -> bool:
        return self.journal.term is not None


class World:
    """Replicas on one database, with the lease somewhere."""

    def __init__(self, target: Target, place: Place | None, pool: Database) -> None:
        self.target = target
        self.place = place
        self.pool = pool
        self.stack = contextlib.AsyncExitStack()
        self.problem: str | None = None

    async def replica(
        self, name: str, journal: Journal | None = None, times: Times = TIMES
    ) -> Replica:
        clock = SystemClock()
        candidate = opening.candidate(name, times)
        plan = opening.Plan(target=self.target, place=self.place, ping=self._ping, clock=clock)
        watchdog = Recorded(times)
        tools = partial(opening.tools, plan, candidate.identity)
        metrics = ElectionMetrics(CollectorRegistry())
        leadership = Leadership(Elector(candidate, tools, watchdog, metrics, clock), self.pool)
        duty = journal or Journal()
        leadership.register(duty)
        await self.stack.enter_async_context(leadership.kept())
        return Replica(leadership, duty, watchdog)

    async def _ping(self, pool: Executor) -> str | None:
        await pool.fetchval("SELECT 1")
        return self.problem


@pytest.fixture(scope="session")
def api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ApiServer]:
    with apiserver.running(tmp_path_factory.mktemp("leases")) as found:
        yield found


@pytest.fixture
def place(api: ApiServer, tmp_path: Path) -> Place:
    namespace = api.new_namespace("lead")
    api.kubectl("apply", "-n", namespace, "-f", "-", stdin=ROLE)
    token = api.kubectl("create", "token", "engine", "-n", namespace)
    (tmp_path / "token").write_text(token)
    (tmp_path / "ca.crt").write_bytes(api.ca_file.read_bytes())
    return Place(api_url=api.url, namespace=namespace, name=NAME, account=tmp_path)


@pytest.fixture(params=["postgres", "kubernetes"])
async def world(
    request: pytest.FixtureRequest, server: Server, migrated: str
) -> AsyncIterator[World]:
    place = request.getfixturevalue("place") if request.param == "kubernetes" else None
    target = Target(dsn=server.url(migrated))
    async with database.opened(target, size=4) as pool:
        found = World(target, place, pool)
        async with found.stack:
            yield found


async def until(is_true: Callable[[], bool], seconds: float = 20.0) -> None:
    loop = asyncio.get_running_loop()
    began = loop.time()
    while not is_true():
        assert loop.time() < began + seconds, "not in time"
        await asyncio.sleep(0.01)


async def test_one_leads_and_a_planned_hand_over_waits_for_no_lease_to_end(world: World) -> None:
    first = await world.replica("a", times=LONG)
    await until(lambda: first.leads)
    second = await world.replica("b", times=LONG)
    await until(lambda: second.leadership.state.seen is not None)
    assert not second.leads

    first.leadership.hand_over()
    await until(lambda: second.leads)

    assert not first.leads
    assert first.leadership.state.reason is Reason.HANDED_OVER
    assert second.journal.terms[0] > first.journal.terms[0]


async def test_a_lead_is_kept_over_many_renewals(world: World) -> None:
    first = await world.replica("a")
    await until(lambda: first.leads)
    second = await world.replica("b")

    await asyncio.sleep(1.5 * TIMES.lease)

    assert first.leads
    assert not second.leads
    assert len(first.journal.terms) == 1
    assert first.watchdog.is_armed


async def test_the_lease_is_not_given_back_while_the_work_runs(world: World) -> None:
    first = await world.replica("a")
    await until(lambda: first.leads)
    first.journal.gate.clear()

    first.leadership.hand_over()
    await until(lambda: first.leadership.state.phase is Phase.STOPPING)
    assert first.watchdog.is_armed
    first.journal.gate.set()

    await until(lambda: first.leadership.state.phase is Phase.STAYING_OUT)
    assert not first.watchdog.is_armed


async def test_a_refused_write_ends_the_term_and_a_new_one_begins(world: World) -> None:
    """The database was restored: the fence knows nothing of the term of its leader."""
    first = await world.replica("a")
    await until(lambda: first.leads)
    old = first.journal.term
    assert old is not None
    await world.pool.execute("UPDATE fence SET epoch = 0, term = gen_random_uuid()")

    with pytest.raises(LeadershipLost):
        await first.leadership.fence.run(HEARTBEAT, old)
    await until(lambda: len(first.journal.terms) == 2)

    assert old.is_over
    assert first.journal.terms[1] > first.journal.terms[0], "the lease remembers the epoch"


async def test_a_duty_that_cannot_start_lets_somebody_else_lead(world: World) -> None:
    first = await world.replica("a", Broken())
    await until(lambda: first.leadership.state.phase is Phase.STAYING_OUT)
    second = await world.replica("b")

    await until(lambda: second.leads)


async def test_a_process_that_does_not_fit_the_database_is_no_candidate(world: World) -> None:
    world.problem = "the schema is too new"
    first = await world.replica("a")

    await asyncio.sleep(1)

    assert first.journal.terms == []


@ON_KUBERNETES
async def test_the_epoch_is_kept_in_the_lease(world: World, api: ApiServer) -> None:
    assert world.place is not None
    await world.pool.execute("UPDATE fence SET epoch = 41")
    first = await world.replica("a")
    await until(lambda: first.leads)

    def lease() -> Any:
        namespace = world.place.namespace if world.place else ""
        return json.loads(api.kubectl("get", "lease", NAME, "-n", namespace, "-o", "json"))

    await until(lambda: "annotations" in lease()["metadata"] and epoch(lease()) == "42")
    found = await asyncio.to_thread(lease)
    assert found["metadata"]["labels"] == {"kept": "yes"}
    assert found["spec"]["holderIdentity"].startswith("a_")


def epoch(lease: Any) -> str:
    found: str = lease["metadata"]["annotations"]["polyant.ai/epoch"]
    return found


@ON_KUBERNETES
async def test_a_token_that_is_refused_ends_a_leadership_and_a_new_one_is_read(
    world: World,
) -> None:
    assert world.place is not None
    path = world.place.account / "token"
    good = await asyncio.to_thread(path.read_text)
    first = await world.replica("a")
    await until(lambda: first.leads)

    await asyncio.to_thread(path.write_text, "wrong")
    await until(lambda: not first.leads)
    await asyncio.to_thread(path.write_text, good)

    await until(lambda: first.leads)
    assert len(first.journal.terms) == 2


@ON_KUBERNETES
async def test_a_deleted_lease_is_waited_for(world: World, api: ApiServer) -> None:
    assert world.place is not None
    space = ("-n", world.place.namespace)
    first = await world.replica("a")
    await until(lambda: first.leads)
    await asyncio.to_thread(api.kubectl, "delete", "lease", NAME, *space)
    await until(lambda: not first.leads)

    await asyncio.to_thread(partial(api.kubectl, "apply", *space, "-f", "-", stdin=ROLE))

    await until(lambda: first.leads)


@ON_KUBERNETES
async def test_a_lease_that_was_taken_by_hand_is_respected(world: World, api: ApiServer) -> None:
    assert world.place is not None
    first = await world.replica("a")
    await until(lambda: first.leads)
    patch = '{"spec": {"holderIdentity": "somebody"}}'
    command = ("patch", "lease", NAME, "-n", world.place.namespace, "--type=merge", "-p", patch)

    await asyncio.to_thread(api.kubectl, *command)

    await until(lambda: not first.leads)
    assert first.leadership.state.reason is Reason.LEASE_TAKEN


@ON_KUBERNETES
async def test_the_pod_that_is_wished_for_leads_and_nobody_else_steps_in(
    world: World, api: ApiServer
) -> None:
    assert world.place is not None
    first = await world.replica("a")
    await until(lambda: first.leads)
    others = [await world.replica(name) for name in ("b", "c", "d")]
    await until(lambda: all(each.leadership.state.seen is not None for each in others))
    space = ("-n", world.place.namespace)

    async def wish(change: str) -> None:
        await asyncio.to_thread(api.kubectl, "annotate", "lease", NAME, *space, change)

    await wish("polyant.ai/promote=d")
    await until(lambda: others[2].leads)

    assert [each.journal.terms for each in others[:2]] == [[], []]
    assert first.leadership.state.reason is Reason.HANDED_OVER
    await until(lambda: getattr(others[2].leadership.state.held, "granted", "") == "d")
    await wish("polyant.ai/promote-")
    await until(lambda: getattr(others[2].leadership.state.held, "granted", "d") == "")
    assert others[2].leads
