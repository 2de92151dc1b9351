"""What an owner, a node and a release do to an installation while people use it: no request fails.

`make e2e` runs the everyday disturbance; each one by itself takes minutes and runs on demand:

    python -m dev.up test -- tests/e2e/test_zero_downtime.py --every-disturbance
"""

import json
import secrets
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from functools import partial

import pytest

from support import load
from support.endtoend import Cluster, Installation, until
from support.load import Request

pytestmark = pytest.mark.e2e

OPERATOR_NAMESPACE = "polyant-system"
# Endpoints are forgotten and pods drain for some seconds after the last new pod is ready.
AFTERWARDS_SECONDS = 8.0
TWO = {"engine": {"replicas": 2}, "web": {"replicas": 2}}


@pytest.fixture(scope="module")
def two(acme: Installation) -> Iterator[Installation]:
    acme.apply(**TWO)
    acme.until_ready()
    yield acme
    acme.apply()
    acme.until_ready()


@pytest.fixture
def requests(key: str, token: str) -> Mapping[str, tuple[Request, int]]:
    return {
        "plain": (load.plain("hello", key), 1),
        "streamed": (load.streamed("hello", key), 1),
        "slow stream": (load.streamed("hello", key, "slowly now", load.SLOW_ANSWER), 2),
        "sign-in page": (load.page("/signin", None, "<form"), 1),
        "agents page": (load.page("/agents", token, "hello"), 1),
    }


def names(installation: Installation) -> set[str]:
    pods = (*installation.pods("engine"), *installation.pods("web"))
    return {pod["metadata"]["name"] for pod in pods}


def hashes(installation: Installation) -> set[str]:
    pods = (*installation.pods("engine"), *installation.pods("web"))
    return {pod["metadata"]["labels"]["pod-template-hash"] for pod in pods}


def evict(installation: Installation, pod: str) -> bool:
    """Ask as a node drain does; False when the budget says not yet."""
    kubectl = installation.kubectl
    path = f"/api/v1/namespaces/{kubectl.namespace}/pods/{pod}/eviction"
    wanted = {
        "apiVersion": "policy/v1",
        "kind": "Eviction",
        "metadata": {"name": pod, "namespace": kubectl.namespace},
    }
    asked = kubectl.attempt("create", "--raw", path, "-f", "-", stdin=json.dumps(wanted))
    return asked.returncode == 0


def mark() -> dict[str, object]:
    return {"annotations": {"example.com/changed": secrets.token_hex(4)}}


def reconfigure(two: Installation) -> None:
    """Change the configuration of engine and panel, with a migration before it."""
    before = names(two)
    again = f"polyant.ai/retry-migration={secrets.token_hex(4)}"
    two.kubectl.run("annotate", "polyantinstance", two.name, "--overwrite", again)
    two.apply(engine={"replicas": 2, "pod": mark()}, web={"replicas": 2, "pod": mark()})
    until(lambda: not before & names(two), 240, "every pod is replaced")


def drain(two: Installation) -> None:
    """Evict every pod, one after the other as its budget allows."""
    for pod in sorted(names(two)):
        until(partial(evict, two, pod), 240, f"{pod} may be evicted")


def delete_pods(two: Installation) -> None:
    """Delete one pod of each component."""
    for component in ("engine", "web"):
        name = two.pods(component)[0]["metadata"]["name"]
        two.kubectl.run("delete", "pod", name, "--wait=false")


def scale(two: Installation) -> None:
    """Scale the engine up and down."""
    two.apply(**TWO | {"engine": {"replicas": 3}})
    until(lambda: len(two.pods("engine")) == 3, 60, "a third engine")
    two.until_ready()
    two.apply(**TWO)
    until(lambda: len(two.pods("engine")) == 2, 60, "two engines")


def rotate_auth_secrets(two: Installation) -> None:
    """Bring own auth Secrets, then change them."""
    own = {"name": "own-auth"}
    spec = TWO | {"secrets": {"authSecretRef": own, "internalAuthSecretRef": own}}
    for round_ in ("first", "second"):
        values = dict.fromkeys(("AUTH_SECRET", "AUTH_INTERNAL_SECRET"), f"{round_}-" + "x" * 40)
        two.kubectl.apply(
            [
                {
                    "apiVersion": "v1",
                    "kind": "Secret",
                    "metadata": {"name": "own-auth", "labels": {"polyant.ai/reload": "true"}},
                    "stringData": values,
                }
            ]
        )
        two.apply(**spec)
        until(lambda: "SecretsRotating" in str(two.object()["status"]), 60, "the rotation begins")
        two.until_ready(600)


def restart_operator(two: Installation) -> None:
    """Replace the operator; nothing of the installation is touched."""
    before = hashes(two), names(two)
    operator = two.cluster.kubectl.within(OPERATOR_NAMESPACE)
    operator.run("rollout", "restart", "deployment", "polyant-operator")
    operator.run("rollout", "status", "deployment", "polyant-operator", timeout=240)
    time.sleep(20)  # the new leader has looked at everything
    assert (hashes(two), names(two)) == before


EVERYDAY: tuple[Callable[[Installation], None], ...] = (reconfigure,)
EVERY = (*EVERYDAY, drain, delete_pods, scale, rotate_auth_secrets, restart_operator)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "disturb" in metafunc.fixturenames:
        chosen = EVERY if metafunc.config.getoption("--every-disturbance") else EVERYDAY
        metafunc.parametrize("disturb", chosen, ids=lambda disturbance: disturbance.__name__)


def test_no_request_fails(
    cluster: Cluster,
    two: Installation,
    requests: Mapping[str, tuple[Request, int]],
    disturb: Callable[[Installation], None],
) -> None:
    del cluster
    began = time.monotonic()
    with load.under_load(two, requests) as sent:
        time.sleep(2)
        disturb(two)
        two.until_ready(600)
        time.sleep(AFTERWARDS_SECONDS)
    sys.stdout.write(f"{disturb.__name__}, {time.monotonic() - began:.0f} s: {sent.text()}\n")

    assert min(sent.sent.values()) > 0, sent.text()
    assert sent.failures == [], sent.text()
