"""The environment of the panel."""

from pathlib import Path

import pytest

from polyant_web import settings
from polyant_web.settings import ConfigurationError
from support.panel import ENVIRON


def problems(**environ: str) -> list[str]:
    with pytest.raises(ConfigurationError) as caught:
        settings.load({**ENVIRON, **environ})
    return [problem.name for problem in caught.value.problems]


def test_two_secrets_are_enough() -> None:
    loaded = settings.load(ENVIRON)

    assert (loaded.port, loaded.metrics_port) == (3000, 9090)
    assert loaded.engine_url == "http://localhost:4000"
    assert (loaded.trust_host, loaded.proxy_hops) == (False, 0)


def test_every_problem_is_named_at_once() -> None:
    wrong = {
        "AUTH_SECRET": "short",
        "AUTH_INTERNAL_SECRET": "",
        "INTERNAL_ENGINE_URL": "engine:4000",
        "TRUST_PROXY": "loopback",
        "PORT": "0",
        "LOG_LEVEL": "loud",
        "AUTH_TRUST_HOST": "yes",
        "LISTEN_ADDRESS": "here",
    }

    assert set(problems(**wrong)) == set(wrong)


def test_an_error_says_what_to_do_and_never_the_value() -> None:
    with pytest.raises(ConfigurationError) as caught:
        settings.load({**ENVIRON, "AUTH_SECRET": "hunter2"})

    assert "at least 32 characters" in str(caught.value)
    assert "openssl rand -hex 32" in str(caught.value)
    assert "hunter2" not in str(caught.value)


def test_settings_do_not_show_secrets() -> None:
    assert ENVIRON["AUTH_SECRET"] not in repr(settings.load(ENVIRON))


def test_empty_is_unset() -> None:
    loaded = settings.load({**ENVIRON, "PORT": "", "TRUST_PROXY": " ", "NEXT_PUBLIC_API_URL": ""})

    assert (loaded.port, loaded.proxy_hops, loaded.public_api_url) == (3000, 0, None)


def test_a_secret_may_come_from_a_file(tmp_path: Path) -> None:
    file = tmp_path / "secret"
    file.write_text("s" * 40 + "\n")
    environ = {**ENVIRON, "AUTH_SECRET": "", "AUTH_SECRET_FILE": str(file)}

    assert settings.load(environ).auth_secret == "s" * 40


def test_a_missing_file_is_named_and_not_reported_twice(tmp_path: Path) -> None:
    names = problems(AUTH_SECRET="", AUTH_SECRET_FILE=str(tmp_path / "absent"))

    assert names == ["AUTH_SECRET_FILE"]


def test_a_secret_and_its_file_exclude_each_other(tmp_path: Path) -> None:
    assert "AUTH_SECRET" in problems(AUTH_SECRET_FILE=str(tmp_path))


@pytest.mark.parametrize(
    ("trust", "proxy", "hops"),
    [
        ("", "", 0),
        ("true", "", 1),
        ("true", "0", 0),
        ("true", "2", 2),
        ("true", "true", settings.TRUST_EVERY_PROXY),
        ("", "false", 0),
    ],
)
def test_one_proxy_is_meant_when_only_the_host_is_trusted(
    trust: str, proxy: str, hops: int
) -> None:
    loaded = settings.load({**ENVIRON, "AUTH_TRUST_HOST": trust, "TRUST_PROXY": proxy})

    assert loaded.proxy_hops == hops


def test_a_port_serves_one_purpose() -> None:
    assert problems(PORT="9090") == ["METRICS_PORT"]


def test_warn_means_warning() -> None:
    assert settings.load({**ENVIRON, "LOG_LEVEL": "warn"}).log_level == "warning"


def test_what_has_no_effect_is_known_with_its_reason() -> None:
    loaded = settings.load({**ENVIRON, "DATABASE_URL": "postgresql://x", "POSTGRES_DB": "y"})

    assert loaded.ignored == ("DATABASE_URL", "POSTGRES_DB")
    assert all(settings.ignored_because(name) for name in loaded.ignored)


def test_google_needs_both_halves() -> None:
    assert settings.load(ENVIRON).google is None
    with pytest.raises(ConfigurationError, match="GOOGLE_CLIENT_SECRET: expected"):
        settings.load({**ENVIRON, "GOOGLE_CLIENT_ID": "id"})
    with pytest.raises(ConfigurationError, match="GOOGLE_CLIENT_ID: expected"):
        settings.load({**ENVIRON, "GOOGLE_CLIENT_SECRET": "s"})


def test_google_sends_browsers_back_to_the_panels_address_or_where_they_came_from() -> None:
    pair = {**ENVIRON, "GOOGLE_CLIENT_ID": "id", "GOOGLE_CLIENT_SECRET": "s"}
    told = settings.load({**pair, "AUTH_URL": "https://chat.example.com/"}).google
    untold = settings.load(pair).google

    assert told is not None
    assert untold is not None
    assert told.redirect_uri("https://x") == "https://chat.example.com/api/auth/callback/google"
    assert untold.redirect_uri("https://x") == "https://x/api/auth/callback/google"
    assert told.issuer == "https://accounts.google.com"


def test_domains_are_read_without_case_and_rubbish_is_refused() -> None:
    loaded = settings.load({**ENVIRON, "AUTH_ALLOWED_DOMAINS": " Example.com, example.org ,"})

    assert loaded.allowed_domains == {"example.com", "example.org"}
    for wrong in ("*", "@example.com", "example", "a b.com"):
        with pytest.raises(ConfigurationError, match="AUTH_ALLOWED_DOMAINS"):
            settings.load({**ENVIRON, "AUTH_ALLOWED_DOMAINS": wrong})


@pytest.mark.parametrize(
    "url",
    ["ftp://engine", "http://", "http://u:p@engine", "http://engine?x=1", "http://engine:99999"],
)
def test_a_strange_engine_address_is_refused(url: str) -> None:
    assert problems(INTERNAL_ENGINE_URL=url) == ["INTERNAL_ENGINE_URL"]
