"""HTTP statuses become named errors."""

import pytest

from polyant_operator.kube import errors


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        (400, errors.Invalid),
        (401, errors.Unauthorized),
        (403, errors.Forbidden),
        (404, errors.NotFound),
        (409, errors.Conflict),
        (410, errors.Gone),
        (418, errors.Rejected),
        (422, errors.Invalid),
        (429, errors.Unavailable),
        (500, errors.Unavailable),
        (504, errors.Unavailable),
    ],
)
def test_a_status_has_a_name(code: int, kind: type[errors.KubeError]) -> None:
    error = errors.from_response(code, "words", 3.0)

    assert type(error) is kind
    assert "words" in str(error)
    if isinstance(error, errors.Unavailable):
        assert error.retry_after == 3.0


VALIDATING = (
    "ValidatingAdmissionPolicy 'no-jobs' with binding 'no-jobs.here' denied request: not here"
)
WEBHOOK = 'admission webhook "validate.example.com" denied the request: not here'


@pytest.mark.parametrize("words", [VALIDATING, WEBHOOK])
@pytest.mark.parametrize("code", [400, 401, 403, 413, 422])
def test_a_policy_objects_by_whatever_code_it_likes(code: int, words: str) -> None:
    assert type(errors.from_response(code, words)) is errors.Denied


def test_a_webhook_that_fails_objects_to_nothing() -> None:
    words = 'failed calling webhook "validate.example.com": connection refused'

    assert type(errors.from_response(500, words)) is errors.Unavailable
