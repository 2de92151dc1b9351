"""What an owner, a node and a release do to an installation while people use it: no request fails.

`make e2e` runs the everyday disturbance; each one by itself takes minutes and runs on demand:

    python -m dev.up test -- tests/e2e/test_zero_downtime.py --every-disturbance
"""

import json
import secrets
import sys
import time
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import pytest

from dev.up.kubectl import Kubectl
from support import helm, load
from support.endtoend import TWO, Cluster, Installation, until
from support.load import Request

pytestmark = pytest.mark.e2e

RELEASE = "polyant-operator"  # of Helm; the Deployment and the Lease are called so as well
OPERATOR_NAMESPACE = "polyant-system"
# Endpoints are forgotten and pods drain for some seconds after the last new pod is ready.
AFTERWARDS_SECONDS = 8.0


@pytest.fixture(scope="module")
def requests(two: Installation, token: str) -> Mapping[str, tuple[Request, int]]:
    """Each kind asks an agent of its own, because 600 requests a minute are allowed to one."""
    plain, streamed, slow = ((name, two.agent_key(name, token)) for name in ("one", "two", "three"))
    return {
        "plain": (load.plain(*plain), 1),
        "streamed": (load.streamed(*streamed), 1),
        "slow stream": (load.streamed(*slow, "slowly now", load.SLOW_ANSWER), 2),
        "sign-in page": (load.page("/signin", None, "<form"), 1),
        "agents page": (load.page("/agents", token, "three"), 1),
    }


def pods(installation: Installation) -> list[dict[str, Any]]:
    return [*installation.pods("engine"), *installation.pods("web")]


def names(installation: Installation) -> set[str]:
    return {pod["metadata"]["name"] for pod in pods(installation)}


def identities(installation: Installation) -> set[tuple[str, str, int]]:
    """Who every pod is, of the database too, what it was made of, and how often it restarted."""
    return {
        (
            pod["metadata"]["uid"],
            pod["metadata"]["labels"].get("pod-template-hash", ""),
            sum(container["restartCount"] for container in pod["status"]["containerStatuses"]),
        )
        for pod in (*pods(installation), *installation.pods("database"))
    }


def migrations(installation: Installation) -> dict[str, dict[str, Any]]:
    """The Jobs, by uid."""
    jobs = installation.kubectl.items("jobs", f"--selector=polyant.ai/instance={installation.name}")
    return {job["metadata"]["uid"]: job for job in jobs}


def is_ready(pod: Mapping[str, Any]) -> bool:
    conditions = {each["type"]: each["status"] for each in pod["status"]["conditions"]}
    return conditions.get("Ready") == "True"


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


def change_image(two: Installation) -> None:
    """Run the next release, whose migration takes its time, and go back to this one."""
    before, ran = identities(two), set(migrations(two))
    old = names(two)
    two.apply(**TWO, version=two.cluster.next_version)
    watched = 0
    while not watched or any(is_at_work(job) for job in jobs_but(ran, two)):
        if any(is_at_work(job) for job in jobs_but(ran, two)):
            watched += 1
            assert identities(two) == before, "a pod changed while the migration was running"
            assert all(is_ready(pod) for pod in pods(two)), "an old pod lost its readiness"
        time.sleep(0.5)
    assert watched > 5, "the migration was over before anybody could look"
    until(lambda: not old & names(two), 400, "every pod runs the next release")
    two.until_ready(600)
    new = names(two)
    two.apply(**TWO)
    until(lambda: not new & names(two), 400, "every pod runs this release again")


def jobs_but(known: set[str], installation: Installation) -> list[dict[str, Any]]:
    return [job for uid, job in migrations(installation).items() if uid not in known]


def is_at_work(job: Mapping[str, Any]) -> bool:
    return bool((job.get("status") or {}).get("active"))


def operator_of(installation: Installation) -> Kubectl:
    return installation.cluster.kubectl.within(OPERATOR_NAMESPACE)


def after_rollout(two: Installation, before: set[str]) -> None:
    """Wait until another operator leads and has looked at everything of the installation."""
    operator = operator_of(two)
    operator.run("rollout", "status", "deployment", RELEASE, timeout=240)

    def is_led_by_another() -> bool:
        holder = ((operator.get("lease", RELEASE) or {})["spec"]).get("holderIdentity") or ""
        return bool(holder) and not any(name in holder for name in before)

    until(is_led_by_another, 60, "another operator leads")
    # Of a watched kind: it may have looked at the installation before this or after. Touches no pod.
    name = f"{two.name}-web"
    two.kubectl.run("label", "deployment", name, f"{MANAGED_BY}=nobody", "--overwrite")

    def is_repaired() -> bool:
        found = two.kubectl.get("deployment", name) or {}
        return bool(found["metadata"]["labels"][MANAGED_BY] == "polyant-operator")

    until(is_repaired, 60, "it is repaired")


