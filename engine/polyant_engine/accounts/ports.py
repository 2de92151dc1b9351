"""What the accounts need from outside."""

import uuid
from datetime import timedelta
from typing import Protocol

from polyant_engine.accounts.model import Attempts, Credentials, NewSession, User
from polyant_engine.core.principals import UserSession


class Store(Protocol):
    """Keeps users and sessions; each method that changes something writes its audit entry."""

    async def credentials(self, email: str) -> Credentials | None:
        """Find a person by e-mail address."""
        ...

    async def credentials_of(self, user_id: uuid.UUID) -> Credentials | None:
        """Find a person by id."""
        ...

    async def open_session(self, session: NewSession) -> None:
        """Store a session."""
        ...

    async def session(self, token_hash: bytes) -> tuple[UserSession, User] | None:
        """Find a live session and its person."""
        ...

    async def close_session(self, token_hash: bytes, client_address: str) -> None:
        """Revoke a session, if it is there."""
        ...

    async def change_password(
        self, session: UserSession, password_hash: str, client_address: str
    ) -> None:
        """Store a password that its owner chose, and revoke the person's other sessions."""
        ...

    async def renew_hash(self, user_id: uuid.UUID, old_hash: str, new_hash: str) -> None:
        """Store the same password under today's numbers, unless it was changed meanwhile."""
        ...


class AttemptCounter(Protocol):
    """Counts attempts exactly, over all replicas."""

    async def count(self, bucket: bytes, window: timedelta) -> Attempts:
        """Count one attempt and return all of the window."""
        ...

    async def clear(self, bucket: bytes, window: timedelta) -> None:
        """Forget a bucket, and those whose window is long over."""
        ...
