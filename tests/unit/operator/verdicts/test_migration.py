"""The policy of tries: which, when, and what people are told."""

import json
from dataclasses import replace
from datetime import timedelta

import pytest

from polyant_operator.api.conditions import Reason
from polyant_operator.verdicts import migration, pods
from polyant_operator.verdicts.migration import Try
from polyant_operator.verdicts.observed import Attempt
from support import observations
from support.observations import NOW, attempt, healthy


def told(code: int, reason: str) -> str:
    words = {"code": code, "reason": reason, "message": "the message", "cure": "the cure"}
    return json.dumps({"error": words})


def test_the_first_try_is_due_at_once() -> None:
    assert migration.next_try((), NOW) == Try(number=1, after=0)


def test_nothing_is_due_while_a_try_runs_or_after_a_success() -> None:
    assert migration.next_try((attempt(),), NOW) == Try()
    assert migration.next_try((attempt(code=0),), NOW) == Try()


@pytest.mark.parametrize(
    ("number", "pause"), [(1, 5), (2, 10), (3, 20), (4, 40), (5, 60), (50, 60)]
)
def test_an_unreachable_database_is_tried_ever_more_slowly_up_to_a_minute(
    number: int, pause: float
) -> None:
    due = migration.next_try((attempt(number, code=69),), NOW)

    assert due == Try(number=number + 1, after=pause)


@pytest.mark.parametrize("code", [64, 65, 66, 67, 68])
def test_a_stall_is_looked_at_again_after_five_minutes(code: int) -> None:
    assert migration.next_try((attempt(code=code, ago=100),), NOW) == Try(number=2, after=200)


def test_a_failed_migration_is_tried_three_times_and_then_slowly() -> None:
    tries = tuple(attempt(number, code=70) for number in (1, 2, 3))

    assert migration.next_try(tries[:2], NOW) == Try(number=3, after=10)
    assert migration.next_try(tries, NOW) == Try(number=4, after=300)


def test_tries_that_found_no_database_do_not_count_as_failed_migrations() -> None:
    unreachable = tuple(attempt(number, code=69) for number in (1, 2))
    observed = healthy(attempts=(*unreachable, attempt(3, code=70)))

    assert not migration.migrated(observed).stalled


def test_an_unknown_exit_code_counts_as_a_failed_migration() -> None:
    failure = migration.failure_of(attempt(code=137))

    assert failure.error.reason == "MigrationFailed"
    assert failure.error.code == 137


def test_a_job_without_pods_speaks_for_itself() -> None:
    lost = attempt(code=70)
    lost.job["status"]["conditions"][0]["message"] = "Job was active longer than allowed"
    observed = healthy(attempts=(Attempt(number=1, job=lost.job),))

    assert "active longer than allowed" in migration.migrated(observed).message


def test_the_report_is_that_of_the_try_that_succeeded() -> None:
    tries = (attempt(1, code=70), attempt(2, code=0, message=observations.REPORT))

    report = migration.report_of(tries)

    assert report is not None
    assert report.head == "0003"


def test_a_message_says_code_words_and_cure() -> None:
    observed = healthy(attempts=(attempt(code=66, message=told(66, "DatabaseNotSupported")),))

    verdict = migration.migrated(observed)

    assert verdict.reason is Reason.DATABASE_NOT_SUPPORTED
    assert verdict.message == "Exit code 66: the message. the cure"


@pytest.mark.parametrize("unconfirmed", [True, False])
def test_only_a_key_that_never_fitted_is_to_be_replaced(*, unconfirmed: bool) -> None:
    observed = healthy(
        attempts=(attempt(code=65),), key_unconfirmed=unconfirmed, key_secret="acme-encryption-key"
    )

    message = migration.migrated(observed).message

    assert ("restore the earlier one" in message) == unconfirmed


def test_a_try_that_is_running_again_hides_no_stall() -> None:
    observed = healthy(attempts=(attempt(1, code=65), attempt(2)))

    assert migration.migrated(observed).stalled


def test_a_program_that_ended_is_no_crash_while_its_job_has_not_said_so() -> None:
    """The container is known to have ended a moment before the pod and the Job are."""
    ended = {"terminated": {"exitCode": 69, "message": told(69, "DatabaseUnreachable")}}
    pod = observations.pod(ended, phase="Running", conditions={"Ready": "False"})
    verdict = migration.migrated(healthy(attempts=(replace(attempt(), pods=(pod,)),)))

    assert verdict.reason is Reason.MIGRATION_RUNNING
    assert "cannot start" not in verdict.message


@pytest.mark.parametrize(
    ("pod", "reason", "words"),
    [
        (
            observations.waiting("ImagePullBackOff", "not found"),
            Reason.IMAGE_PULL_FAILED,
            "image r/i:1 for container c of pod acme-pod. not found",
        ),
        (
            observations.waiting("CreateContainerConfigError", 'secret "x" not found'),
            Reason.CONTAINER_NOT_CREATED,
            'secret "x" not found',
        ),
        (
            observations.pod(conditions={"PodScheduled": "False"}),
            Reason.UNSCHEDULABLE,
            "No node takes pod acme-pod: PodScheduled message",
        ),
        (
            observations.pod(
                {"waiting": {"reason": "CrashLoopBackOff"}},
                last={
                    "terminated": {
                        "exitCode": 64,
                        "reason": "Error",
                        "message": "BASE_URL is wrong",
                    }
                },
            ),
            Reason.CRASH_LOOPING,
            "exit code 64, 2 restarts. Its last words: BASE_URL is wrong",
        ),
        (
            observations.pod(
                {"waiting": {"reason": "CrashLoopBackOff"}},
                last={"terminated": {"exitCode": 137, "reason": "OOMKilled"}},
            ),
            Reason.CRASH_LOOPING,
            "exit code 137 (OOMKilled)",
        ),
        (
            observations.pod({"running": {}}, phase="Running", conditions={"Ready": "False"}),
            Reason.NOT_READY,
            "runs but is not ready. Ready message",
        ),
    ],
)
def test_what_a_pod_waits_for_is_said_in_its_own_words(
    pod: dict[str, object], reason: Reason, words: str
) -> None:
    found = pods.trouble((pod,), NOW)

    assert found is not None
    assert found.reason is reason
    assert words in found.message


@pytest.mark.parametrize(("age", "stalled"), [(299, False), (300, True)])
def test_an_image_is_waited_for_five_minutes(age: int, *, stalled: bool) -> None:
    found = pods.trouble((observations.waiting("ErrImagePull", age=age),), NOW)

    assert found is not None
    assert found.stalled == stalled


def test_pods_that_are_ready_or_on_their_way_out_have_no_trouble() -> None:
    ready = observations.pod({"running": {}}, conditions={"Ready": "True"})
    gone = observations.ended(1)

    assert pods.trouble((ready, gone), NOW) is None


@pytest.mark.parametrize("jump", [-3600, 3600])
def test_a_clock_that_jumps_neither_delays_a_try_nor_starts_a_series_of_them(jump: int) -> None:
    failed = attempt(code=66, ago=0)
    now = NOW + timedelta(seconds=jump)

    due = migration.next_try((failed,), now, 0.0)
    assert due.after == (300 if jump < 0 else 0), "at most one try comes early"
    assert migration.next_try((failed,), now, 300.0) == Try(number=2, after=0)
