"""What panel and engine know each other by, also while it changes."""

import pytest

from polyant_engine.core.internal_secret import NOBODY, InternalSecret

OLD, NEW = "old-internal-secret", "new-internal-secret"


@pytest.mark.parametrize("given", [OLD, NEW])
def test_old_and_new_are_accepted_while_it_changes(given: str) -> None:
    assert InternalSecret(NEW, OLD).fits(given.encode())


@pytest.mark.parametrize("given", [OLD, "", NEW + "x", NEW[:-1]])
def test_nothing_else_is_accepted_afterwards(given: str) -> None:
    assert not InternalSecret(NEW, None).fits(given.encode())


@pytest.mark.parametrize("given", [None, b"", b"anything"])
def test_without_a_value_nobody_is_let_in(given: bytes | None) -> None:
    assert not NOBODY
    assert not InternalSecret(None, "").fits(given)
