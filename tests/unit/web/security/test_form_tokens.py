"""Form tokens and the fingerprint of their key."""

from polyant_web.security.form_tokens import FormTokens, fingerprint

TOKENS = FormTokens("k" * 32)


def test_a_token_fits_its_own_binding_only() -> None:
    token = TOKENS.make("session-1")

    assert TOKENS.fits(token, "session-1")
    assert not TOKENS.fits(token, "session-2")
    assert not FormTokens("j" * 32).fits(token, "session-1")


def test_while_the_secret_changes_forms_of_both_values_fit() -> None:
    before, after = "k" * 32, "j" * 32
    rolling = FormTokens(after, before)

    assert rolling.fits(FormTokens(before).make("session-1"), "session-1")
    assert rolling.fits(FormTokens(after).make("session-1"), "session-1")
    assert FormTokens(after).fits(rolling.make("session-1"), "session-1")
    assert not rolling.fits(FormTokens("i" * 32).make("session-1"), "session-1")


def test_the_fingerprint_is_the_contracts() -> None:
    assert fingerprint("a" * 40) == "1280c745757663f3"


def test_the_key_is_not_shown() -> None:
    assert "kkk" not in repr(TOKENS)
