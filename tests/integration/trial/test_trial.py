"""The whole trial, from outside: a person gets an answer, and nothing stays behind."""

import json
import os
import shutil
import signal
import socket
import stat
import tempfile
import time
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import urljoin

import aiohttp
import psutil
import pytest
from typing_extensions import override

from dev.trial.trial import PATIENCE
from support.trial import RUNNING, RunningTrial, left_behind, trial

pytestmark = pytest.mark.integration

NEW_PASSWORD = "a password of my own"


class Form(HTMLParser):
    """The first form of a page that posts: where it goes and what it sends unasked."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.action, self.fields = "", dict[str, str]()
        self.feed(page)

    @override
    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag == "form" and not self.action:
            self.action = given.get("action") or "."
        if tag == "input" and given.get("type") == "hidden" and given.get("name"):
            self.fields[str(given["name"])] = given.get("value") or ""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "state"


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningTrial]:
    """One running trial for the tests that only look."""
    with trial(tmp_path_factory.mktemp("shared") / "state") as running:
        running.wait_for(RUNNING)
        yield running


async def sign_in(running: RunningTrial, password: str) -> str:
    """Return a session token, the way the panel gets one."""
    keys = json.loads((running.folder / "keys.json").read_text())
    async with aiohttp.ClientSession() as http:
        answer = await http.post(
            f"{running.addresses['internal']}/api/auth/credentials/verify",
            json={"email": "administrator@local", "password": password},
            headers={"x-internal-auth": keys["auth_internal_secret"]},
        )
        found = await answer.json()
    assert found["user"], found
    return str(found["sessionToken"])


def gone(folder: Path) -> bool:
    """Wait for the last processes of a killed database, which end by themselves."""
    deadline = time.monotonic() + 10
    while left_behind(folder) and time.monotonic() < deadline:
        time.sleep(0.05)
    return left_behind(folder) == []


async def make_agent(running: RunningTrial, session: aiohttp.ClientSession) -> None:
    engine = running.addresses["engine"]
    agent = {"slug": "first", "name": "First", "provider": "demo", "model": "demo"}
    async with session.post(f"{engine}/api/instances", json=agent) as answer:
        assert answer.status == 201, await answer.text()


async def ask(running: RunningTrial, session: aiohttp.ClientSession, text: str) -> str:
    engine = running.addresses["engine"]
    question = {"model": "first", "messages": [{"role": "user", "content": text}]}
    async with session.post(f"{engine}/v1/chat/completions", json=question) as answer:
        body = await answer.json()
    assert answer.status == 200, body
    return str(body["choices"][0]["message"]["content"])


async def agents(running: RunningTrial, session: aiohttp.ClientSession) -> list[str]:
    async with session.get(f"{running.addresses['engine']}/api/instances") as answer:
        return [agent["slug"] for agent in (await answer.json())["instances"]]


def bearer(token: str) -> aiohttp.ClientSession:
    return aiohttp.ClientSession(headers={"authorization": f"Bearer {token}"})


async def test_a_person_gets_an_answer_and_finds_the_agent_again(folder: Path) -> None:
    with trial(folder) as running:
        running.wait_for(RUNNING)
        password = (folder / "first-password").read_text().strip()
        shown = password in running.text
        async with bearer(await sign_in(running, password)) as session:
            engine = running.addresses["engine"]
            changed = await session.post(
                f"{engine}/api/me/password", json={"newPassword": NEW_PASSWORD}
            )
            await make_agent(running, session)
            answer = await ask(running, session, "hello there")
        children = running.children
        code = running.end(signal.SIGTERM)

    assert (shown, changed.status, "hello there" in answer, code) == (True, 200, True, 0)
    assert [name for name, process in children.items() if process.is_running()] == []
    assert left_behind(folder) == []

    with trial(folder) as running:
        running.wait_for(RUNNING)
        async with bearer(await sign_in(running, NEW_PASSWORD)) as session:
            found = await agents(running, session)
        shown_again = password in running.text

    assert (found, shown_again) == (["first"], False)


async def test_the_panel_lets_the_administrator_in_and_asks_for_a_new_password(
    shared: RunningTrial,
) -> None:
    web = shared.addresses["web"]
    password = (shared.folder / "first-password").read_text().strip()
    jar = aiohttp.CookieJar(unsafe=True)  # keeps cookies of an address without a name
    async with aiohttp.ClientSession(cookie_jar=jar) as http:
        page = await http.get(web)
        form = Form(await page.text())
        typed = {"email": "administrator@local", "password": password}
        inside = await http.post(
            urljoin(str(page.url), form.action), data=form.fields | typed, headers={"origin": web}
        )
        text = await inside.text()

    assert (inside.status, "password" in str(inside.url)) == (200, True), text


def test_interrupted_while_starting_it_leaves_nothing(folder: Path) -> None:
    with trial(folder) as running:
        running.wait_for("database +ready")
        code = running.end(signal.SIGINT)

    assert (code, left_behind(folder), (folder / "run.json").exists()) == (0, [], False)


def test_told_twice_it_waits_for_nobody(folder: Path) -> None:
    with trial(folder) as running:
        running.wait_for(RUNNING)
        running.children["engine"].suspend()
        running.process.send_signal(signal.SIGTERM)
        running.wait_for("web +stopped")
        time.sleep(PATIENCE)  # before that it would be the same signal once more
        code = running.end(signal.SIGTERM)

    assert (code, "Told twice" in running.text) == (0, True)
    assert gone(folder)


def test_the_next_run_ends_what_a_killed_one_left(folder: Path) -> None:
    with trial(folder) as running:
        running.wait_for(RUNNING)
        before = running.children
        running.end(signal.SIGKILL)
        survivors = [name for name, process in before.items() if process.is_running()]

        with trial(folder) as again:
            again.wait_for(RUNNING)
            text = again.text

    assert survivors == ["database", "model", "engine", "web"]
    assert [f"left {name}" in text for name in survivors] == [True] * 4
    assert [name for name, process in before.items() if process.is_running()] == []


def test_a_process_that_ends_ends_the_trial_with_its_log(folder: Path) -> None:
    with trial(folder) as running:
        running.wait_for(RUNNING)
        running.children["model"].send_signal(signal.SIGTERM)
        code = running.process.wait(60)

    assert (code, "model ended with 0" in running.text, left_behind(folder)) == (1, True, [])


def test_a_second_trial_in_the_folder_is_refused(shared: RunningTrial) -> None:
    with trial(shared.folder, output="second.out") as second:
        code = second.process.wait(30)

    assert (code, shared.process.poll()) == (1, None)
    assert f"process {shared.process.pid}" in second.text
    assert shared.addresses["web"] in second.text


def test_taken_ports_are_named_before_anything_starts(folder: Path) -> None:
    with (
        socket.create_server(("127.0.0.1", 0)) as taken,
        trial(folder, f"--engine-port={taken.getsockname()[1]}") as running,
    ):
        code = running.process.wait(30)
        number = taken.getsockname()[1]

    assert (code, (folder / "database").exists()) == (1, False)
    assert f"Port {number} cannot be used" in running.text


def test_every_process_listens_on_this_machine_only(shared: RunningTrial) -> None:
    listening = {
        (name, row.laddr.ip)
        for name, process in shared.children.items()
        for row in process.net_connections()
        if row.status == psutil.CONN_LISTEN
    }

    assert {ip for _, ip in listening} == {"127.0.0.1"}
    assert {name for name, _ in listening} == {"database", "model", "engine", "web"}


def test_no_secret_is_in_a_file_that_others_can_read(shared: RunningTrial) -> None:
    secrets = json.loads((shared.folder / "keys.json").read_text()).values()
    found = [
        path.name
        for path in shared.folder.rglob("*")
        if path.is_file() and stat.S_IMODE(path.stat().st_mode) & 0o077
        if any(secret.encode() in path.read_bytes() for secret in secrets)
    ]

    assert found == []


def test_no_secret_is_in_a_command_line(shared: RunningTrial) -> None:
    secrets = json.loads((shared.folder / "keys.json").read_text()).values()
    lines = [" ".join(process.cmdline()) for process in shared.children.values()]

    assert not any(secret in line for secret in secrets for line in lines)


def test_reset_without_a_terminal_asks_for_yes_and_deletes_nothing(folder: Path) -> None:
    (folder / "database").mkdir(parents=True)

    with trial(folder, "--reset") as running:
        code = running.process.wait(30)

    assert (code, folder.exists(), "--yes" in running.text) == (1, True, True)


def test_reset_deletes_everything_after_saying_what(folder: Path) -> None:
    (folder / "database").mkdir(parents=True)

    with trial(folder, "--reset", "--yes") as running:
        code = running.process.wait(30)

    assert (code, folder.exists(), "conversation" in running.text) == (0, False, True)


@pytest.fixture
def place_of_nobody() -> Iterator[Path]:
    """A folder of an ordinary user, outside the ones that only root may enter."""
    place = Path(tempfile.mkdtemp(prefix="polyant-trial-"))
    os.chown(place, 65534, 65534)
    yield place
    shutil.rmtree(place)


@pytest.mark.skipif(os.geteuid() != 0, reason="not root, so every other test covers this")
def test_it_runs_as_an_ordinary_user_too(place_of_nobody: Path) -> None:
    with trial(place_of_nobody / "state", as_nobody=True) as running:
        running.wait_for(RUNNING)
        users = {process.uids().effective for process in running.children.values()}
        code = running.end()

    assert (users, code) == ({65534}, 0)
