"""What a changed AUTH_SECRET changes, and what it must not."""

from polyant_engine.core.hashing import TokenHasher

ONE, OTHER = TokenHasher("1" * 32), TokenHasher("2" * 32)


def test_sessions_and_api_keys_outlive_a_changed_secret() -> None:
    assert ONE.digest("ps_token") == OTHER.digest("ps_token") != ONE.digest("ps_other")


def test_what_could_be_guessed_is_hashed_with_the_secret() -> None:
    assert ONE.keyed("192.0.2.1") != OTHER.keyed("192.0.2.1")


def test_a_changed_secret_shows_in_the_fingerprint() -> None:
    assert ONE.fingerprint() != OTHER.fingerprint()
