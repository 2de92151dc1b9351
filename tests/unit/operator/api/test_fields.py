"""Python names every field that is wrong, and every field there is fits through it unchanged."""

from re import compile as pattern

import pytest
from yaml import safe_dump

from polyant_operator.api.errors import InvalidInstance
from polyant_operator.api.instance import parse
from polyant_operator.api.spec import Spec
from polyant_operator.desired.context import OperandOptions
from polyant_operator.desired.render import render_text
from support import maximal, misfits
from support.misfits import Misfit
from support.refusal import Object
from support.schema import SPEC, nodes

# Left to the schema; see polyant_operator.api.pod.
KUBERNETES = pattern(r"\.(affinity|podSelector|namespaceSelector)\.")
MISFITS = [*misfits.misfits(), *misfits.crowded(), *misfits.rule_breakers()]


@pytest.mark.parametrize("misfit", MISFITS, ids=lambda misfit: misfit.name)
def test_every_wrong_field_is_named(misfit: Misfit) -> None:
    ours = {path for path in misfit.paths if not KUBERNETES.search(path)}

    assert ours - _named(misfit.body) == set()


def test_the_examples_have_every_field_there_is() -> None:
    shown = {path for variant in maximal.VARIANTS for path in _paths(maximal.spec(variant))}

    assert {node.path for node in nodes(SPEC)} - shown == set()


@pytest.mark.parametrize("variant", maximal.VARIANTS)
def test_a_spec_is_written_as_it_was_read(variant: int) -> None:
    spec = maximal.spec(variant)

    assert _written(parse(maximal.body(variant)).spec) == spec


@pytest.mark.parametrize("variant", maximal.VARIANTS)
def test_what_was_written_is_read_again(variant: int) -> None:
    read = parse(maximal.body(variant))

    assert parse({**maximal.body(variant), "spec": _written(read.spec)}).spec == read.spec


@pytest.mark.parametrize("variant", maximal.VARIANTS)
def test_everything_can_be_rendered(variant: int) -> None:
    text = render_text(safe_dump(maximal.body(variant)), OperandOptions())

    assert "kind: Deployment" in text


def test_a_name_of_python_is_no_name_on_the_wire() -> None:
    body = maximal.body(0)
    body["spec"]["pod_defaults"] = {}

    with pytest.raises(InvalidInstance, match=r"spec\.pod_defaults: is not a field"):
        parse(body)


def _named(body: Object) -> set[str]:
    try:
        parse(body)
    except InvalidInstance as invalid:
        return {error.path for error in invalid.errors}
    return set()


def _written(spec: Spec) -> object:
    return spec.model_dump(mode="json", by_alias=True, exclude_unset=True)


def _paths(value: object, path: str = "spec") -> set[str]:
    found = {path}
    if isinstance(value, dict):
        for name, child in value.items():
            found |= _paths(child, f"{path}.{name}") | _paths(child, f"{path}{{}}")
    if isinstance(value, list):
        for child in value:
            found |= _paths(child, f"{path}[]")
    return found
