"""The panel in a real browser: what a person does from the first sign-in to a streamed answer.

Every window is watched: one violation of the policy or one script error fails its test.
"""

import re
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from support.browser import OpenWindow, Window
from support.fake_engine import ADMIN, PASSWORD, FakeEngine, Person
from support.panel_process import started

pytestmark = pytest.mark.integration

PHONE = {"viewport": {"width": 360, "height": 740}}
PAGES = (
    "/agents",
    "/agents/new",
    "/agents/desk",
    "/agents/desk/prompts",
    "/agents/desk/delete",
    "/playground/desk",
)
LONG = "a-name-that-is-as-long-as-anything-may-be-and-has-no-place-to-break-at"


def test_a_newcomer_signs_in_chooses_a_password_and_creates_an_agent(
    engine: FakeEngine, window: Window
) -> None:
    engine.people["new@example.com"] = Person("new@example.com", "handed-out", must_change=True)
    page = window.page

    window.sign_in("new@example.com", "handed-out")
    window.says("Choose your own password")
    page.get_by_label("New password").fill("a word of my own")
    page.get_by_role("button", name="Set password and go on").click()
    window.says("No agents yet")
    page.get_by_role("link", name="Create an agent").click()
    page.get_by_label("Name").fill("Réception Desk")
    expect(page.get_by_label("Slug")).to_have_value("reception-desk")
    page.get_by_label("Model", exact=True).fill("scripted")
    page.get_by_role("button", name="Create agent").click()
    window.says("Réception Desk has been created.")

    assert engine.agents["reception-desk"]["provider"] == "main"


def test_a_wrong_field_is_focused_marked_and_described(engine: FakeEngine, window: Window) -> None:
    engine.add_agent("desk")
    window.sign_in()
    window.go("/agents/new")
    page = window.page

    page.get_by_label("Name").fill("Another desk")
    page.get_by_label("Slug").fill("desk")
    page.get_by_role("button", name="Create agent").click()

    slug = page.get_by_label("Slug")
    expect(slug).to_be_focused()
    expect(slug).to_have_attribute("aria-invalid", "true")
    expect(slug).to_have_accessible_description(re.compile("choose a different one"))
    expect(page.get_by_label("Name")).to_have_value("Another desk")


def test_a_key_is_shown_without_leaving_the_page(engine: FakeEngine, window: Window) -> None:
    engine.add_agent("desk")
    window.sign_in()
    window.go("/agents/desk")
    page = window.page
    page.evaluate("window.stayed = true")

    page.get_by_role("button", name="Create API key").click()

    expect(page.locator("#api-key")).to_have_text(re.compile(r"^pk_\S{20,}$"))
    expect(page.get_by_role("button", name="Copy")).to_be_visible()
    assert page.evaluate("window.stayed") is True


def test_a_key_in_use_is_replaced_only_when_confirmed(engine: FakeEngine, window: Window) -> None:
    engine.add_agent("desk", hasApiKey=True)
    window.sign_in()
    window.go("/agents/desk")
    page = window.page
    made = ("POST", "/api/instances/desk/api-key")

    page.once("dialog", lambda dialog: dialog.dismiss())
    page.get_by_role("button", name="Replace key").click()
    assert made not in engine.calls
    page.once("dialog", lambda dialog: dialog.accept())
    page.get_by_role("button", name="Replace key").click()

    expect(page.locator("#api-key")).to_be_visible()
    assert made in engine.calls


def test_trouble_of_the_engine_is_a_notice_on_the_page(engine: FakeEngine, window: Window) -> None:
    engine.add_agent("desk")
    window.sign_in()
    window.go("/agents/desk")
    engine.failing = 500

    window.page.get_by_role("button", name="Create API key").click()

    expect(window.page.get_by_role("alert")).to_contain_text("The engine is in trouble")
    expect(window.page.get_by_role("button", name="Save changes")).to_be_visible()


def test_an_answer_comes_word_by_word(engine: FakeEngine, window: Window) -> None:
    engine.add_agent("desk")
    engine.pause_seconds = 0.15
    window.sign_in()
    window.go("/playground/desk")
    page = window.page

    window.talk("one two three four five six")

    answer = page.locator(".answer .text")
    expect(answer).to_contain_text("You said: one")
    assert "six" not in answer.inner_text()
    expect(answer).to_contain_text("six")
    expect(page.locator(".answer .meta")).to_have_text(re.compile(r"^21 tokens · \d+\.\d s$"))
    expect(page.get_by_role("status")).to_contain_text("Answer: You said: one two")
    expect(page.get_by_label("Message to Desk")).to_be_focused()


