"""The panel and the scripted engine over real HTTP, and a real browser that visits them.

The browser is the distribution's chromium. Where it is missing a test fails with the command that
installs it: a panel nobody has seen in a browser is not tested.
"""

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import pytest
import uvicorn
from playwright.sync_api import Browser, ConsoleMessage, Page, expect, sync_playwright
from starlette.types import ASGIApp

from support.fake_engine import ADMIN, PASSWORD

CHROMIUM = Path("/usr/bin/chromium")
FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


@contextmanager
def served(app: ASGIApp) -> Iterator[str]:
    """Serve an application on a free port of this machine, in a thread."""
    listener = socket.create_server(("127.0.0.1", 0))
    config = uvicorn.Config(app, lifespan="off", log_config=None, timeout_graceful_shutdown=1)
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join(timeout=5)
        listener.close()


@contextmanager
def chromium() -> Iterator[Browser]:
    """Start the browser, or fail with the command that installs it."""
    if not CHROMIUM.exists():
        pytest.fail(f"{CHROMIUM} is missing; install it: apt-get install -y chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=list(FLAGS))
        try:
            yield browser
        finally:
            browser.close()


@dataclass
class Complaints:
    """What the browser complains about while a page is open: policy violations, script errors."""

    texts: list[str] = field(default_factory=list)

    def watch(self, page: Page) -> None:
        """Collect the complaints of a page."""
        page.on("console", self._on_console)
        page.on("pageerror", lambda error: self.texts.append(f"script: {error}"))

    def _on_console(self, message: ConsoleMessage) -> None:
        # The browser also notes every error status; those are the panel's to decide.
        if message.type == "error" and "Failed to load resource" not in message.text:
            self.texts.append(message.text)


@dataclass
class Window:
    """A page of the browser on one panel, and everything it complained about."""

    page: Page
    url: str
    complaints: Complaints = field(default_factory=Complaints)

    def go(self, path: str) -> None:
        """Open a page of the panel."""
        self.page.goto(self.url + path)

    def sign_in(self, email: str = ADMIN, password: str = PASSWORD) -> None:
        """Sign in as a person does."""
        self.go("/signin")
        self.page.get_by_label("E-mail address").fill(email)
        self.page.get_by_label("Password", exact=True).fill(password)
        self.page.get_by_role("button", name="Sign in").click()
        self.page.wait_for_url(lambda url: not url.endswith("/signin"))

    def talk(self, message: str) -> None:
        """Send a message in the playground, once its script is there."""
        self.page.locator("#composer[data-ready]").wait_for()
        self.page.locator("#message").fill(message)
        self.page.keyboard.press("Enter")

    def scrolls_sideways(self) -> bool:
        """Whether something is wider than the screen."""
        root = "document.documentElement"
        return bool(self.page.evaluate(f"{root}.scrollWidth > {root}.clientWidth"))

    def says(self, text: str) -> None:
        """Require that a text is visible."""
        expect(self.page.get_by_text(text).first).to_be_visible()


class OpenWindow(Protocol):
    """Opens a window with options of the browser's context, such as the colour scheme."""

    def __call__(self, **context: Any) -> Window: ...
