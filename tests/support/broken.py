"""Situations in which an instance is broken, made in an operator's world, for the page that shows them."""

import json
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from polyant_operator.kube.client import MERGE
from polyant_operator.kube.fights import FREE
from polyant_operator.kube.kinds import (
    DEPLOYMENT,
    EVENT,
    INSTANCE,
    SECRET,
    STATEFUL_SET,
    Kind,
    Object,
)
from support.operator_world import EMBEDDED, World, waiting

EXTERNAL: dict[str, Any] = {"database": {"urlSecretRef": {"name": "db"}}}
URL = "postgresql://u:p@host:5432/d"
QUOTA = Kind("v1", "ResourceQuota", "resourcequotas")


@dataclass(frozen=True, kw_only=True)
class Situation:
    """A way to be broken, in the words of the page, and how it comes about."""

    title: str
    story: str
    happens: Callable[[World], Awaitable[object]]


async def secret_missing(world: World) -> None:
    await world.create(EXTERNAL)
    await world.run()
    world.pass_time(121)
    await world.run()


async def secret_half_filled(world: World) -> None:
    await world.secret("db", password="x")
    await world.create(EXTERNAL)
    await world.run()


async def secret_wrong(world: World) -> None:
    await world.secret("db", uri="mysql://u:p@host/d")
    await world.create(EXTERNAL)
    await world.run()


async def key_lost(world: World) -> None:
    await world.bring_up()
    await world.admin.delete(SECRET, world.namespace, "acme-encryption-key")
    await world.run()


async def name_taken(world: World) -> None:
    await world.admin.create(
        {
            "apiVersion": "v1",
            "kind": "Service",
            "metadata": {"name": "acme-engine", "namespace": world.namespace},
            "spec": {"ports": [{"port": 80}]},
        }
    )
    await world.create()
    await world.run()


async def quota_reached(world: World) -> None:
    path = QUOTA.path(world.namespace)
    body = {
        "apiVersion": "v1",
        "kind": "ResourceQuota",
        "metadata": {"name": "small", "namespace": world.namespace},
        "spec": {"hard": {"count/jobs.batch": "0"}},
    }
    made = await world.admin.request("POST", QUOTA, path, body=body)
    status = {"hard": made["spec"]["hard"], "used": {"count/jobs.batch": "0"}}
    await world.set_status(QUOTA, "small", status)
    await world.create()
    await world.run()


async def another_owner(world: World) -> None:
    await migration_ends(
        world,
        68,
        "InstallationMismatch",
        "the database belongs to installation 22222222-3333-4444-5555-666666666666 (other/acme)",
        "Use another database, or set the annotation polyant.ai/take-over to that id.",
    )


async def extension_missing(world: World) -> None:
    await migration_ends(
        world,
        66,
        "DatabaseNotSupported",
        "the extension vector is not installed",
        "As a superuser, run: CREATE EXTENSION vector;",
    )


async def migration_ends(world: World, code: int, reason: str, message: str, cure: str) -> None:
    await world.secret("db", uri=URL)
    await world.create(EXTERNAL)
    await world.run()
    words = {"code": code, "reason": reason, "message": message, "cure": cure}
    await world.end_job(code, json.dumps({"error": words}))
    await world.run()


async def image_absent(world: World) -> None:
    await world.create()
    await world.run()
    await world.database_ready()
    await world.run()
    status = waiting("ImagePullBackOff", "not found", since=world.now)
    await world.pod((await world.jobs())[-1], "migration", status)
    world.pass_time(301)
    await world.run()


async def no_node(world: World) -> None:
    await world.create()
    await world.run()
    condition = {
        "type": "PodScheduled",
        "status": "False",
        "reason": "Unschedulable",
        "message": "0/3 nodes are available: 3 Insufficient memory.",
    }
    database = await world.get(STATEFUL_SET, "acme-database")
    await world.pod(database, "database", {"phase": "Pending", "conditions": [condition]})
    await world.run()


async def engine_crashes(world: World) -> None:
    await world.create()
    await world.run()
    await world.database_ready()
    await world.end_job_well()
    await world.run()
    ended = {"exitCode": 64, "reason": "Error", "message": "API_PORT='x': expected 1..65535"}
    container = {"name": "engine", "image": "i", "imageID": "", "ready": False, "restartCount": 4}
    state = {"waiting": {"reason": "CrashLoopBackOff"}}
    crashed = container | {"state": state, "lastState": {"terminated": ended}}
    engine = await world.get(DEPLOYMENT, "acme-engine")
    await world.pod(engine, "engine", {"phase": "Running", "containerStatuses": [crashed]})
    await world.run()


