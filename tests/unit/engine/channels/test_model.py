"""What an adapter hands over can be stored, or is refused at once."""

import pytest

from polyant_engine.channels.model import Account, Address, Event, Inbound, Kind
from polyant_engine.core import ids


def test_a_message_from_nowhere_is_refused() -> None:
    with pytest.raises(ValueError, match="address"):
        Inbound(dedupe_key="1", event=Event.MESSAGE, text="hello")


def test_an_ignored_event_needs_no_address() -> None:
    assert Inbound(dedupe_key="1", event=Event.IGNORED, reason="edited").address is None


def test_an_event_that_cannot_be_told_from_others_is_refused() -> None:
    with pytest.raises(ValueError, match="dedupe key"):
        Inbound(dedupe_key="", event=Event.IGNORED)


def test_an_address_without_a_chat_is_refused() -> None:
    with pytest.raises(ValueError, match="chat"):
        Address(chat="")


def test_secrets_of_an_account_are_not_printed() -> None:
    account = Account(
        id=ids.new_id(),
        agent_id=ids.new_id(),
        kind=Kind.TELEGRAM,
        name="7",
        version=1,
        secrets={"botToken": "7:hidden"},
    )

    assert "hidden" not in repr(account)
