"""A visitor of a panel over a scripted engine, all in memory."""

import pytest

from support.fake_engine import FakeEngine
from support.panel import Visitor


@pytest.fixture
def engine() -> FakeEngine:
    return FakeEngine()


@pytest.fixture
def visitor(engine: FakeEngine) -> Visitor:
    return Visitor(engine)
