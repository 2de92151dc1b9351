"""Which proxy a URL is reached through, and what is reached without one."""

import pytest

from polyant_engine.core.proxies import Proxies

HTTPS, HTTP = "http://secure.proxy:3128", "http://plain.proxy:3128"


def through(url: str, *exceptions: str) -> str | None:
    return Proxies(https=HTTPS, http=HTTP, exceptions=exceptions).of(url)


def test_each_scheme_has_its_proxy() -> None:
    assert through("https://example.com/") == HTTPS
    assert through("http://example.com/") == HTTP
    assert Proxies(https=HTTPS).of("http://example.com/") is None


@pytest.mark.parametrize(
    ("url", "exception"),
    [
        ("https://example.com/", "example.com"),
        ("https://EXAMPLE.com/", "example.com"),
        ("https://api.example.com/", "example.com"),
        ("https://api.example.com/", ".example.com"),
        ("https://acme.demo.svc/", ".svc"),
        ("https://example.com:8443/", "example.com:8443"),
        ("https://example.com/", "example.com:443"),
        ("https://10.1.2.3/", "10.0.0.0/8"),
        ("https://10.1.2.3/", "10.1.2.3"),
        ("https://[fd00::1]/", "fd00::/8"),
        ("https://[::1]:9000/", "::1"),
        ("https://[::1]:9000/", "[::1]:9000"),
        ("https://example.com/", "*"),
    ],
)
def test_an_exception_is_reached_directly(url: str, exception: str) -> None:
    assert through(url, "other.test", exception) is None


@pytest.mark.parametrize(
    ("url", "exception"),
    [
        ("https://example.com/", ".example.com"),
        ("https://notexample.com/", "example.com"),
        ("https://example.com/", "example.com:8443"),
        ("https://11.1.2.3/", "10.0.0.0/8"),
        ("https://example.com/", "10.0.0.0/8"),
        ("https://[::1]:9001/", "[::1]:9000"),
    ],
)
def test_anything_else_is_not(url: str, exception: str) -> None:
    assert through(url, exception) == HTTPS
