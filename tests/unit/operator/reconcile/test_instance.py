"""The loop over the steps: what a failing step leads to, and what is told when."""

from datetime import UTC, datetime
from typing import Any

import pytest
from typing_extensions import override

from polyant_operator.desired.context import OperandOptions
from polyant_operator.kube import errors
from polyant_operator.kube.access import Access
from polyant_operator.kube.api_server import ApiServer
from polyant_operator.kube.apply import Applier
from polyant_operator.kube.cache import Cache
from polyant_operator.kube.client import Client, Request
from polyant_operator.kube.discovery import Discovery
from polyant_operator.kube.events import Recorder
from polyant_operator.kube.kinds import EVENT, INSTANCE, Object
from polyant_operator.reconcile import instance as passes
from polyant_operator.reconcile.instance import Reconciler
from polyant_operator.reconcile.rollouts import Rollouts
from polyant_operator.reconcile.state import Pass, Tools
from support import kstatus, observations


class Server(Client):
    """An API server that fails at everything but the status, and notes what is said there."""

    def __init__(self, error: errors.KubeError) -> None:
        super().__init__(Access(server="http://unused"))
        self.error = error
        self.told: list[Object] = []

    @override
    async def send(self, request: Request) -> Object:
        if request.path.endswith("/status"):
            sent = dict(request.body or {})
            self.told.append(sent)
            return {**sent, "metadata": {**sent["metadata"], "generation": 1}}
        if request.kind == EVENT:
            return {}
        raise self.error


def body(spec: dict[str, Any] | None = None) -> Object:
    metadata = {"name": "acme", "namespace": "ns", "uid": "u", "generation": 1}
    return {
        "apiVersion": INSTANCE.api_version,
        "kind": INSTANCE.kind,
        "metadata": metadata,
        "spec": spec or {"database": {"embedded": {}}},
    }


def reconciler(server: Server, obj: Object) -> Reconciler:
    cache = Cache()
    cache.put(obj)
    now = datetime(2026, 1, 1, tzinfo=UTC)
    return Reconciler(
        Tools(
            client=server,
            cache=cache,
            applier=Applier(server, cache),
            discovery=Discovery(server),
            api_server=ApiServer(server),
            recorder=Recorder(server, lambda: 0.0, lambda: now),
            options=OperandOptions(),
            rollouts=Rollouts(cache),
            random=bytes,
            wall_clock=lambda: now,
        )
    )


@pytest.mark.parametrize(
    ("error", "companion", "reason"),
    [
        (errors.Forbidden("quota exceeded", 403), "Reconciling", "Forbidden"),
        (errors.Invalid("field is immutable", 422), "Stalled", "Rejected"),
    ],
)
async def test_a_refusal_becomes_a_condition_at_once(
    error: errors.KubeError, companion: str, reason: str
) -> None:
    server = Server(error)

    again = await reconciler(server, body()).reconcile("ns", "acme")

    (told,) = server.told
    reasons = {each["type"]: each["reason"] for each in told["status"]["conditions"]}
    assert reasons == {"Ready": reason, companion: reason}
    assert str(error) in told["status"]["conditions"][0]["message"]
    assert again == 30


async def test_a_silent_api_server_is_told_only_after_some_tries() -> None:
    server = Server(errors.Unavailable("connection refused"))
    worker = reconciler(server, body())

    for attempt in (1, 2, 3):
        with pytest.raises(errors.Unavailable):
            await worker.reconcile("ns", "acme")
        assert len(server.told) == (1 if attempt == 3 else 0)

    told = {"metadata": {"generation": 1}, "status": server.told[0]["status"]}
    assert kstatus.contradiction(told) is None
    assert kstatus.compute(told) == kstatus.IN_PROGRESS


async def test_a_wrong_spec_is_told_with_every_problem_and_nothing_is_read() -> None:
    server = Server(errors.Forbidden("never asked", 403))
    wrong = body({"database": {}, "engine": {"replicas": -1}})

    assert await reconciler(server, wrong).reconcile("ns", "acme") is None

    (told,) = server.told
    message = told["status"]["conditions"][0]["message"]
    assert told["status"]["conditions"][0]["reason"] == "InvalidSpec"
    assert "database" in message
    assert "replicas" in message


@pytest.mark.parametrize("gone", [True, False])
async def test_an_instance_that_is_gone_or_going_is_left_alone(*, gone: bool) -> None:
    server = Server(errors.Forbidden("never asked", 403))
    obj = body()
    obj["metadata"]["deletionTimestamp"] = "2026-01-01T00:00:00Z"

    name = "other" if gone else "acme"
    assert await reconciler(server, obj).reconcile("ns", name) is None
    assert server.told == []


async def test_steps_after_a_failed_one_are_not_run() -> None:
    server = Server(errors.Forbidden("no", 403))
    tools = reconciler(server, body())._tools
    state = Pass(body=body(), instance=observations.instance(), now=observations.NOW)
    ran: list[str] = []

    async def fine(_state: Pass, _tools: Tools) -> None:
        ran.append("fine")

    async def refused(_state: Pass, _tools: Tools) -> None:
        ran.append("refused")
        raise server.error

    steps = (("one", fine), ("two", refused), ("three", fine))
    refusal = await passes.run(state, tools, steps)

    assert ran == ["fine", "refused"]
    assert refusal is server.error
    assert state.trouble is not None
    assert "Step 'two'" in state.trouble.message
