"""What claims prove."""

from typing import Any

import pytest

from polyant_web.google import account
from polyant_web.google.account import NotProved

CLAIMS: dict[str, Any] = {
    "sub": "1",
    "email": "ada@example.com",
    "email_verified": True,
    "nonce": "n",
    "hd": "Example.com",
}
DOMAINS = frozenset({"example.com"})


def test_an_account_of_the_organisation_may_join() -> None:
    assert account.read(CLAIMS, "n").may_join(DOMAINS)
    assert not account.read(CLAIMS, "n").may_join(frozenset())


def test_a_private_account_with_an_address_of_the_organisation_may_not() -> None:
    private = {name: value for name, value in CLAIMS.items() if name != "hd"}

    assert not account.read(private, "n").may_join(DOMAINS)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"nonce": "other"}, "another sign-in"),
        ({"email": ""}, "no e-mail address"),
        ({"email": None}, "no e-mail address"),
        ({"email_verified": False}, "not verified"),
        ({"email_verified": "true"}, "not verified"),
    ],
)
def test_what_does_not_prove_is_refused(change: dict[str, Any], says: str) -> None:
    with pytest.raises(NotProved, match=says):
        account.read({**CLAIMS, **change}, "n")
