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
