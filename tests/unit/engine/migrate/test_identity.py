import uuid

import pytest

from polyant_engine.installation.model import Compat, Identity
from polyant_engine.migrate.failures import (
    DatabaseNewer,
    EncryptionKeyMismatch,
    InstallationMismatch,
)
from polyant_engine.migrate.identity import Claim, check_identity, check_key, check_version

OURS, OTHER = uuid.UUID(int=1), uuid.UUID(int=2)


def claim(
    known: uuid.UUID | None = None, owner: str | None = None, take_over: uuid.UUID | None = None
) -> Claim:
    return Claim(installation_id=known, owner=owner, take_over=take_over)


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        (claim(), None),
        (claim(owner="a/b"), None),
        (claim(), Identity(id=OURS, owner=None)),
        (claim(), Identity(id=OURS, owner="a/b")),
        (claim(OURS), Identity(id=OURS, owner="a/b")),
        (claim(OURS, "a/b"), Identity(id=OURS, owner="a/b")),
        (claim(owner="a/b"), Identity(id=OURS, owner=None)),
        (claim(owner="c/d", take_over=OURS), Identity(id=OURS, owner="a/b")),
        (claim(OTHER, "c/d", OURS), Identity(id=OURS, owner="a/b")),
        (claim(OURS, take_over=OURS), None),
    ],
)
def test_ones_own_data_and_a_confirmed_take_over_pass(
    wanted: Claim, found: Identity | None
) -> None:
    check_identity(wanted, found)


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        (claim(OTHER), Identity(id=OURS, owner=None)),
        (claim(owner="c/d"), Identity(id=OURS, owner="a/b")),
        (claim(OURS, "c/d"), Identity(id=OURS, owner="a/b")),
        (claim(owner="c/d", take_over=OTHER), Identity(id=OURS, owner="a/b")),
        (claim(OURS), None),
        (claim(OURS, take_over=OTHER), None),
    ],
)
def test_other_data_is_refused_with_the_way_to_confirm_it(
    wanted: Claim, found: Identity | None
) -> None:
    with pytest.raises(InstallationMismatch) as caught:
        check_identity(wanted, found)

    assert f"polyant.ai/take-over: {OURS}" in caught.value.cure


def test_a_key_of_the_ring_must_be_the_active_one() -> None:
    check_key(None, frozenset({"aa"}))
    check_key("aa", frozenset({"aa", "bb"}))
    with pytest.raises(EncryptionKeyMismatch, match="key cc"):
        check_key("cc", frozenset({"aa", "bb"}))


@pytest.mark.parametrize("own", ["0002", "0003", "0004"])
def test_code_at_or_above_the_minimum_may_migrate(own: str) -> None:
    check_version(Compat(head="0003", min_head="0002"), own)


def test_older_code_may_not() -> None:
    with pytest.raises(DatabaseNewer, match="0002 or newer"):
        check_version(Compat(head="0003", min_head="0002"), "0001")
