"""The API server and Python agree about objects nobody thought of: kept ones, with a leaf replaced."""

import random
from collections.abc import Iterator
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
import yaml

from polyant_operator.api.errors import InvalidInstance
from polyant_operator.api.instance import parse
from support.refusal import Object, instance
from support.resources import Refused, Resources

pytestmark = pytest.mark.integration

GOLDEN = Path(__file__).parents[2] / "unit" / "operator" / "golden"
KEPT = [yaml.safe_load(path.read_text())["spec"] for path in sorted(GOLDEN.glob("*.in.yaml"))]
STRANGE: tuple[Any, ...] = (
    "", " ", "ABC", "a b", "a\n", "é", "-a", "a-", "a.b", "a_b", "a/b", "/x", "..", "a/../b",
    "x" * 300, "*", "@", "x@y", "http://x", "https://x/", "http://u@x", "1.2.3.4", "UTC", "en-US",
    "0", "0.0", "1e3", "1Ki", ".5", "+5", "-5", "1.0", "\u0661", "0Gi", "None", "Retain", "Ingress",
    "Exists", "NoExecute", "status.podIP", "acme-admin", "DATABASE_URL", "POD_X", "MODELS_FILE",
    -1, 0, 1, 2, 6, 101, 10**6, 2.5, True, False, [], {}, ["a"], {"name": "a"},
    {"name": "a", "key": "b"}, {"a b": "c"}, {"a": "b c"}, {"a/b/c": "d"}, {"polyant.ai/x": "y"},
)  # fmt: skip
# What no schema can see; see polyant_operator.api.rules.
ONLY_OURS = ("mounts volume", "is above the limit")
# Kubernetes' own, of which only the schema knows the inside.
KUBERNETES = ("affinity", "namespaceSelector", "podSelector")
ROUNDS = 400


def test_both_accept_and_refuse_the_same(shared: Resources) -> None:
    chance = random.Random(20260101)  # noqa: S311 - the same objects each time
    apart = [body for body in _strange(chance) if _ours(body) != _theirs(shared, body)]

    assert [body["spec"] for body in apart] == []


def _strange(chance: random.Random) -> Iterator[Object]:
    for _ in range(ROUNDS):
        spec = deepcopy(chance.choice(KEPT))
        path = chance.choice(list(_paths(spec)))
        holder = spec
        for step in path[:-1]:
            holder = holder[step]
        holder[path[-1]] = deepcopy(chance.choice(STRANGE))
        yield {**instance(), "spec": spec}


def _paths(node: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    children: Any = node.items() if isinstance(node, dict) else ()
    children = enumerate(node) if isinstance(node, list) else children
    if path and path[-1] in KUBERNETES:
        return
    for key, child in children:
        yield (*path, key)
        yield from _paths(child, (*path, key))


def _ours(body: Object) -> bool:
    try:
        parse(body)
    except InvalidInstance as invalid:
        return all(any(text in error.text for text in ONLY_OURS) for error in invalid.errors)
    return True


def _theirs(resources: Resources, body: Object) -> bool:
    try:
        resources.create(body, dry_run=True)
    except Refused:
        return False
    return True
