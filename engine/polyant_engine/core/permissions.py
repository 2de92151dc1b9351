"""Roles, permissions, and which role holds which: the whole table on one page."""

from enum import StrEnum


class Role(StrEnum):
    """What a person is in this installation, strongest first."""

    SUPERADMIN = "superadmin"
    ADMIN = "admin"
    EDITOR = "editor"
    VIEWER = "viewer"


class Permission(StrEnum):
    """What a route may ask for."""

    ACCOUNT_OWN = "account:own"  # one's own profile and password
    AGENT_READ = "agent:read"
    MODEL_READ = "model:read"
    CONVERSATION_READ = "conversation:read"
    AGENT_WRITE = "agent:write"
    CHAT = "chat"  # costs money at the model provider, so a viewer may not
    AGENT_DELETE = "agent:delete"
    SECRET_READ = "secret:read"  # noqa: S105  names of secrets, never values
    SECRET_WRITE = "secret:write"  # noqa: S105  the permission, not a secret
    API_KEY_WRITE = "api-key:write"
    USER_MANAGE = "user:manage"
    INSTALLATION_MANAGE = "installation:manage"


_VIEWER = frozenset(
    {
        Permission.ACCOUNT_OWN,
        Permission.AGENT_READ,
        Permission.MODEL_READ,
        Permission.CONVERSATION_READ,
    }
)
_EDITOR = _VIEWER | {Permission.AGENT_WRITE, Permission.CHAT}
_ADMIN = _EDITOR | {
    Permission.AGENT_DELETE,
    Permission.SECRET_READ,
    Permission.SECRET_WRITE,
    Permission.API_KEY_WRITE,
}
GRANTS = {
    Role.VIEWER: _VIEWER,
    Role.EDITOR: _EDITOR,
    Role.ADMIN: _ADMIN,
    Role.SUPERADMIN: frozenset(Permission),
}


def is_granted(role: Role, permission: Permission) -> bool:
    """Tell whether a role holds a permission."""
    return permission in GRANTS[role]
