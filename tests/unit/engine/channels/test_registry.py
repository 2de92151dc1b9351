"""Where vendors are, and which of these places may be private."""

from polyant_engine.channels.registry import Addresses


def test_the_vendors_own_places_are_never_private() -> None:
    assert Addresses().private_hosts == ()


def test_a_place_that_an_administrator_names_may_be_private() -> None:
    given = Addresses(telegram="http://bots.internal:8081", slack="https://[fd00::1]")

    assert given.private_hosts == ("bots.internal:8081", "[fd00::1]")
