"""The schema in crds/, walked: every field with its place, and every rule with its own."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import yaml

from support.resources import CRD

Schema = Mapping[str, Any]
MANIFEST: Schema = yaml.safe_load(CRD.read_text())
ROOT: Schema = MANIFEST["spec"]["versions"][0]["schema"]["openAPIV3Schema"]
SPEC: Schema = ROOT["properties"]["spec"]
RULES = "x-kubernetes-validations"


@dataclass(frozen=True)
class Node:
    """One field: `[]` stands for an entry of a list and `{}` for one of a map."""

    path: str
    schema: Schema

    @property
    def is_leaf(self) -> bool:
        return not ({"properties", "items", "additionalProperties"} & set(self.schema))

    @property
    def kind(self) -> str:
        return str(self.schema.get("type", "int-or-string"))


def nodes(schema: Schema = SPEC, path: str = "spec") -> Iterator[Node]:
    yield Node(path, schema)
    for name, child in schema.get("properties", {}).items():
        yield from nodes(child, f"{path}.{name}")
    if "items" in schema:
        yield from nodes(schema["items"], f"{path}[]")
    if isinstance(child := schema.get("additionalProperties"), Mapping):
        yield from nodes(child, f"{path}{{}}")


def rules(schema: Schema = ROOT, path: str = "") -> Iterator[tuple[str, Mapping[str, str]]]:
    """Give every rule with the place at which it is told."""
    for node in nodes(schema, path):
        for rule in node.schema.get(RULES, ()):
            yield (node.path + rule.get("fieldPath", "")).removeprefix("."), rule
