"""Who is asking: the seam between authentication and everything else.

The gate (`core.routing`) makes a principal of the `Authorization: Bearer` header:

* no usable header                    -> `Anonymous`
* `ps_…` on a route with a permission -> `UserSession`, checked against the sessions table
* anything on a `deferred` route      -> `Bearer`: not checked yet. `/v1` verifies the agent key in
  the statement that opens the turn, to save a round trip, and calls `Authenticator.session` for `ps_…`.

`AgentKey` is what such a route makes of a verified `pk_…` key.
"""

import uuid
from dataclasses import dataclass
from typing import Protocol

from polyant_engine.core import ids
from polyant_engine.core.permissions import Permission, Role, is_granted


@dataclass(frozen=True, kw_only=True, slots=True)
class Anonymous:
    """Nobody we know."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Bearer:
    """A credential that nobody has verified yet."""

    token: str

    @property
    def is_session(self) -> bool:
        """Tell whether this claims to be a person's session rather than an agent key."""
        return self.token.startswith(ids.SESSION_PREFIX)


@dataclass(frozen=True, kw_only=True, slots=True)
class UserSession:
    """A person with a live session row."""

    session_id: uuid.UUID
    user_id: uuid.UUID
    email: str
    role: Role
    must_change_password: bool

    def may(self, permission: Permission) -> bool:
        """Tell whether this person's role holds a permission."""
        return is_granted(self.role, permission)


@dataclass(frozen=True, kw_only=True, slots=True)
class AgentKey:
    """A program holding the API key of one agent."""

    agent_id: uuid.UUID


Principal = Anonymous | Bearer | UserSession | AgentKey


class Authenticator(Protocol):
    """Knows sessions; implemented by `accounts`."""

    async def session(self, token: str) -> UserSession | None:
        """Return the live session of a `ps_…` token, or nothing if it does not count (any more)."""
        ...
