"""A secret that engine and panel share is changed without a pod that nobody understands."""

from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as some

from polyant_operator.api.instance import parse
from polyant_operator.api.labels import Component
from polyant_operator.desired import environment, rotation, uses
from polyant_operator.desired.rotation import Shared, next_step
from support.refusal import instance

OWN = {
    "secrets": {
        "authSecretRef": {"name": "own", "key": "AUTH_SECRET"},
        "internalAuthSecretRef": {"name": "own", "key": "AUTH_INTERNAL_SECRET"},
    }
}


@dataclass
class Pods:
    """Pods that know the copy as it was when each of them started."""

    copy: Shared
    knows: list[Shared] = field(default_factory=list)

    def restart(self, which: int) -> None:
        self.knows[which % len(self.knows)] = self.copy

    @property
    def settled(self) -> bool:
        return all(known == self.copy for known in self.knows)

    def misunderstood(self) -> set[str]:
        """What some pod uses and another does not accept."""
        used = {known.in_use for known in self.knows}
        return {
            value
            for value in used
            for known in self.knows
            if value not in (known.in_use, known.accepted)
        }


@given(some.lists(some.tuples(some.sampled_from("WSP"), some.integers(0, 3)), max_size=60))
def test_whatever_happens_in_whatever_order_every_pod_understands_every_other(
    events: list[tuple[str, int]],
) -> None:
    """W: the user writes another value. S: the operator takes a step. P: a pod is replaced."""
    wanted, pods = "0", Pods(Shared(in_use="0"))
    pods.knows = [pods.copy] * 4
    for event, number in events:
        if event == "W":
            wanted = str(number)
        elif event == "S":
            pods.copy = next_step(pods.copy, wanted, settled=pods.settled)
        else:
            pods.restart(number)

        assert pods.misunderstood() == set()


def test_three_steps_lead_from_one_value_to_another() -> None:
    one = Shared(in_use="1")
    both = next_step(one, "2", settled=True)
    flipped = next_step(both, "2", settled=True)
    done = next_step(flipped, "2", settled=True)

    assert (both, flipped, done) == (
        Shared(in_use="1", accepted="2"),
        Shared(in_use="2", accepted="1"),
        Shared(in_use="2"),
    )
    assert next_step(done, "2", settled=True) == done


@pytest.mark.parametrize(
    "now", [Shared(in_use="1", accepted="2"), Shared(in_use="2", accepted="1")]
)
def test_no_step_is_taken_before_the_last_is_over(now: Shared) -> None:
    assert next_step(now, "2", settled=False) == now


def test_pods_read_the_copy_and_never_the_users_own_secret() -> None:
    spec = parse(instance(OWN))
    read = {
        (use.variable, use.secret)
        for part in (Component.ENGINE, Component.WEB)
        for use in uses.variables(spec, part)
        if use.variable.startswith("AUTH_")
    }

    assert read == {
        ("AUTH_SECRET", "acme-auth-in-use"),
        ("AUTH_SECRET_PREVIOUS", "acme-auth-in-use"),
        ("AUTH_INTERNAL_SECRET", "acme-auth-in-use"),
        ("AUTH_INTERNAL_SECRET_PREVIOUS", "acme-auth-in-use"),
    }
    assert {use.field for use in uses.all_uses(spec) if use.secret == "own"} == {
        "spec.secrets.authSecretRef",
        "spec.secrets.internalAuthSecretRef",
    }


def test_the_second_value_may_be_absent() -> None:
    variables = environment.engine(parse(instance(OWN)))
    (second,) = [each for each in variables if each["name"] == "AUTH_INTERNAL_SECRET_PREVIOUS"]

    assert second["valueFrom"]["secretKeyRef"]["optional"] is True


def test_generated_secrets_never_change_so_there_is_no_copy() -> None:
    assert "acme-auth-in-use" not in {use.secret for use in uses.all_uses(parse(instance({})))}


def test_what_is_written_is_read_back() -> None:
    made = rotation.manifest(
        parse(instance(OWN)), {"AUTH_SECRET": Shared(in_use="new", accepted="old")}
    )

    assert made["data"] == {"AUTH_SECRET": "bmV3", "AUTH_SECRET_PREVIOUS": "b2xk"}
    assert rotation.read(
        "AUTH_SECRET", {"AUTH_SECRET": b"new", "AUTH_SECRET_PREVIOUS": b"old"}
    ) == (Shared(in_use="new", accepted="old"))


def test_a_secret_is_not_shown() -> None:
    assert "hush" not in repr(Shared(in_use="hush", accepted="hush too"))
