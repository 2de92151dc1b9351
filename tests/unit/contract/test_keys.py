"""Operator, engine and panel give a secret the same name."""

import pytest
from hypothesis import given
from hypothesis import strategies as some

from polyant_engine.core.hashing import TokenHasher
from polyant_engine.vault import model as vault
from polyant_operator.api import keys
from polyant_web.security import form_tokens

# HMAC-SHA256 of the two texts, computed with `openssl dgst -sha256 -mac HMAC`.
KEY = "0123456789abcdef" * 4
SECRET = "session-secret-of-the-tests-0123456789"


def test_the_key_id_is_the_one_that_is_written_in_databases() -> None:
    """It is stored with every box, so it never changes."""
    assert keys.key_id(KEY) == vault.key(KEY).id == "beddbe0eafa5f3ef"


@given(some.binary(min_size=32, max_size=32))
def test_operator_and_engine_agree_about_every_key(raw: bytes) -> None:
    assert keys.key_id(raw.hex()) == vault.key(raw.hex()).id


@given(some.binary(min_size=32, max_size=32))
def test_the_spelling_of_a_key_does_not_matter(raw: bytes) -> None:
    assert keys.key_id(raw.hex().upper()) == vault.key(raw.hex()).id


def test_the_fingerprint_of_the_session_secret_is_the_one_that_is_compared() -> None:
    found = {
        keys.auth_fingerprint(SECRET),
        TokenHasher(SECRET).fingerprint(),
        form_tokens.fingerprint(SECRET),
    }

    assert found == {"45bb0cc5c57551a0"}


@pytest.mark.parametrize("text", ["", "0" * 63, "0" * 65, "g" * 64, " " + "0" * 63])
def test_what_is_no_key_is_none_for_the_operator(text: str) -> None:
    assert not keys.is_key(text)
