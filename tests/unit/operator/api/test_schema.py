"""The schema in crds/ and the models in Python say the same, both ways.

Every field of one is a field of the other, with the same type, bounds, choices, default and
necessity; only what is Kubernetes' own (affinity, selectors) is left to the schema.
"""

from collections.abc import Iterator, Mapping
from json import dumps
from typing import Any

import pytest
import yaml

from polyant_operator.api.labels import CRD_REVISION, CRD_REVISION_ANNOTATION
from polyant_operator.api.spec import Spec
from polyant_operator.api.status import Status
from support.resources import CRD

Schema = Mapping[str, Any]
KEPT = (
    "type", "enum", "minimum", "maximum", "minLength", "maxLength", "maxItems", "maxProperties",
)  # fmt: skip
MANIFEST: Schema = yaml.safe_load(CRD.read_text())
VERSION: Schema = MANIFEST["spec"]["versions"][0]
ROOT: Schema = VERSION["schema"]["openAPIV3Schema"]
KUBERNETES = (".affinity", ".podSelector", ".namespaceSelector")
PLACES = ("podDefaults", "engine.pod", "web.pod")


def test_every_field_of_the_spec_is_in_both() -> None:
    assert dict(_crd(ROOT["properties"]["spec"])) == dict(_python(Spec.model_json_schema()))


def test_every_field_of_the_status_is_in_both() -> None:
    theirs = {path for path, _ in _crd(ROOT["properties"]["status"])}
    ours = {path for path, _ in _python(Status.model_json_schema())}

    assert theirs == ours


def test_every_default_of_the_schema_is_the_default_of_the_model() -> None:
    assert dict(_defaults(ROOT["properties"]["spec"])) == dict(
        _python_defaults(Spec.model_json_schema())
    )


def test_the_three_pod_schemas_are_equal() -> None:
    schemas = [_at(place) for place in PLACES]

    assert [schema["properties"] for schema in schemas] == [schemas[0]["properties"]] * 3


def test_every_field_has_a_description() -> None:
    missing = [path for path, node in _nodes(ROOT, "") if "description" not in node]

    assert missing == []


def test_every_description_reads_as_a_sentence() -> None:
    """`kubectl explain` shows it as it is; what is Kubernetes' own speaks for itself."""
    odd = [
        (path, text)
        for path, node in _nodes(ROOT, "", items=True)
        if (text := node.get("description", "")) and path not in {".apiVersion", ".kind"}
        if not text.endswith(".") or text[0].islower() or "  " in text
    ]

    assert odd == []


def test_every_text_list_and_map_is_bounded() -> None:
    bounds = {"string": "maxLength", "array": "maxItems"}
    unbounded = [
        path
        for path, node in _nodes(ROOT, "", items=True)
        if (bound := bounds.get(node.get("type", ""))) is not None
        and bound not in node
        and not {"enum", "format"} & set(node)
        and path not in {".apiVersion", ".kind"}
    ]
    loose = [
        path
        for path, node in _nodes(ROOT, "")
        if "additionalProperties" in node and "maxProperties" not in node
    ]

    assert (unbounded, loose) == ([], [])


def test_every_list_says_how_it_merges() -> None:
    silent = [
        path
        for path, node in _nodes(ROOT, "")
        if node.get("type") == "array" and "x-kubernetes-list-type" not in node
    ]

    assert silent == []


def test_every_rule_says_a_cure() -> None:
    rules = [rule for _, node in _nodes(ROOT, "", items=True) for rule in _rules(node)]
    silent = [
        rule["rule"]
        for rule in rules
        if "; " not in rule.get("message", rule.get("messageExpression", ""))
    ]

    assert (len(rules) > 50, silent) == (True, [])


def test_it_fits_into_the_annotation_of_a_plain_apply() -> None:
    """256 KiB for all annotations of an object; some room is left for the fields to come."""
    assert len(dumps(MANIFEST, separators=(",", ":"))) < 240 * 1024


