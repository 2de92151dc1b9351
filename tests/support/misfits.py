"""Objects that are wrong in one way at as many fields as possible, made from the schema in crds/.

Both the API server and Python must name every one of those fields.
"""

from collections.abc import Callable, Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass
from functools import partial
from typing import Any

from support import maximal
from support.refusal import Object
from support.schema import RULES, SPEC, Schema

Step = str | int
Wrong = Callable[[Schema, Any], Any]
WRONG_TYPE = {"string": 5, "integer": "x", "boolean": "yes", "int-or-string": True}
NOTHING = object()
# Of one value.
MOST_RULES = 2


@dataclass(frozen=True)
class Misfit:
    """One object, and the fields that must be named."""

    name: str
    body: Object
    paths: frozenset[str]


@dataclass(frozen=True)
class Place:
    """A field of an object, found by the steps that lead to it."""

    steps: tuple[Step, ...]
    schema: Schema
    value: Any

    @property
    def path(self) -> str:
        parts = (f"[{step}]" if isinstance(step, int) else f".{step}" for step in self.steps)
        return "spec" + "".join(parts)

    @property
    def is_leaf(self) -> bool:
        return not isinstance(self.value, dict | list)


def misfits() -> Iterator[Misfit]:
    leaves = {
        "of another type": _type,
        "empty": _empty,
        "too long": _long,
        "too large": _large,
        "too small": _small,
        "of no such choice": _choice,
    }
    seen: set[str] = set()
    for variant in maximal.VARIANTS:
        spec = maximal.spec(variant)
        places = [place for place in _places(SPEC, spec, ()) if place.path not in seen]
        seen |= {place.path for place in places}
        for name, wrong in leaves.items():
            yield _misfit(f"{name}, {variant}", spec, [p for p in places if p.is_leaf], wrong)
        groups = [place for place in places if not place.is_leaf and place.steps]
        for depth in sorted({len(place.steps) for place in groups}):
            chosen = [place for place in groups if len(place.steps) == depth]
            yield _misfit(f"no group at depth {depth}, {variant}", spec, chosen, _no_group)


def crowded() -> Iterator[Misfit]:
    """Give one object for each list and map with an entry too many, but once for all pods."""
    seen: set[str] = set()
    for variant in maximal.VARIANTS:
        spec = maximal.spec(variant)
        for place in _places(SPEC, spec, ()):
            known = place.path in seen or ".pod." in place.path or "initContainers" in place.path
            if not known and (place.schema.keys() & {"maxItems", "maxProperties"}):
                seen.add(place.path)
                yield _misfit(f"too many in {place.path}", spec, [place], _crowded)


def rule_breakers() -> Iterator[Misfit]:
    """Break the rules of single values, at every field at once; its second rule in a second object."""
    for variant in maximal.VARIANTS:
        spec = maximal.spec(variant)
        places = [place for place in _places(SPEC, spec, ()) if place.is_leaf]
        for number in range(MOST_RULES):
            wrong = partial(_broken, number)
            yield _misfit(f"rule {number} broken, {variant}", spec, places, wrong)


def _misfit(name: str, spec: Object, places: list[Place], wrong: Wrong) -> Misfit:
    changed, paths = deepcopy(spec), set()
    for place in places:
        value = wrong(place.schema, place.value)
        if value is NOTHING:
            continue
        holder: Any = changed
        for step in place.steps[:-1]:
            holder = holder[step]
        holder[place.steps[-1]] = value
        paths.add(place.path)
    return Misfit(name, {**maximal.body(0), "spec": changed}, frozenset(paths))


def _places(schema: Schema, value: Any, steps: tuple[Step, ...]) -> Iterator[Place]:
    yield Place(steps, schema, value)
    if isinstance(value, dict):
        properties: Mapping[str, Schema] = schema.get("properties", {})
        for name, child in value.items():
            inner = properties.get(name, schema.get("additionalProperties", {}))
            yield from _places(inner, child, (*steps, name))
    if isinstance(value, list):
        for index, child in enumerate(value):
            yield from _places(schema["items"], child, (*steps, index))


def _type(schema: Schema, _: Any) -> Any:
    return WRONG_TYPE[schema.get("type", "int-or-string")]


def _empty(schema: Schema, _: Any) -> Any:
    return "" if schema.get("minLength") else NOTHING


def _long(schema: Schema, _: Any) -> Any:
    return "a" * (schema["maxLength"] + 1) if "maxLength" in schema else NOTHING


def _large(schema: Schema, _: Any) -> Any:
    return schema["maximum"] + 1 if "maximum" in schema else NOTHING


def _small(schema: Schema, _: Any) -> Any:
    return schema["minimum"] - 1 if "minimum" in schema else NOTHING


def _choice(schema: Schema, _: Any) -> Any:
    return "nonsense" if "enum" in schema else NOTHING


def _no_group(_: Schema, value: Any) -> Any:
    return "text" if isinstance(value, dict) else {}


def _crowded(schema: Schema, value: Any) -> Any:
    if isinstance(value, list):
        return value * (schema["maxItems"] + 1)
    return {f"k{number}": "1" for number in range(schema["maxProperties"] + 1)}


def _broken(number: int, schema: Schema, _: Any) -> Any:
    rules = schema.get(RULES, ())
    if number >= len(rules):
        return NOTHING
    rule: str = rules[number]["rule"]
    if rule.startswith("!(self in ['"):
        return rule.split("'")[1]
    broken = {
        "!self.matches('^(/tmp": "/tmp/x",  # noqa: S108 - a value that is refused
        "!self.matches('^(/|": "/..",
        "!self.matches('^[0-9": "1.2",
    }
    return next((value for start, value in broken.items() if rule.startswith(start)), "~ ~")