def test_stopping_ends_the_call_to_the_engine(engine: FakeEngine, window: Window) -> None:
    engine.add_agent("desk")
    engine.pause_seconds = 0.2
    window.sign_in()
    window.go("/playground/desk")
    page = window.page

    window.talk(" ".join(["word"] * 200))
    expect(page.locator(".answer .text")).to_contain_text("You said")
    page.get_by_role("button", name="Stop answering").click()

    expect(page.locator(".answer .trouble")).to_have_text("Stopped.")
    for _ in range(40):
        if engine.streams_closed:
            break
        page.wait_for_timeout(50)
    assert engine.streams_closed == 1


@pytest.mark.parametrize(
    ("message", "trouble"),
    [
        ("fail", "The model provider refused: quota exceeded"),
        ("break", "The model stopped answering"),
        ("torn", "The engine stopped answering in the middle. Send the message again."),
    ],
)
def test_a_broken_answer_says_why(
    engine: FakeEngine, window: Window, message: str, trouble: str
) -> None:
    engine.add_agent("desk")
    window.sign_in()
    window.go("/playground/desk")

    window.talk(message)

    window.says(trouble)
    expect(window.page.get_by_role("button", name="Send")).to_be_visible()


def test_a_panel_that_dies_in_the_middle_is_told_apart_from_the_end(
    browser: Browser, engine: FakeEngine, engine_url: str, tmp_path: Path
) -> None:
    engine.add_agent("desk")
    engine.pause_seconds = 0.2
    with started(engine_url, tmp_path / "log") as panel:
        window = Window(browser.new_context().new_page(), panel.url)
        window.sign_in()
        window.go("/playground/desk")
        window.talk("word " * 100)
        expect(window.page.locator(".answer .text")).to_contain_text("You said")

        panel.popen.kill()

        window.says("The connection broke.")
        expect(window.page.locator(".answer .text")).to_contain_text("You said")
        window.page.context.close()


def test_what_a_model_writes_is_never_markup(engine: FakeEngine, window: Window) -> None:
    engine.add_agent("desk")
    window.sign_in()
    window.go("/playground/desk")
    page = window.page
    hostile = (
        "<img src=x onerror=alert(1)> [go](javascript:alert(1)) ![p](https://evil.test/p) **b**"
    )

    window.talk(hostile)

    expect(page.locator(".answer .text strong")).to_have_text("b")
    assert page.locator(".answer img, .answer script").count() == 0
    links = [link.get_attribute("href") for link in page.locator(".answer a").all()]
    assert links == ["https://evil.test/p"]


def test_everything_works_by_keyboard_alone(engine: FakeEngine, window: Window) -> None:
    engine.add_agent("desk")
    page = window.page
    window.go("/signin")

    page.keyboard.type(ADMIN)
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url("**/agents")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to content")).to_be_focused()
    page.keyboard.press("Enter")
    reached = []
    for _ in range(3):
        page.keyboard.press("Tab")
        reached.append(page.evaluate("document.activeElement.textContent.trim()"))
    assert reached == ["New agent", "Desk", "Talk to Desk"]
    page.keyboard.press("Enter")
    page.wait_for_url("**/playground/desk")
    page.locator("#composer[data-ready]").wait_for()
    page.keyboard.type("hello")
    page.keyboard.press("Enter")

    window.says("You said: hello")


def test_on_a_phone_nothing_is_wider_than_the_screen(
    engine: FakeEngine, open_window: OpenWindow
) -> None:
    engine.add_agent("desk", name=LONG, description=LONG, model=LONG)
    window = open_window(**PHONE)
    window.go("/signin")
    assert not window.scrolls_sideways()
    window.sign_in()

    for path in (*PAGES, "/password", "/nowhere"):
        window.go(path)
        assert not window.scrolls_sideways(), path


