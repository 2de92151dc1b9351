"""EdgeReady of HTTPRoutes: what the parents say, and nothing they did not say."""

from typing import Any

import pytest

from polyant_operator.api.conditions import Reason
from polyant_operator.verdicts import edge
from polyant_operator.verdicts.observed import EdgeSeen
from polyant_operator.verdicts.verdict import Verdict
from support.observations import healthy, instance

PUBLIC = {"name": "public", "namespace": "gateways"}
EDGE = {"type": "HTTPRoute", "host": "chat.test", "parentRefs": [PUBLIC]}


def said(
    kind: str, status: str = "True", reason: str = "", message: str = "", generation: int = 2
) -> dict[str, Any]:
    return {
        "type": kind,
        "status": status,
        "reason": reason or kind,
        "message": message,
        "observedGeneration": generation,
    }


def entry(*conditions: dict[str, Any], ref: dict[str, Any] | None = None) -> dict[str, Any]:
    """What one controller says for one parent; it accepts unless told otherwise."""
    spoken = {each["type"]: each for each in (said("Accepted"), said("ResolvedRefs"), *conditions)}
    return {
        "parentRef": {"group": "gateway.networking.k8s.io", "kind": "Gateway", **(ref or PUBLIC)},
        "controllerName": "example.com/controller",
        "conditions": list(spoken.values()),
    }


def route(*parents: dict[str, Any], name: str = "acme") -> dict[str, Any]:
    return {"metadata": {"name": name, "generation": 2}, "status": {"parents": list(parents)}}


def judged(
    *routes: dict[str, Any],
    fields: dict[str, Any] | None = None,
    current: bool = True,
    absent: frozenset[str] = frozenset(),
) -> Verdict:
    seen = EdgeSeen(routes=routes, current=current, absent=absent)
    spec = {"edge": {**EDGE, **(fields or {})}}
    return edge.edge_ready(instance(spec), healthy(edge=seen))


def test_a_route_that_its_parent_accepts_is_ready() -> None:
    verdict = judged(route(entry()))

    assert (verdict.status, verdict.reason) == ("True", Reason.ROUTE_ACCEPTED)
    assert verdict.message == "Gateway gateways/public accepted the routes for chat.test."


@pytest.mark.parametrize(
    ("parents", "words"),
    [
        ((), "No controller has answered for Gateway gateways/public about HTTPRoute acme"),
        ((entry(ref={"name": "public"}),), "No controller has answered"),
        ((entry(ref={**PUBLIC, "sectionName": "http"}),), "No controller has answered"),
        ((entry(said("Accepted", generation=1)),), "has not yet said Accepted about this version"),
        ((entry(said("ResolvedRefs", generation=1)),), "has not yet said ResolvedRefs"),
        (({**entry(), "conditions": [said("Accepted")]},), "has not yet said ResolvedRefs"),
        ((entry(said("Accepted", "Unknown", "Pending", "one moment")),), "one moment"),
        ((entry(said("Accepted", "False", "Pending", "one moment")),), "one moment"),
    ],
)
def test_silence_and_old_words_are_waited_for(
    parents: tuple[dict[str, Any], ...], words: str
) -> None:
    verdict = judged(route(*parents))

    assert (verdict.status, verdict.reason, verdict.stalled) == (
        "False",
        Reason.ROUTE_PENDING,
        False,
    )
    assert words in verdict.message


@pytest.mark.parametrize(
    ("condition", "words"),
    [
        (
            said("Accepted", "False", "NotAllowedByListeners", "namespace demo is\nnot allowed"),
            (
                "Gateway gateways/public (example.com/controller) says of HTTPRoute acme:"
                " Accepted is False, NotAllowedByListeners: namespace demo is not allowed"
            ),
        ),
        (
            said("Accepted", "False", "NoMatchingParent"),
            "Accepted is False, NoMatchingParent: without a message",
        ),
        (
            said("ResolvedRefs", "False", "BackendNotFound", "no Service acme-web"),
            "ResolvedRefs is False, BackendNotFound: no Service acme-web",
        ),
        (
            said("PartiallyInvalid", "True", "UnsupportedValue", "Dropped Rule 1"),
            "left out a part of HTTPRoute acme, UnsupportedValue: Dropped Rule 1",
        ),
    ],
)
def test_a_refusal_is_passed_on_in_the_controllers_words(
    condition: dict[str, Any], words: str
) -> None:
    verdict = judged(route(entry(condition)))

    assert (verdict.status, verdict.reason) == ("False", Reason.ROUTE_REFUSED)
    assert words in verdict.message


