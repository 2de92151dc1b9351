"""The administrator's sign-in: the first time, again, and after a run that was cut short."""

import base64
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from typing_extensions import override

from dev.up import agents, panel
from dev.up.edgeclient import Answer, EdgeClient
from dev.up.errors import StepError
from dev.up.kubectl import Kubectl, Manifest

FIRST = "handed-out"


@dataclass(frozen=True, kw_only=True)
class Secrets(Kubectl):
    """A cluster that holds Secrets alone."""

    stored: dict[str, dict[str, str]] = field(default_factory=dict)

    @override
    def get(self, *words: str) -> dict[str, Any] | None:
        found = self.stored.get(words[-1])
        if found is None:
            return None
        return {"data": {key: base64.b64encode(text.encode()) for key, text in found.items()}}

    @override
    def apply(self, manifests: Sequence[Manifest]) -> None:
        for manifest in manifests:
            self.stored[manifest["metadata"]["name"]] = dict(manifest["stringData"])


@dataclass(frozen=True, kw_only=True)
class Site(EdgeClient):
    """An installation with one user."""

    password: list[str] = field(default_factory=lambda: [FIRST])
    reachable: list[bool] = field(default_factory=lambda: [True])

    @override
    def post_json(self, path: str, content: object, headers: object = None) -> Answer:
        if not self.reachable[0]:
            raise OSError("cut")
        assert isinstance(content, dict)
        assert path == "/api/me/password"
        assert content["currentPassword"] == self.password[0]
        self.password[0] = content["newPassword"]
        return Answer(status=200, headers={}, body=b"{}")


@pytest.fixture
def demo(monkeypatch: pytest.MonkeyPatch) -> agents.Demo:
    site = Site(address="x", host="x")
    secrets = Secrets(program=Path("k"), kubeconfig=Path("c"))
    secrets.stored["demo-admin"] = {"email": "a@local", "password": FIRST}

    def sign_in(_client: EdgeClient, _email: str, password: str) -> str | None:
        return "ps_1" if password == site.password[0] else None

    monkeypatch.setattr(panel, "sign_in", sign_in)
    return agents.Demo(kubectl=secrets, web=site, api=site, instance="demo")


def stored(demo: agents.Demo) -> dict[str, dict[str, str]]:
    assert isinstance(demo.kubectl, Secrets)
    return demo.kubectl.stored


def site(demo: agents.Demo) -> Site:
    assert isinstance(demo.api, Site)
    return demo.api


def test_the_first_sign_in_replaces_the_password_and_keeps_the_new_one(demo: agents.Demo) -> None:
    account = demo.sign_in()

    assert account == agents.Account(email="a@local", token="ps_1")
    assert site(demo).password[0] != FIRST
    assert stored(demo)[agents.LOGIN_SECRET]["password"] == site(demo).password[0]


def test_a_rerun_changes_nothing(demo: agents.Demo) -> None:
    demo.sign_in()
    before = site(demo).password[0]
    demo.sign_in()

    assert site(demo).password[0] == before


def test_a_run_cut_short_leaves_a_password_that_somebody_knows(demo: agents.Demo) -> None:
    site(demo).reachable[0] = False
    with pytest.raises(OSError, match="cut"):
        demo.sign_in()
    kept = stored(demo)[agents.LOGIN_SECRET]["password"]
    site(demo).reachable[0] = True
    demo.sign_in()

    assert site(demo).password[0] == kept


def test_a_password_changed_by_hand_is_explained(demo: agents.Demo) -> None:
    site(demo).password[0] = "by-hand"
    with pytest.raises(StepError, match="polyant-demo-login"):
        demo.sign_in()
