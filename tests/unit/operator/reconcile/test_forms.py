"""The form of secret values is checked before anything starts with them."""

import pytest

from polyant_operator.desired.uses import Form
from polyant_operator.reconcile import generating


@pytest.mark.parametrize(
    ("form", "good", "bad"),
    [
        (Form.ENCRYPTION_KEY, "ab" * 32, "ab" * 31),
        (Form.ENCRYPTION_KEY, "AB" * 32, "xy" * 32),
        (Form.AUTH_SECRET, "x" * 32, "x" * 31),
        (Form.INTERNAL_AUTH_SECRET, "x" * 16, "x" * 15),
        (Form.DATABASE_URL, "postgresql://u:p@h/d", "mysql://u:p@h/d"),
        (Form.DATABASE_URL, "postgres://u:p@h:5432/d?sslmode=require", "postgresql://h"),
        (Form.TEXT, "x", ""),
    ],
)
def test_a_value_has_its_form_or_not(form: Form, good: str, bad: str) -> None:
    assert generating.has_form(good, form)
    assert not generating.has_form(bad, form)


def test_anything_is_anything() -> None:
    assert generating.has_form("", Form.ANY)
