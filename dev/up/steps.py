"""The steps of `make up` as data: each is safe to run again and quick when there is nothing to do."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from dev.up import farewell, prefetch, quickstart
from dev.up.world import World

READY_SECONDS = 300
QUESTION = "What is Polyant?"


@dataclass(frozen=True, kw_only=True)
class Step:
    """One named step."""

    name: str
    changes: str  # what it leaves on the machine or the cluster, for the plan
    run: Callable[[World], None]


def _cluster(world: World) -> None:
    world.provider.up(world.terminal.say)


def _load(world: World) -> None:
    images = [world.workshop.reference(name) for name in world.workshop.names() if name != "base"]
    world.loaded.update(world.provider.load(images, world.terminal.say))


def _operator(world: World) -> None:
    world.helm.install(world.images)


def _policies(world: World) -> None:
    if world.provider.enforces_policies() is False:
        world.provider.enforce_policies(world.terminal.say)


def _quickstart(world: World) -> None:
    world.kubectl.apply(quickstart.manifests(world.kubectl, world.settings))


def _ready(world: World) -> None:
    world.watch().until_ready(READY_SECONDS)


def _question(world: World) -> None:
    with world.installation() as demo:
        account = demo.sign_in()
        world.terminal.say(f"signed in at the panel as {account.email}")
        key = demo.agent_key(account.token)
        world.terminal.say(f"agent '{demo.agent}' has an API key")
        answer = demo.ask(key, QUESTION)
    world.terminal.say(f"question: {QUESTION}")
    world.terminal.say(f"answer:   {answer}")
    world.terminal.text(farewell.text(world))


CLUSTER = Step(name="cluster", changes="a Kubernetes cluster on this machine", run=_cluster)
CACHES = Step(
    name="programs and images",
    changes="compiled into the user cache, built into the local store",
    run=prefetch.everything,
)
LOAD = Step(name="images into the cluster", changes="the same images in the cluster", run=_load)
OPERATOR = Step(
    name="operator",
    changes="Helm release polyant-operator in namespace polyant-system, with its CRD",
    run=_operator,
)
POLICIES = Step(
    name="network policies",
    changes="have an effect from now on, on a local node until it ends",
    run=_policies,
)
INSTALLATION = Step(
    name="installation",
    changes="namespace polyant-demo: a scripted model and PolyantInstance demo",
    run=_quickstart,
)
READY = Step(name="wait until it is ready", changes="", run=_ready)
QUESTION_STEP = Step(
    name="ask it a question",
    changes="an agent, its API key and a new administrator's password",
    run=_question,
)

FOUNDATION = (CACHES, CLUSTER, LOAD, OPERATOR)
TESTS = (*FOUNDATION, POLICIES)
UP = (*FOUNDATION, INSTALLATION, READY, QUESTION_STEP)


def run(steps: Sequence[Step], world: World) -> None:
    """Run the steps in order; the first that fails ends the run, and a rerun continues there."""
    for number, step in enumerate(steps, 1):
        world.terminal.title(number, len(steps), step.name)
        step.run(world)
