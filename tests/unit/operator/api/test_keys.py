"""Key ids and fingerprints, by fixed vectors that the engine holds too."""

import hashlib
import hmac

import pytest

from polyant_operator.api import keys

KEY = "00112233445566778899aabbccddeeff" * 2


def test_a_key_id_is_the_start_of_an_hmac_of_the_raw_key() -> None:
    expected = hmac.new(bytes.fromhex(KEY), b"polyant-key-id", hashlib.sha256).hexdigest()[:16]

    assert keys.key_id(KEY) == expected


def test_a_key_in_capitals_is_the_same_key() -> None:
    assert keys.key_id(KEY.upper()) == keys.key_id(KEY)


def test_the_fingerprint_of_the_auth_secret_is_an_hmac_with_it() -> None:
    secret = "s" * 32
    expected = hmac.new(secret.encode(), b"polyant-auth-secret", hashlib.sha256).hexdigest()[:16]

    assert keys.auth_fingerprint(secret) == expected


@pytest.mark.parametrize("text", ["", "0" * 63, "0" * 65, "g" * 64, "0" * 63 + "\n", "\uff10" * 64])
def test_what_is_no_key(text: str) -> None:
    assert not keys.is_key(text)
