"""What follows from an edge: who is believed, and under which addresses the installation is known."""

from typing import Any

import pytest

from polyant_operator.api.instance import parse
from polyant_operator.desired import trust
from polyant_operator.desired.trust import Trust
from support.refusal import instance

INSIDE = "http://acme-engine.demo.svc:4001"


def derived(**edge: Any) -> Trust:
    return trust.derive(parse(instance({"edge": edge} if edge else {})))


def test_without_an_edge_nobody_in_front_is_believed() -> None:
    assert derived() == Trust(
        trust_proxy=0,
        auth_trust_host=False,
        web_url=None,
        engine_url=None,
        cors_origins=(),
        internal_engine_url=INSIDE,
    )


def test_one_host_serves_panel_and_api() -> None:
    assert derived(type="Ingress", host="chat.example.com") == Trust(
        trust_proxy=1,
        auth_trust_host=True,
        web_url="https://chat.example.com",
        engine_url="https://chat.example.com",
        cors_origins=("https://chat.example.com",),
        internal_engine_url=INSIDE,
    )


def test_a_second_host_is_the_engines() -> None:
    found = derived(type="Ingress", host="chat.example.com", engineHost="api.example.com")

    assert (found.engine_variables, found.web_variables) == (
        {
            "BASE_URL": "https://api.example.com",
            "CORS_ORIGINS": "https://chat.example.com",
            "NODE_ENV": "production",
            "TRUST_PROXY": "1",
        },
        {
            "AUTH_TRUST_HOST": "true",
            "AUTH_URL": "https://chat.example.com",
            "INTERNAL_ENGINE_URL": INSIDE,
            "NEXT_PUBLIC_API_URL": "https://api.example.com",
            "NODE_ENV": "production",
            "TRUST_PROXY": "1",
        },
    )


@pytest.mark.parametrize(
    ("edge", "web", "engine"),
    [
        (
            {"host": "a.example", "publicUrl": "http://a.example:8080"},
            "http://a.example:8080",
            None,
        ),
        ({"publicUrl": "https://a.example"}, "https://a.example", None),
        (
            {"host": "a.example", "engineHost": "b.example"},
            "https://a.example",
            "https://b.example",
        ),
        (
            {"host": "a.example", "enginePublicUrl": "https://b.example:1"},
            "https://a.example",
            "https://b.example:1",
        ),
    ],
)
def test_public_urls(edge: dict[str, str], web: str, engine: str | None) -> None:
    found = derived(type="External", **edge)

    assert (found.web_url, found.engine_url) == (web, engine or web)


def test_further_sites_may_call_and_none_is_there_twice() -> None:
    sites = ["https://shop.example.com", "https://chat.example.com"]
    found = derived(type="Ingress", host="chat.example.com", additionalCorsOrigins=sites)

    assert found.engine_variables["CORS_ORIGINS"] == (
        "https://chat.example.com,https://shop.example.com"
    )


def test_an_edge_that_was_switched_off_is_not_believed_any_more() -> None:
    found = derived(type="None", host="chat.example.com", trustedProxyHops=3)

    assert (found.trust_proxy, found.auth_trust_host, found.web_url) == (0, False, None)
