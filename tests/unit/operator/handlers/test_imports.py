"""A library is imported without a package that it would only look for."""

import importlib
import json
import sys

import pytest

from polyant_operator.handlers import imports


def test_a_package_seems_absent_for_as_long_as_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "colorsys", raising=False)

    with imports.without("colorsys"), pytest.raises(ImportError):
        importlib.import_module("colorsys")

    assert importlib.import_module("colorsys").__name__ == "colorsys"


def test_a_package_that_is_loaded_already_stays() -> None:
    with imports.without("json"):
        assert sys.modules["json"] is json

    assert sys.modules["json"] is json