async def class_missing(world: World) -> None:
    await world.bring_up(
        {**EMBEDDED, "edge": {"type": "Ingress", "host": "chat.test", "className": "nginx"}}
    )


async def fought_over(world: World) -> None:
    await world.bring_up()
    for surge in range(2, FREE + 3):
        patch = {"spec": {"strategy": {"rollingUpdate": {"maxSurge": surge}}}}
        await world.admin.request(
            "PATCH",
            DEPLOYMENT,
            DEPLOYMENT.path(world.namespace, "acme-web"),
            body=patch,
            query={"fieldManager": "policy-bot"},
            content_type=MERGE,
        )
        await world.run()


SITUATIONS = (
    Situation(
        title="A Secret that nobody made",
        story="`spec.database.urlSecretRef` names Secret `db`, which doesn't exist after two minutes.",
        happens=secret_missing,
    ),
    Situation(
        title="A Secret without the key",
        story="Secret `db` exists and holds only `password`.",
        happens=secret_half_filled,
    ),
    Situation(
        title="A Secret with a wrong value",
        story="Secret `db` holds the URL of another kind of database.",
        happens=secret_wrong,
    ),
    Situation(
        title="The encryption key is gone",
        story="Somebody deleted the generated Secret of a running instance.",
        happens=key_lost,
    ),
    Situation(
        title="A name is taken",
        story="A Service `acme-engine` of somebody else was there before.",
        happens=name_taken,
    ),
    Situation(
        title="A quota is reached",
        story="A ResourceQuota allows no Job in the namespace.",
        happens=quota_reached,
    ),
    Situation(
        title="The database belongs to another installation",
        story="Two instances name one database.",
        happens=another_owner,
    ),
    Situation(
        title="pgvector is missing",
        story="The database is a plain PostgreSQL.",
        happens=extension_missing,
    ),
    Situation(
        title="An image that doesn't exist",
        story="`spec.version` names a release that the registry doesn't have.",
        happens=image_absent,
    ),
    Situation(
        title="No node has room",
        story="The embedded database asks for more memory than any node has.",
        happens=no_node,
    ),
    Situation(
        title="The engine doesn't start",
        story="`engine.env` holds a value that the engine refuses.",
        happens=engine_crashes,
    ),
    Situation(
        title="No such IngressClass",
        story="`edge.className` is `nginx`; nobody installed it.",
        happens=class_missing,
    ),
    Situation(
        title="Somebody wants it otherwise",
        story="A policy controller changes the panel's Deployment whenever it is put back.",
        happens=fought_over,
    ),
)


async def shown(world: World) -> str:
    """What `kubectl describe` says that isn't as it should be: conditions, then the last event."""
    instance = await world.get(INSTANCE, "acme")
    ready = next(each for each in instance["status"]["conditions"] if each["type"] == "Ready")
    lines = [
        f"{each['type']:<16} {each['status']:<7} {each['reason']}\n    {each['message']}"
        for each in instance["status"]["conditions"]
        if each is ready or (is_telling(each) and each["message"] != ready["message"])
    ]
    events = [event async for event in world.admin.walk(EVENT, world.namespace)]
    about = [each for each in events if each["involvedObject"]["kind"] == INSTANCE.kind]
    said = [each for each in about if each["reason"] == ready["reason"]]
    kinds = "\n".join(sorted({f"{each['type']:<16} {each['reason']}" for each in said}))
    return masked("\n".join([*lines, "Events:", kinds]), world.namespace)


def is_telling(condition: Object) -> bool:
    """Whether a condition says what is amiss: not what merely waits, and not the same thing twice."""
    if condition["type"] in ("Ready", "Stalled", "Reconciling"):
        return False
    return condition["status"] == "False" and condition["reason"] not in (
        "Pending",
        "NoChannelAdapters",
    )


def masked(text: str, namespace: str) -> str:
    """The same text on every day."""
    text = re.sub(r"(key id )[0-9a-f]{16}", r"\g<1>0123456789abcdef", text)
    text = re.sub(r"(acme-migrate-)[0-9a-f]{10}", r"\g<1>0123456789", text)
    text = re.sub(r"(pod acme-[a-z0-9-]+?)-\d{1,2}\b", r"\1-x", text)
    return text.replace(namespace, "acme")
