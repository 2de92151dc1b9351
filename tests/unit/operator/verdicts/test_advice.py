"""What a person should know of a spec that works."""

from pathlib import Path
from typing import Any

import pytest

from polyant_operator.api.instance import parse
from polyant_operator.verdicts import advice
from polyant_operator.verdicts.advice import Surroundings, Topic
from support.refusal import instance

DOCS = Path(__file__).parents[4] / "docs"
NAMED: dict[str, Any] = {"edgeFrom": [], "metricsFrom": []}
EMBEDDED: dict[str, Any] = {"database": {"embedded": {}}}
ALLOW = [{"to": [{"ipBlock": {"cidr": "10.0.0.0/8"}}]}]


def topics(spec: dict[str, Any], around: Surroundings | None = None) -> list[str]:
    found = advice.of(parse(instance(spec)), around or Surroundings())
    return [each.topic.value for each in found]


@pytest.mark.parametrize(
    ("spec", "expected"),
    [
        ({}, ["EdgeOpenToAll"]),
        ({"networkPolicy": {"enabled": False}}, []),
        ({"networkPolicy": NAMED}, []),
        ({"monitoring": {"podMonitor": {}}}, ["EdgeOpenToAll", "MetricsOpenToAll"]),
        ({"networkPolicy": NAMED, "monitoring": {"podMonitor": {}}}, []),
        # The default database of these instances is behind a URL.
        ({"networkPolicy": {**NAMED, "egress": "Restricted"}}, ["DatabaseNotInPolicy"]),
        ({"networkPolicy": {**NAMED, "egress": "Restricted", "allow": ALLOW}}, []),
        ({**EMBEDDED, "networkPolicy": {**NAMED, "egress": "Restricted"}}, []),
    ],
)
def test_what_is_told(spec: dict[str, Any], expected: list[str]) -> None:
    assert topics(spec) == expected


def test_what_the_cluster_lacks_matters_only_to_who_asks_for_it() -> None:
    poor = Surroundings(
        knows_api_server=False, has_pod_monitors=False, named_proxies=("proxy.test",)
    )
    restricted = {**EMBEDDED, "networkPolicy": {**NAMED, "egress": "Restricted"}}

    assert topics({"networkPolicy": NAMED}, poor) == []
    assert topics(restricted, poor) == ["ApiServerPartlyKnown", "ProxyNotInPolicy"]
    monitored = {"networkPolicy": NAMED, "monitoring": {"podMonitor": {}}}
    assert topics(monitored, poor) == ["PodMonitorUnavailable"]


def test_every_topic_is_explained() -> None:
    pages = ("howto/network-policies.md", "howto/monitoring.md", "reference/leadership.md")
    text = "".join((DOCS / page).read_text() for page in pages)

    assert [topic for topic in Topic if f"`{topic.value}`" not in text] == []
