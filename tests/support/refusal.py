"""A rule of the custom resource as a pair of objects: one it refuses, one it accepts."""

from collections.abc import Mapping
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

Object = dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Refusal:
    """One rule broken by `spec`, and the smallest change that keeps it."""

    name: str
    refused: Mapping[str, Any]
    accepted: Mapping[str, Any]
    path: str
    text: str
    instance: str = "acme"
    accepted_instance: str = "acme"


def instance(spec: Mapping[str, Any] | None = None, name: str = "acme") -> Object:
    """Build an object with a database of the user's and the given fields."""
    merged = {"database": {"urlSecretRef": {"name": "db"}}, **deepcopy(dict(spec or {}))}
    return {
        "apiVersion": "polyant.ai/v1alpha1",
        "kind": "PolyantInstance",
        "metadata": {"name": name, "namespace": "demo", "uid": "0d4e", "generation": 1},
        "spec": merged,
    }


def case(name: str, refused: Object, accepted: Object, path: str, text: str) -> Refusal:
    return Refusal(name=name, refused=refused, accepted=accepted, path=path, text=text)
