"""What statuses of the engine mean."""

import pytest

from polyant_web.engine import errors
from polyant_web.engine.transport import Reply


def reply(status: int, body: bytes = b'{"message":"no"}') -> Reply:
    return Reply(status=status, headers={"retry-after": "7"}, body=body)


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        (400, errors.Invalid),
        (401, errors.Unauthenticated),
        (403, errors.Forbidden),
        (404, errors.NotFound),
        (409, errors.Conflict),
        (413, errors.Invalid),
        (429, errors.TooMany),
        (418, errors.EngineRefused),
        (500, errors.EngineRefused),
    ],
)
def test_a_status_has_its_error(status: int, expected: type[errors.EngineRefused]) -> None:
    with pytest.raises(errors.EngineRefused) as caught:
        errors.check(reply(status))

    assert type(caught.value) is expected
    assert (caught.value.message, caught.value.retry_after) == ("no", 7)


def test_success_passes() -> None:
    assert errors.check(reply(204)).status == 204


def test_a_due_password_is_its_own_error() -> None:
    with pytest.raises(errors.PasswordExpired):
        errors.check(reply(403, b'{"message":"x","code":"password_change_required"}'))


@pytest.mark.parametrize("body", [b"", b"<html>bad gateway</html>", b"[]"])
def test_a_server_error_of_something_in_between_is_absence(body: bytes) -> None:
    with pytest.raises(errors.EngineAway):
        errors.check(reply(502, body))


def test_both_shapes_of_errors_are_read() -> None:
    body = b'{"error":{"message":"no such model","code":"model_not_found"}}'
    with pytest.raises(errors.NotFound) as caught:
        errors.check(reply(404, body))

    assert (caught.value.message, caught.value.code) == ("no such model", "model_not_found")


def test_an_error_that_is_a_word_is_not_taken_for_a_shape() -> None:
    with pytest.raises(errors.Invalid) as caught:
        errors.check(reply(400, b'{"message":"slug is bad","error":"Bad Request"}'))

    assert caught.value.message == "slug is bad"
