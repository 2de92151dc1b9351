"""Complaints find their fields."""

from typing import Any

import orjson

from polyant_web.engine.errors import Conflict, Invalid
from polyant_web.engine.transport import Reply
from polyant_web.pages import validation

FIELDS = ("slug", "name")


def invalid(**body: Any) -> Invalid:
    return Invalid(Reply(status=400, headers={}, body=orjson.dumps(body)))


def test_a_named_field_gets_its_message() -> None:
    found = validation.sort(invalid(errors=[{"field": "slug", "message": "is taken"}]), FIELDS)

    assert found.fields == {"slug": "Is taken."}


def test_the_first_word_names_the_field() -> None:
    found = validation.sort(invalid(message=["slug must be short", "name: is empty"]), FIELDS)

    assert found.fields == {"slug": "Slug must be short.", "name": "Is empty."}


def test_messages_joined_by_semicolons_are_taken_apart() -> None:
    found = validation.sort(invalid(message="slug: too long; name: is empty"), FIELDS)

    assert found.fields == {"slug": "Too long.", "name": "Is empty."}


def test_a_semicolon_inside_a_message_stays() -> None:
    found = validation.sort(invalid(message="slug: 'x' is odd; choose one of: a, b."), FIELDS)

    assert found.fields == {"slug": "'x' is odd; choose one of: a, b."}


def test_what_fits_no_field_is_shown_on_top() -> None:
    found = validation.sort(invalid(message="the moon is full"), FIELDS)

    assert (found.fields, found.form) == ({}, ("The moon is full.",))


def test_a_conflict_is_about_the_field_that_is_unique() -> None:
    error = Conflict(Reply(status=409, headers={}, body=b'{"message":"exists already"}'))

    assert validation.sort(error, FIELDS, conflict="slug").fields == {"slug": "Exists already."}


def test_an_error_without_a_body_still_says_something() -> None:
    found = validation.sort(Invalid(Reply(status=400, headers={}, body=b"")), FIELDS)

    assert found.form == ("The engine gave no reason.",)