def test_no_unknown_field_slips_through() -> None:
    assert "x-kubernetes-preserve-unknown-fields" not in CRD.read_text()


def test_the_revision_is_that_of_the_code() -> None:
    assert MANIFEST["metadata"]["annotations"] == {CRD_REVISION_ANNOTATION: str(CRD_REVISION)}
    # For operators that may not read the CRD itself.
    assert f"Revision {CRD_REVISION} of this resource." in ROOT["description"]


@pytest.mark.parametrize("place", PLACES)
def test_affinity_is_kubernetes_own(place: str) -> None:
    affinity = _at(place)["properties"]["affinity"]

    assert set(affinity["properties"]) == {"nodeAffinity", "podAffinity", "podAntiAffinity"}


def _at(place: str) -> Schema:
    node: Schema = ROOT["properties"]["spec"]
    for step in place.split("."):
        node = node["properties"][step]
    return node


def _rules(node: Schema) -> list[Mapping[str, str]]:
    return list(node.get("x-kubernetes-validations", ()))


def _nodes(node: Schema, path: str, *, items: bool = False) -> Iterator[tuple[str, Schema]]:
    for name, child in node.get("properties", {}).items():
        if path == "" and name == "metadata":
            continue
        yield f"{path}.{name}", child
        yield from _nodes(child, f"{path}.{name}", items=items)
    if (child := node.get("items")) is not None:
        if items:
            yield f"{path}[]", child
        yield from _nodes(child, f"{path}[]", items=items)


def _crd(node: Schema, path: str = "") -> Iterator[tuple[str, object]]:
    """List path and constraints of every field, what is Kubernetes' own as a whole."""
    yield path, _constraints(node)
    if path.endswith(KUBERNETES):
        return
    for name, child in node.get("properties", {}).items():
        yield from _crd(child, f"{path}.{name}")
    if "items" in node:
        yield from _crd(node["items"], f"{path}[]")
    if isinstance(node.get("additionalProperties"), dict):
        yield from _crd(node["additionalProperties"], f"{path}{{}}")


def _python(schema: Schema) -> Iterator[tuple[str, object]]:
    yield from _crd(_resolved(schema, schema))


def _constraints(node: Schema) -> object:
    if node.get("x-kubernetes-int-or-string") or "anyOf" in node:
        return "int-or-string"
    kept = {key: node[key] for key in KEPT if key in node}
    required = sorted(node.get("required", ()))
    return kept | ({"required": required} if required else {})


def _resolved(node: Any, root: Schema) -> Any:
    """Follow references, unwrap what is optional, and speak of choices as the CRD does."""
    if "$ref" in node:
        return _resolved({**root["$defs"][node["$ref"].rsplit("/", 1)[1]], **_rest(node)}, root)
    choices = [choice for choice in node.get("anyOf", ()) if choice.get("type") != "null"]
    if len(choices) == 1:
        return _resolved({**choices[0], **_rest(node)}, root)
    found = dict(node)
    if "pattern" in found and found["pattern"].startswith("^("):
        found["enum"] = found.pop("pattern")[2:-2].split("|")
    if "const" in found:
        found["enum"] = [found.pop("const")]
    for key in ("items", "additionalProperties"):
        if isinstance(found.get(key), dict):
            found[key] = _resolved(found[key], root)
    if "properties" in found:
        found["properties"] = {
            name: _resolved(child, root) for name, child in found["properties"].items()
        }
    return found


def _rest(node: Schema) -> Schema:
    return {key: value for key, value in node.items() if key not in {"$ref", "anyOf", "title"}}


def _defaults(node: Schema) -> Iterator[tuple[str, object]]:
    for path, child in _nodes(node, "."):
        if not isinstance(default := child.get("default", {}), dict):
            yield path, default


def _python_defaults(schema: Schema) -> Iterator[tuple[str, object]]:
    for path, default in _defaults(_resolved(schema, schema)):
        if default is not None and default != []:
            yield path, default