def test_every_parent_has_to_accept() -> None:
    other = {"name": "other"}
    fields = {"parentRefs": [PUBLIC, other]}

    waiting = judged(route(entry()), fields=fields)
    refused = judged(
        route(entry(), entry(said("Accepted", "False", "No"), ref=other)), fields=fields
    )
    accepted = judged(route(entry(), entry(ref={**other, "namespace": "ns"})), fields=fields)

    assert (waiting.reason, refused.reason, accepted.reason) == (
        Reason.ROUTE_PENDING,
        Reason.ROUTE_REFUSED,
        Reason.ROUTE_ACCEPTED,
    )
    assert "Gateway other" in waiting.message


def test_two_listeners_of_one_gateway_are_two_parents() -> None:
    listeners = [{**PUBLIC, "sectionName": name} for name in ("http", "https")]
    fields = {"parentRefs": listeners}

    half = judged(route(entry(ref=listeners[0])), fields=fields)
    whole = judged(route(*(entry(ref=ref) for ref in listeners)), fields=fields)

    assert (half.reason, whole.reason) == (Reason.ROUTE_PENDING, Reason.ROUTE_ACCEPTED)
    assert "Gateway gateways/public, section https" in half.message


def test_each_host_may_have_a_listener_of_its_own() -> None:
    chat, api = ({**PUBLIC, "sectionName": name} for name in ("chat", "api"))
    fields = {"parentRefs": [chat, api], "engineHost": "api.test"}
    other = said("Accepted", "False", "NoMatchingListenerHostname", "No match")

    apart = judged(
        route(entry(ref=chat), entry(other, ref=api)),
        route(entry(other, ref=chat), entry(ref=api), name="acme-engine"),
        fields=fields,
    )
    left_out = judged(
        route(entry(ref=chat), entry(other, ref=api)),
        route(entry(other, ref=chat), entry(other, ref=api), name="acme-engine"),
        fields=fields,
    )
    refused = judged(
        route(entry(ref=chat), entry(said("Accepted", "False", "NotAllowedByListeners"), ref=api)),
        route(entry(other, ref=chat), entry(ref=api), name="acme-engine"),
        fields=fields,
    )

    assert (apart.reason, left_out.reason, refused.reason) == (
        Reason.ROUTE_ACCEPTED,
        Reason.ROUTE_REFUSED,
        Reason.ROUTE_REFUSED,
    )
    assert "HTTPRoute acme-engine" in left_out.message


def test_one_host_that_fits_no_listener_is_refused() -> None:
    listeners = [{**PUBLIC, "sectionName": name} for name in ("http", "https")]
    other = said("Accepted", "False", "NoMatchingListenerHostname", "No match")

    found = judged(
        route(entry(ref=listeners[0]), entry(other, ref=listeners[1])),
        fields={"parentRefs": listeners},
    )

    assert found.reason is Reason.ROUTE_REFUSED


def test_two_controllers_of_one_parent_have_to_agree() -> None:
    verdict = judged(route(entry(), entry(said("Accepted", "False", "No"))))

    assert verdict.reason is Reason.ROUTE_REFUSED


def test_a_refusal_says_more_than_a_silence() -> None:
    refused = route(entry(said("Accepted", "False", "No")), name="acme-engine")

    assert judged(route(), refused).reason is Reason.ROUTE_REFUSED


def test_both_hosts_need_their_route() -> None:
    fields = {"engineHost": "api.test"}

    alone = judged(route(entry()), fields=fields)
    both = judged(route(entry()), route(entry(), name="acme-engine"), fields=fields)

    assert (alone.reason, both.reason) == (Reason.PENDING, Reason.ROUTE_ACCEPTED)
    assert "chat.test and api.test" in both.message


def test_an_answer_about_an_earlier_wish_does_not_count() -> None:
    assert judged(route(entry()), current=False).reason is Reason.ROUTE_PENDING


def test_a_controller_that_never_tells_the_generation_is_believed() -> None:
    parent = entry()
    for condition in parent["conditions"]:
        del condition["observedGeneration"]

    assert judged(route(parent)).reason is Reason.ROUTE_ACCEPTED


def test_nonsense_in_a_status_is_silence() -> None:
    nonsense: Any = [None, "x", {}, {"parentRef": "x"}, {"parentRef": {"port": []}}]

    assert judged(route(*nonsense)).reason is Reason.ROUTE_PENDING


def test_a_missing_api_is_told_with_its_cure() -> None:
    verdict = judged(absent=frozenset({"HTTPRoute"}))

    assert (verdict.status, verdict.reason) == ("False", Reason.EDGE_API_MISSING)
    assert (
        "no HTTPRoute in gateway.networking.k8s.io/v1. Install the Gateway API" in verdict.message
    )
