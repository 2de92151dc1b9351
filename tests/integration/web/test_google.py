"""Signing in with Google: a real panel, a provider as strict as Google, real HTTP between them."""

from collections.abc import Iterator

import httpx2
import pytest

from support import oidc
from support.browser import served
from support.fake_engine import ADMIN, FakeEngine
from support.panel_process import Process, started

pytestmark = pytest.mark.integration

CALLBACK = "/api/auth/callback/google"


@pytest.fixture(scope="module")
def running_provider() -> Iterator[oidc.Provider]:
    provider = oidc.Provider()
    with served(provider.app) as url:
        provider.url = url
        yield provider


@pytest.fixture
def provider(running_provider: oidc.Provider) -> oidc.Provider:
    running_provider.reset(email=ADMIN)
    return running_provider


@pytest.fixture(scope="module")
def google_panel(
    engine_url: str, running_provider: oidc.Provider, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Process]:
    log = tmp_path_factory.mktemp("google") / "panel.log"
    settings = {
        "GOOGLE_CLIENT_ID": oidc.CLIENT_ID,
        "GOOGLE_CLIENT_SECRET": oidc.CLIENT_SECRET,
        "GOOGLE_ISSUER": running_provider.url,
        "AUTH_ALLOWED_DOMAINS": "example.org",
    }
    with started(engine_url, log, **settings) as process:
        yield process


@pytest.fixture
def client(google_panel: Process) -> Iterator[httpx2.Client]:
    with httpx2.Client(base_url=google_panel.url, follow_redirects=True) as client:
        yield client


def test_whom_an_administrator_made_comes_in_to_the_wanted_page(
    client: httpx2.Client, provider: oidc.Provider, engine: FakeEngine
) -> None:
    answer = client.get("/signin/google?next=/agents/new")

    assert (answer.status_code, answer.url.path) == (200, "/agents/new")
    assert engine.vouched[-1]["email"] == ADMIN
    assert provider.asked[-1]["scope"] == "openid email profile"
    assert "polyant_journey" not in client.cookies


def test_a_stranger_is_told_whom_to_ask(
    client: httpx2.Client, provider: oidc.Provider, engine: FakeEngine
) -> None:
    provider.reset(email="eve@example.com", hd="example.com")

    answer = client.get("/signin/google")

    assert answer.status_code == 403
    assert "Nobody here has the address eve@example.com" in answer.text
    assert engine.vouched[-1]["mayJoin"] is False


def test_an_account_of_an_allowed_domain_joins(
    client: httpx2.Client, provider: oidc.Provider, engine: FakeEngine
) -> None:
    provider.reset(sub="g-9", email="new@example.org", hd="example.org")

    assert client.get("/signin/google").url.path == "/agents"
    assert engine.people["new@example.org"].role == "viewer"


@pytest.mark.parametrize(
    "wrong",
    [
        {"aud": "somebody-else"},
        {"iss": "https://evil.example.com"},
        {"nonce": "replayed"},
        {"exp": 1},
        {"email_verified": False},
    ],
)
def test_a_token_that_proves_nothing_is_refused(
    client: httpx2.Client, provider: oidc.Provider, engine: FakeEngine, wrong: dict[str, object]
) -> None:
    provider.wrong = wrong

    answer = client.get("/signin/google")

    assert answer.status_code == 401
    assert "did not confirm who you are" in answer.text
    assert not engine.vouched


def test_a_token_signed_by_somebody_else_is_refused(
    client: httpx2.Client, provider: oidc.Provider, engine: FakeEngine
) -> None:
    provider.signs_with_foreign_key = True

    assert client.get("/signin/google").status_code == 401
    assert not engine.vouched


def test_a_changed_key_of_the_provider_is_learned(
    client: httpx2.Client, provider: oidc.Provider
) -> None:
    client.get("/signin/google")
    provider.change_keys()

    assert client.get("/signin/google").url.path == "/agents"


def test_an_answer_is_good_once_and_in_one_browser(
    client: httpx2.Client, provider: oidc.Provider, google_panel: Process
) -> None:
    provider.reset(email=ADMIN)
    address = _answer_of(client)
    with httpx2.Client(base_url=google_panel.url) as other:
        assert other.get(address).status_code == 400

    assert client.get(address).url.path == "/agents"
    assert client.get(address).status_code == 400


def test_cancelling_leads_back_in_words(client: httpx2.Client, provider: oidc.Provider) -> None:
    provider.refusal = "access_denied"

    answer = client.get("/signin/google")

    assert answer.status_code == 401
    assert "was cancelled" in answer.text


def test_google_away_is_said_and_the_password_still_works(
    client: httpx2.Client, provider: oidc.Provider
) -> None:
    address = _answer_of(client)
    provider.is_away = True

    answer = client.get(address)

    assert answer.status_code == 503
    assert "Google cannot be reached" in answer.text
    assert 'name="password"' in answer.text


def _answer_of(client: httpx2.Client) -> str:
    """Go to the provider and stop before its answer reaches the panel."""
    there = client.get("/signin/google", follow_redirects=False).headers["location"]
    back = httpx2.get(there, follow_redirects=False).headers["location"]
    return str(back)