def operators(installation: Installation) -> set[str]:
    selector = "--selector=app.kubernetes.io/name=polyant-operator"
    found = operator_of(installation).items("pods", selector)
    return {pod["metadata"]["name"] for pod in found if "deletionTimestamp" not in pod["metadata"]}


def upgrade_chart(two: Installation) -> None:
    """Upgrade the Helm release with another value; operand pods stay."""
    another = f"--set-string=podAnnotations.changed={secrets.token_hex(4)}"
    release(two, "upgrade", RELEASE, str(helm.CHART), "--reuse-values", another)


def roll_back_chart(two: Installation) -> None:
    """Go back to the release before; operand pods stay."""
    release(two, "rollback", RELEASE)


def release(two: Installation, *words: str) -> None:
    untouched = identities(two), set(migrations(two))
    access = (
        f"--kubeconfig={two.cluster.kubectl.kubeconfig}",
        f"--namespace={OPERATOR_NAMESPACE}",
        "--wait",
        "--timeout=4m",
    )
    before = operators(two)
    done = helm.run(*words, *access)
    assert done.returncode == 0, done.stderr
    after_rollout(two, before)
    assert not before & operators(two), "no operator was replaced"
    assert (identities(two), set(migrations(two))) == untouched


def patch_operator(two: Installation) -> None:
    """Run the operator's next patch release, and go back to this one; operand pods stay."""
    untouched = identities(two), set(migrations(two))
    operator = operator_of(two)
    image = (operator.get("deployment", RELEASE) or {})["spec"]["template"]["spec"]["containers"][0]
    patch = json.dumps({"spec": {"template": {"spec": as_next_patch(image["image"])}}})
    for words in (("patch", "deployment", RELEASE, "-p", patch), ("rollout", "undo")):
        before = operators(two)
        operator.run(*words, *(("deployment", RELEASE) if "undo" in words else ()))
        after_rollout(two, before)
        expected = NEXT_PATCH if "patch" in words else two.cluster.version.partition("-")[0]
        assert version_of_operator(operator) == expected
        assert (identities(two), set(migrations(two))) == untouched


NEXT_PATCH = "0.1.77"
MANAGED_BY = "app.kubernetes.io/managed-by"


def as_next_patch(image: str) -> dict[str, Any]:
    """The operator's pod with its own code, which believes to be of another release."""
    rename = (
        "cp -r /opt/polyant/. /release && sed -i"
        f" 's/^Version: .*/Version: {NEXT_PATCH}/' /release/polyant-*.dist-info/METADATA"
    )
    contained = {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}}
    return {
        "volumes": [{"name": "release", "emptyDir": {}}],
        "initContainers": [
            {
                "name": "release",
                "image": image,
                "command": ["sh", "-c", rename],
                "securityContext": contained,
                "volumeMounts": [{"name": "release", "mountPath": "/release"}],
            }
        ],
        "containers": [
            {
                "name": "operator",
                "volumeMounts": [{"name": "release", "mountPath": "/opt/polyant"}],
            }
        ],
    }


def version_of_operator(operator: Kubectl) -> str:
    program = "from importlib import metadata; print(metadata.version('polyant'))"
    shown = operator.run("exec", f"deployment/{RELEASE}", "--", "python3", "-c", program)
    return shown.strip()


EVERYDAY: tuple[Callable[[Installation], None], ...] = (reconfigure, upgrade_chart)
EVERY = (
    *EVERYDAY,
    roll_back_chart,
    patch_operator,
    drain,
    delete_pods,
    scale,
    change_image,
    rotate_auth_secrets,
)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "disturb" in metafunc.fixturenames:
        chosen = EVERY if metafunc.config.getoption("--every-disturbance") else EVERYDAY
        metafunc.parametrize("disturb", chosen, ids=lambda disturbance: disturbance.__name__)


def test_no_request_fails(
    cluster: Cluster,
    two: Installation,
    requests: Mapping[str, tuple[Request, int]],
    disturb: Callable[[Installation], None],
    capsys: pytest.CaptureFixture[str],
) -> None:
    del cluster
    began = time.monotonic()
    with load.under_load(two, requests) as sent:
        time.sleep(2)
        disturb(two)
        two.until_ready(600)
        time.sleep(AFTERWARDS_SECONDS)
    with capsys.disabled():  # what was measured is worth reading when nothing failed, too
        sys.stdout.write(
            f"\n{disturb.__name__}, {time.monotonic() - began:.0f} s,"
            f" slowest {sent.slowest:.1f} s: {sent.text()}\n"
        )

    assert min(sent.sent.values()) > 0, sent.text()
    assert sent.failures == [], sent.text()
