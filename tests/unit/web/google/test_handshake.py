"""One journey to Google and back."""

import base64
import hashlib

from polyant_web.google.handshake import Handshake

KEY = "k" * 40


def test_any_replica_finishes_what_another_began() -> None:
    begun = Handshake.begin(KEY, "/agents/new")
    finished = Handshake(begun.ticket, KEY)

    assert finished.fits(begun.state)
    assert (finished.nonce, finished.verifier) == (begun.nonce, begun.verifier)
    assert finished.wanted == "/agents/new"


def test_no_two_journeys_and_no_two_values_are_alike() -> None:
    first, second = Handshake.begin(KEY, "/"), Handshake.begin(KEY, "/")

    values = [first.state, first.nonce, first.verifier, second.state, second.nonce]
    assert len(set(values)) == len(values)
    assert not second.fits(first.state)


def test_a_changed_page_is_another_journey() -> None:
    begun = Handshake.begin(KEY, "/agents")
    seed = begun.ticket.partition(".")[0]
    forged = base64.urlsafe_b64encode(b"/evil").decode()

    assert not Handshake(f"{seed}.{forged}", KEY).fits(begun.state)


def test_the_verifier_is_of_the_length_that_pkce_asks_for() -> None:
    begun = Handshake.begin(KEY, "/")
    digest = hashlib.sha256(begun.verifier.encode()).digest()

    assert len(begun.verifier) == 43
    assert begun.challenge == base64.urlsafe_b64encode(digest).decode().rstrip("=")


def test_a_page_too_long_for_a_cookie_is_forgotten() -> None:
    assert Handshake.begin(KEY, "/" + "x" * 600).wanted == ""


def test_rubbish_names_no_page() -> None:
    assert Handshake("seed.%%%", KEY).wanted == ""
    assert Handshake("seed", KEY).wanted == ""
