"""A panel process over the scripted engine, visited by a real browser."""

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser

from support.browser import OpenWindow, Window, chromium, served
from support.fake_engine import FakeEngine
from support.panel_process import Process, started


@pytest.fixture(scope="module")
def running_engine() -> FakeEngine:
    return FakeEngine()


@pytest.fixture
def engine(running_engine: FakeEngine) -> FakeEngine:
    """One engine serves a whole module; each test finds it as if it were new."""
    running_engine.reset()
    return running_engine


@pytest.fixture(scope="module")
def engine_url(running_engine: FakeEngine) -> Iterator[str]:
    with served(running_engine.app) as url:
        yield url


@pytest.fixture(scope="module")
def panel(engine_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Process]:
    log = tmp_path_factory.mktemp("panel") / "panel.log"
    with started(engine_url, log, NEXT_PUBLIC_API_URL="https://api.example.com") as process:
        yield process


@pytest.fixture(scope="module")  # its loop would disturb the asynchronous tests of other modules
def browser() -> Iterator[Browser]:
    with chromium() as browser:
        yield browser


@pytest.fixture
def open_window(browser: Browser, panel: Process, engine: FakeEngine) -> Iterator[OpenWindow]:
    """Open windows of one panel; at the end none may have complained."""
    assert not engine.calls  # new for this test
    windows: list[Window] = []

    def open_(**context: Any) -> Window:
        options = {"viewport": {"width": 1280, "height": 800}, **context}
        window = Window(browser.new_context(**options).new_page(), panel.url)
        window.complaints.watch(window.page)
        windows.append(window)
        return window

    yield open_
    for window in windows:
        window.page.context.close()
    assert [text for window in windows for text in window.complaints.texts] == []


@pytest.fixture
def window(open_window: OpenWindow) -> Window:
    return open_window()
