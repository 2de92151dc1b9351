"""The API server names every wrong field, and says of single values exactly what Python says."""

from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor

import pytest

from polyant_operator.api.errors import InvalidInstance
from polyant_operator.api.instance import parse
from support import maximal, misfits
from support.misfits import Misfit
from support.resources import Refused, Resources, said

pytestmark = pytest.mark.integration


def test_every_wrong_field_is_named(shared: Resources) -> None:
    found = [*misfits.misfits(), *misfits.crowded()]
    unnamed = {
        misfit.name: sorted(misfit.paths - {path for path, _ in causes})
        for misfit, causes in _answers(shared, found)
    }

    assert {name: paths for name, paths in unnamed.items() if paths} == {}


def test_the_server_says_what_python_says_about_every_single_value(shared: Resources) -> None:
    apart = {
        misfit.name: _ours(misfit) - {said(cause) for cause in causes}
        for misfit, causes in _answers(shared, misfits.rule_breakers())
    }

    assert {name: texts for name, texts in apart.items() if texts} == {}


@pytest.mark.parametrize("variant", maximal.VARIANTS)
def test_every_field_goes_in_and_comes_back(shared: Resources, variant: int) -> None:
    stored = shared.create(maximal.body(variant), dry_run=True)

    assert parse(stored).spec == parse(maximal.body(variant)).spec


def _answers(
    resources: Resources, found: Iterable[Misfit]
) -> list[tuple[Misfit, list[tuple[str, str]]]]:
    def answer(misfit: Misfit) -> tuple[Misfit, list[tuple[str, str]]]:
        if not misfit.paths:
            return misfit, []
        with pytest.raises(Refused) as caught:
            resources.create(misfit.body, dry_run=True)
        return misfit, caught.value.causes

    with ThreadPoolExecutor(4) as threads:
        return list(threads.map(answer, found))


def _ours(misfit: Misfit) -> set[tuple[str, str]]:
    try:
        parse(misfit.body)
    except InvalidInstance as invalid:
        return {(error.path, error.text) for error in invalid.errors if error.path in misfit.paths}
    return set()
