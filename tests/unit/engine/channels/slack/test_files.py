"""Whom the bot's token is told to fetch a file."""

import pytest

from polyant_engine.channels.slack.files import is_vendor

SLACK = "https://slack.com"


@pytest.mark.parametrize(
    "url",
    [
        "https://files.slack.com/files-pri/T1-F1/a.png",
        "https://files-origin.slack.com/files-pri/T1-F1/a.png",
        "https://slack-files.com/T1-F1",
        "https://slack.com/",
        "https://FILES.SLACK.COM:443/x",
        "https://wss-primary.slack.com/link/?ticket=1",
    ],
)
def test_the_vendors_hosts_are_told(url: str) -> None:
    assert is_vendor(url, SLACK)


@pytest.mark.parametrize(
    "url",
    [
        "http://files.slack.com/x",
        "https://files.slack.com:8443/x",
        "https://slack.com.evil.example/x",
        "https://notslack.com/x",
        "https://slack.com@evil.example/x",
        "https://evil.example/files.slack.com",
        "https://evil.example#.slack.com",
        "https://[::1/x",
        "https://slack.com:port/x",
        "file:///etc/passwd",
        "//slack.com/x",
        "",
    ],
)
def test_nobody_else_is(url: str) -> None:
    assert not is_vendor(url, SLACK)


def test_another_base_is_told_with_its_port_only() -> None:
    assert is_vendor("http://127.0.0.1:8801/files-pri/x", "http://127.0.0.1:8801")
    assert not is_vendor("http://127.0.0.1:8802/files-pri/x", "http://127.0.0.1:8801")
