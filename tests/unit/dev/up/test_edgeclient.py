"""The cookies of the client, and the form it reads."""

import pytest

from dev.up import panel
from dev.up.edgeclient import Answer, EdgeClient
from dev.up.errors import StepError


def page(monkeypatch: pytest.MonkeyPatch, text: str, status: int = 200) -> EdgeClient:
    client = EdgeClient(address="127.0.0.1:1", host="x")
    answer = Answer(status=status, headers={}, body=text.encode())
    monkeypatch.setattr(EdgeClient, "request", lambda *_args, **_named: answer)
    return client


def test_cookies_are_kept_and_dropped() -> None:
    client = EdgeClient(address="127.0.0.1:1", host="x")
    client._keep(["a=1; HttpOnly; Path=/", "b=2; Max-Age=604800"])
    client._keep(["a=; Max-Age=0; Path=/"])

    assert client.cookies == {"b": "2"}
    assert client._jar() == {"Cookie": "b=2"}


@pytest.mark.parametrize(
    "field",
    [
        '<input type="hidden" name="csrf" value="a&amp;b">',
        '<input value="a&amp;b" name="csrf" type="hidden"/>',
    ],
)
def test_the_form_token_is_found(monkeypatch: pytest.MonkeyPatch, field: str) -> None:
    assert panel._form_token(page(monkeypatch, f"<form>{field}</form>")) == "a&b"


def test_a_page_without_form_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(StepError, match="503"):
        panel._form_token(page(monkeypatch, "no healthy upstream", 503))


def test_a_wrong_password_is_no_session(monkeypatch: pytest.MonkeyPatch) -> None:
    client = page(monkeypatch, '<input name="csrf" value="t">')
    refused = Answer(status=401, headers={}, body=b"")
    monkeypatch.setattr(EdgeClient, "post_form", lambda *_: refused)

    assert panel.sign_in(client, "a@b", "wrong") is None
