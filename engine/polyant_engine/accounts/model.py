"""Users and sessions as values, and the rules about passwords."""

import uuid
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from polyant_engine.core import errors
from polyant_engine.core.permissions import Role

MIN_PASSWORD = 8
MAX_PASSWORD = 1024  # argon2 takes any length; a megabyte of password is an attack
GENERATED_PASSWORD_BYTES = 15

SESSION_LIFETIME = timedelta(days=30)
SESSION_IDLE = timedelta(days=7)

FIRST_ADMIN_NAME = "administrator"


@dataclass(frozen=True, kw_only=True, slots=True)
class User:
    """A person."""

    id: uuid.UUID
    email: str
    name: str
    role: Role
    must_change_password: bool
    created_at: datetime
    updated_at: datetime

    def wire(self) -> dict[str, object]:
        """Return what the API shows of a person."""
        return {
            "id": str(self.id),
            "email": self.email,
            "name": self.name,
            "role": self.role.value,
            "mustChangePassword": self.must_change_password,
            "createdAt": self.created_at.isoformat(),
            "updatedAt": self.updated_at.isoformat(),
        }


@dataclass(frozen=True, kw_only=True, slots=True)
class Credentials:
    """A person together with the hash of the password."""

    user: User
    password_hash: str = field(repr=False)


@dataclass(frozen=True, kw_only=True, slots=True)
class NewSession:
    """A session about to be stored; only the hash of its token is."""

    id: uuid.UUID
    user_id: uuid.UUID
    token_hash: bytes = field(repr=False)
    client_address: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Attempts:
    """How many attempts to sign in a bucket has seen in its window."""

    count: int
    retry_after_seconds: int


class PasswordRefused(errors.BadRequest):
    """A new password does not meet the rules."""


def check_new_password(password: str) -> None:
    """Raise unless a new password meets the rules."""
    if not MIN_PASSWORD <= len(password) <= MAX_PASSWORD:
        raise PasswordRefused(
            f"The new password needs {MIN_PASSWORD} to {MAX_PASSWORD} characters.",
            param="newPassword",
            code="password_length",
        )


def normal_email(text: str) -> str:
    """Return the form in which addresses are stored and compared."""
    return text.strip().lower()
