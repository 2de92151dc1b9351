"""The panel over the real engine, in a real browser: the first hour of an installation."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect

from support.browser import Window
from support.trial import RUNNING, RunningTrial, trial

pytestmark = pytest.mark.integration

ADMIN = "administrator@local"
OWN = "a word of my own"


@pytest.fixture(scope="module")
def installation(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningTrial]:
    with trial(tmp_path_factory.mktemp("real") / "state") as running:
        running.wait_for(RUNNING)
        yield running


@pytest.fixture
def window(browser: Browser, installation: RunningTrial) -> Iterator[Window]:
    context = browser.new_context()
    window = Window(context.new_page(), installation.addresses["web"])
    window.complaints.watch(window.page)
    yield window
    context.close()
    assert window.complaints.texts == []


def test_from_the_first_password_to_an_answer(window: Window, installation: RunningTrial) -> None:
    page = window.page
    window.sign_in(ADMIN, (installation.folder / "first-password").read_text().strip())

    page.get_by_label("New password").fill("short")
    page.get_by_role("button", name="Set password").click()
    expect(page.get_by_label("New password")).to_have_accessible_description(
        re.compile("^The new password needs 8 to 1024 characters"), timeout=10_000
    )
    page.get_by_label("New password").fill(OWN)
    page.get_by_role("button", name="Set password").click()
    window.says("No agents yet")

    window.go("/agents/new")
    page.get_by_label("Name").fill("Front Desk")
    page.get_by_label("Model", exact=True).fill("scripted")
    page.get_by_role("button", name="Create agent").click()
    window.says("Front Desk has been created.")
    page.get_by_role("button", name="Create API key").click()
    expect(page.locator("#api-key")).to_contain_text("pk_")

    page.get_by_role("link", name="Prompts").click()
    page.get_by_label("Identity", exact=True).fill("You are brief.")
    page.get_by_role("button", name="Save prompts").click()
    window.says("Saved.")

    page.get_by_role("link", name="Talk").click()
    window.talk("Good morning")
    expect(page.locator(".answer .text")).to_have_text("You said: Good morning", timeout=15_000)
    expect(page.locator(".answer .meta")).to_contain_text("tokens")
