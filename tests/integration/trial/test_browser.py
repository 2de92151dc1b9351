"""What a person does with a fresh trial: real browser, real panel, real engine, real database."""

from pathlib import Path

import pytest

from support.browser import Window, chromium
from support.trial import RUNNING, trial

pytestmark = pytest.mark.integration


def test_from_the_first_sign_in_to_a_streamed_answer(tmp_path: Path) -> None:
    folder = tmp_path / "state"
    with trial(folder) as running, chromium() as browser:
        running.wait_for(RUNNING)
        window = Window(browser.new_page(), running.addresses["web"])
        window.complaints.watch(window.page)
        page = window.page

        window.sign_in("administrator@local", (folder / "first-password").read_text().strip())
        window.says("Choose your own password")
        page.get_by_label("New password").fill("a password of my own")
        page.get_by_role("button", name="Set password and go on").click()
        page.get_by_role("link", name="Create an agent").click()
        page.get_by_label("Name").fill("Front Desk")
        page.get_by_label("Model", exact=True).fill("demo")
        page.get_by_role("button", name="Create agent").click()
        window.says("Front Desk has been created.")
        window.go("/playground/front-desk")
        page.get_by_label("Message to Front Desk").fill("Is anybody there?")
        page.get_by_role("button", name="Send").click()
        window.says("You said: Is anybody there?")

        assert window.complaints.texts == []
