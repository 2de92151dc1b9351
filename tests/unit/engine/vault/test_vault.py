import uuid

import pytest
from hypothesis import given
from hypothesis import strategies as st

from polyant_engine.core import errors
from polyant_engine.vault import model
from polyant_engine.vault.model import Purpose, Sealed
from polyant_engine.vault.service import KeyMissing, Vault

OLD, NEW = "01" * 32, "02" * 32
ROW, OTHER_ROW = uuid.UUID(int=1), uuid.UUID(int=2)


class Active:
    """Says which key writes."""

    def __init__(self, key_id: str | None) -> None:
        self.key_id = key_id

    async def active_key_id(self) -> str | None:
        return self.key_id


def key_id(hex_key: str) -> str:
    return model.key(hex_key).id


def vault(current: str, previous: str | None = None, active: str | None = None) -> Vault:
    return Vault(model.ring(current, previous), Active(active or key_id(current)))


def test_the_key_id_is_the_one_that_the_operator_computes() -> None:
    assert model.key_id(bytes(32)) == "fe5f4d281643dd0d"


def test_case_of_the_hexadecimal_form_does_not_matter() -> None:
    assert key_id("AB" * 32) == key_id("ab" * 32)


@given(st.text())
def test_what_was_sealed_opens(secret: str) -> None:
    ring = model.ring(OLD, None)
    bound = model.binding(Purpose.AGENT_SECRET, ROW)

    sealed = ring.seal(key_id(OLD), bound, secret.encode(), bytes(12))

    assert ring.open(sealed, bound).decode() == secret


async def test_the_same_secret_never_looks_the_same() -> None:
    found = vault(OLD)

    first = await found.seal(Purpose.AGENT_SECRET, ROW, "secret")
    second = await found.seal(Purpose.AGENT_SECRET, ROW, "secret")

    assert first.box != second.box


async def test_a_box_opens_for_its_row_only() -> None:
    found = vault(OLD)
    sealed = await found.seal(Purpose.AGENT_SECRET, ROW, "secret")

    with pytest.raises(errors.PolyantError, match="cannot be read"):
        found.open(Purpose.AGENT_SECRET, OTHER_ROW, sealed)


async def test_a_box_opens_for_its_purpose_only() -> None:
    found = vault(OLD)
    sealed = await found.seal(Purpose.AGENT_SECRET, ROW, "secret")

    with pytest.raises(errors.PolyantError, match="cannot be read"):
        found.open(Purpose.CHANNEL_CONFIG, ROW, sealed)


@pytest.mark.parametrize("damage", [0, 13, -1])
async def test_a_damaged_box_does_not_open(damage: int) -> None:
    found = vault(OLD)
    sealed = await found.seal(Purpose.AGENT_SECRET, ROW, "secret")
    box = bytearray(sealed.box)
    box[damage] ^= 1

    with pytest.raises(errors.PolyantError, match="cannot be read"):
        found.open(Purpose.AGENT_SECRET, ROW, Sealed(key_id=sealed.key_id, box=bytes(box)))


def test_an_empty_box_does_not_open() -> None:
    with pytest.raises(errors.PolyantError, match="cannot be read"):
        vault(OLD).open(Purpose.AGENT_SECRET, ROW, Sealed(key_id=key_id(OLD), box=b""))


async def test_while_rotating_both_keys_read() -> None:
    sealed = await vault(OLD).seal(Purpose.AGENT_SECRET, ROW, "secret")

    assert vault(NEW, OLD).open(Purpose.AGENT_SECRET, ROW, sealed) == "secret"


async def test_the_database_says_which_key_writes() -> None:
    before = await vault(NEW, OLD, active=key_id(OLD)).seal(Purpose.AGENT_SECRET, ROW, "secret")
    after = await vault(NEW, OLD, active=key_id(NEW)).seal(Purpose.AGENT_SECRET, ROW, "secret")

    assert (before.key_id, after.key_id) == (key_id(OLD), key_id(NEW))


async def test_nothing_is_written_without_the_active_key() -> None:
    with pytest.raises(KeyMissing):
        await vault(NEW, active=key_id(OLD)).seal(Purpose.AGENT_SECRET, ROW, "secret")


async def test_a_box_of_an_unknown_key_is_told_apart_from_a_damaged_one() -> None:
    sealed = await vault(OLD).seal(Purpose.AGENT_SECRET, ROW, "secret")

    with pytest.raises(KeyMissing):
        vault(NEW).open(Purpose.AGENT_SECRET, ROW, sealed)


def test_purposes_are_frozen() -> None:
    """These words are inside every box ever sealed: changing one makes data unreadable."""
    assert [purpose.value for purpose in Purpose] == [
        "agent-secret",
        "channel-config",
        "skill-value",
    ]


def test_keys_do_not_show() -> None:
    assert OLD not in repr(model.key(OLD))
    assert str(bytes.fromhex(OLD)) not in repr(model.key(OLD))