def test_on_a_phone_the_menu_leads_everywhere(engine: FakeEngine, open_window: OpenWindow) -> None:
    engine.add_agent("desk")
    window = open_window(**PHONE)
    window.sign_in()
    page = window.page

    page.get_by_text("Menu").click()
    page.get_by_role("link", name="Playground").click()
    page.wait_for_url("**/playground/desk")
    page.get_by_text("Menu").click()
    page.get_by_role("button", name="Sign out").click()

    page.wait_for_url("**/signin")
    assert not engine.sessions


def test_dark_follows_the_browser_and_the_switch_wins(open_window: OpenWindow) -> None:
    window = open_window(color_scheme="dark")
    window.go("/signin")
    background = "getComputedStyle(document.body).backgroundColor"
    dark = window.page.evaluate(background)
    assert dark == "rgb(15, 24, 20)"

    window.page.get_by_role("button", name="Light").click()
    expect(window.page.get_by_role("button", name="Light")).to_have_attribute(
        "aria-pressed", "true"
    )
    assert window.page.evaluate(background) == "rgb(245, 246, 240)"

    window.page.get_by_role("button", name="Dark").click()
    expect(window.page.get_by_role("button", name="Dark")).to_have_attribute("aria-pressed", "true")
    assert window.page.evaluate(background) == dark


def test_without_scripts_one_signs_in_talks_and_makes_a_key(
    engine: FakeEngine, open_window: OpenWindow
) -> None:
    engine.add_agent("desk")
    window = open_window(java_script_enabled=False)
    window.sign_in()
    page = window.page

    window.go("/playground/desk")
    for message in ("first", "second"):
        page.get_by_label("Message to Desk").fill(message)
        page.get_by_role("button", name="Send").click()
        window.says(f"You said: {message}")
    window.says("You said: first")
    window.go("/agents/desk")
    page.get_by_role("button", name="Create API key").click()

    expect(page.locator("#api-key")).to_have_text(re.compile(r"^pk_"))


def test_headings_landmarks_and_labels_are_in_order(engine: FakeEngine, window: Window) -> None:
    engine.add_agent("desk")
    window.sign_in()

    for path in PAGES:
        window.go(path)
        page = window.page
        assert page.locator("h1:visible").count() == 1, path
        assert page.get_by_role("main").count() == 1, path
        unnamed = page.locator(
            "button:visible, a:visible, input:visible, select, textarea"
        ).evaluate_all(
            "all => all.filter(one => !(one.textContent.trim() || one.labels?.length"
            " || one.getAttribute('aria-label'))).map(one => one.outerHTML)"
        )
        assert unnamed == [], path


def test_the_text_has_contrast_in_both_themes(engine: FakeEngine, open_window: OpenWindow) -> None:
    engine.add_agent("desk", hasApiKey=True)
    engine.add_agent("open", authEnabled=False, status="inactive")
    for scheme in ("light", "dark"):
        window = open_window(color_scheme=scheme)
        window.sign_in()
        for path in ("/agents", "/agents/desk", "/playground/desk"):
            window.go(path)
            assert window.page.evaluate(POOR_CONTRAST) == [], (scheme, path)


# Text and the nearest opaque background behind it must differ by 4.5 : 1 (WCAG AA).
POOR_CONTRAST = """() => {
  const parse = text => (text.match(/[\\d.]+/g) ?? []).map(Number);
  const light = ([r, g, b]) => {
    const [x, y, z] = [r, g, b].map(v => (v /= 255) <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
    return 0.2126 * x + 0.7152 * y + 0.0722 * z;
  };
  const behind = node => {
    for (let at = node; at; at = at.parentElement) {
      const colour = parse(getComputedStyle(at).backgroundColor);
      if (colour.length === 3 || colour[3] === 1) return colour;
    }
    return [255, 255, 255];
  };
  const poor = [];
  for (const node of document.querySelectorAll('body *')) {
    const own = [...node.childNodes].some(child => child.nodeType === 3 && child.textContent.trim());
    if (!own || !node.checkVisibility() || node.closest('.visually-hidden, .skip')) continue;
    const [a, b] = [light(parse(getComputedStyle(node).color)), light(behind(node))];
    const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    if (ratio < 4.5) poor.push(`${node.textContent.trim().slice(0, 30)}: ${ratio.toFixed(2)}`);
  }
  return poor;
}"""
