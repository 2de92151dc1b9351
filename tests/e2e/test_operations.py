"""What an owner does to a running installation, while somebody keeps asking."""

import contextlib
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http import HTTPStatus

import httpx2
import openai
import pytest
from openai.types.chat import ChatCompletionMessageParam

from support.endtoend import TWO, Cluster, Installation, until

pytestmark = pytest.mark.e2e

RETRY_SECONDS = 3.0  # what a client with the usual retries bridges without noticing
OPERATOR_NAMESPACE = "polyant-system"


@dataclass
class Asker:
    """Asks all the time and notes how long it ever went without an answer."""

    installation: Installation
    key: str
    answered: int = 0
    longest_gap: float = 0.0
    problems: list[str] = field(default_factory=list)
    _over: threading.Event = field(default_factory=threading.Event)

    def run(self) -> None:
        last = time.monotonic()
        while not self._over.is_set():
            if self._ask():
                self.answered += 1
                last = time.monotonic()
            self.longest_gap = max(self.longest_gap, time.monotonic() - last)
            self._over.wait(0.1)

    def _ask(self) -> bool:
        try:
            answer = self.installation.ask("hello", self.key, "ping", timeout=10)
        except OSError as error:
            self.problems.append(repr(error))
            return False
        if answer.status != 200:
            self.problems.append(f"{answer.status} {answer.text[:200]}")
        return answer.status == 200

    def stop(self) -> None:
        self._over.set()


@contextmanager
def asking(installation: Installation, key: str) -> Iterator[Asker]:
    asker = Asker(installation, key)
    thread = threading.Thread(target=asker.run, daemon=True)
    thread.start()
    try:
        yield asker
    finally:
        asker.stop()
        thread.join()
    assert asker.answered > 0, asker.problems[:5]
    assert asker.longest_gap <= RETRY_SECONDS, asker.problems[:5]


def names(installation: Installation, component: str) -> set[str]:
    return {pod["metadata"]["name"] for pod in installation.pods(component)}


def test_the_engine_scales_to_two(two: Installation) -> None:
    assert two.object()["status"]["engine"] == {"replicas": 2, "ready": 2}
    assert len(two.pods("engine")) == 2


def test_the_scale_subresource_scales_too(two: Installation) -> None:
    two.kubectl.run("scale", "polyantinstance", two.name, "--replicas=1")
    until(lambda: len(two.pods("engine")) == 1, 60, "one engine pod")
    two.kubectl.run("scale", "polyantinstance", two.name, "--replicas=2")
    two.until_ready()

    assert len(two.pods("engine")) == 2


def test_a_killed_pod_loses_no_service(two: Installation, key: str) -> None:
    victim = min(names(two, "engine"))
    with asking(two, key):
        time.sleep(1)
        two.kubectl.run("delete", "pod", victim, "--grace-period=0", "--force")
        until(
            lambda: victim not in names(two, "engine") and len(two.pods("engine")) == 2,
            60,
            "a new pod in place of the killed one",
        )
        two.until_ready()


def test_a_changed_spec_rolls_without_a_gap(two: Installation, key: str) -> None:
    before = names(two, "engine")
    with asking(two, key):
        debug = {"replicas": 2, "env": [{"name": "LOG_LEVEL", "value": "debug"}]}
        two.apply(**TWO | {"engine": debug})
        until(lambda: not before & names(two, "engine"), 120, "every engine pod replaced")
        two.until_ready()
    (container,) = two.pods("engine")[0]["spec"]["containers"]

    assert {"name": "LOG_LEVEL", "value": "debug"} in container["env"]


def test_an_operator_killed_half_way_finishes_its_work(cluster: Cluster, two: Installation) -> None:
    operator = cluster.kubectl.within(OPERATOR_NAMESPACE)
    before = names(two, "web")
    two.apply(
        engine={"replicas": 2},
        web={"replicas": 2, "env": [{"name": "LOG_LEVEL", "value": "debug"}]},
    )
    operator.run("delete", "pods", "--all", "--grace-period=0", "--force")
    until(
        lambda: not before & names(two, "web") and len(two.pods("web")) == 2,
        120,
        "two new panel pods",
    )
    two.until_ready()


def test_a_killed_engine_ends_a_stream_for_its_client(two: Installation, key: str) -> None:
    host = {"Host": two.cluster.host(two.host_name)}
    base = f"http://{two.cluster.edge}/v1"
    question: list[ChatCompletionMessageParam] = [{"role": "user", "content": "endlessly"}]
    with openai.OpenAI(api_key=key, base_url=base, default_headers=host, max_retries=0) as client:
        stream = client.chat.completions.create(model="hello", messages=question, stream=True)
        next(iter(stream))
        killed = time.monotonic()
        two.kubectl.run("delete", "pods", *names(two, "engine"), "--grace-period=0", "--force")
        with contextlib.suppress(openai.APIError, httpx2.HTTPError):
            list(stream)

    assert time.monotonic() - killed < 60, "the reply alone would have taken 100 s"
    two.until_ready()
    assert two.ask("hello", key, "still there?").status == 200


def serves(installation: Installation) -> bool:
    """Whether the edge answers; without any Ingress it closes its port for a moment."""
    try:
        return installation.client().get("/health").status == HTTPStatus.OK
    except ConnectionError:
        return False


def test_a_deleted_child_comes_back(acme: Installation) -> None:
    acme.kubectl.run("delete", "ingress", acme.name)
    until(lambda: acme.kubectl.get("ingress", acme.name), 60, "the Ingress is there again")
    until(lambda: serves(acme), 30, "the edge serves again")


def test_a_foreign_change_is_taken_back(acme: Installation) -> None:
    edited = (
        '[{"op":"replace","path":"/spec/template/spec/containers/0/image","value":"nothing:1"}]'
    )
    acme.kubectl.run("patch", "deployment", f"{acme.name}-web", "--type=json", "-p", edited)

    def repaired() -> bool:
        found = acme.kubectl.get("deployment", f"{acme.name}-web") or {}
        (container,) = found["spec"]["template"]["spec"]["containers"]
        return bool(container["image"] == acme.cluster.engine_image)

    until(repaired, 30, "the image is the operator's again")
    acme.until_ready()
