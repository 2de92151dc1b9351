"""The first administrator, created by the migration of an empty database."""

from typing import Annotated

from pydantic import Field

from polyant_operator.api.model import Model, matching
from polyant_operator.api.references import PasswordRef

Email = Annotated[
    str,
    Field(min_length=3, max_length=254),
    matching(r"[^@\s]+@[^@\s]+", "is not an e-mail address", "write for example ops@example.com"),
]


class Admin(Model):
    """Who signs in first; a password left out is generated."""

    email: Email = "administrator@local"
    password_secret_ref: PasswordRef | None = None
