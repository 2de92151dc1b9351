"""References to a key of a Secret, always in the instance's own namespace.

Each kind of secret has its own usual key, so that `{name: acme-db}` is enough.
"""

from typing import Annotated

from pydantic import Field

from polyant_operator.api.model import Model, matching

SecretName = Annotated[
    str,
    Field(min_length=1, max_length=253),
    matching(
        r"[a-z0-9]([-a-z0-9.]*[a-z0-9])?",
        "is not a valid object name",
        "use lower-case letters, digits, '-' and '.'",
    ),
]
SecretKey = Annotated[
    str,
    Field(min_length=1, max_length=253),
    matching(
        r"[-._a-zA-Z0-9]+",
        "is not a valid key",
        "use letters, digits, '-', '_' and '.'",
    ),
]


class SecretKeyRef(Model):
    """One key of one Secret."""

    name: SecretName
    key: SecretKey


class DatabaseUrlRef(SecretKeyRef):
    """A Secret holding a PostgreSQL connection URL."""

    key: SecretKey = "uri"


class EncryptionKeyRef(SecretKeyRef):
    """A Secret holding an encryption key: 64 hexadecimal characters."""

    key: SecretKey = "ENCRYPTION_KEY"


class AuthSecretRef(SecretKeyRef):
    """A Secret holding the key of sessions: at least 32 characters."""

    key: SecretKey = "AUTH_SECRET"


class InternalAuthSecretRef(SecretKeyRef):
    """A Secret holding what panel and engine know each other by: at least 16 characters."""

    key: SecretKey = "AUTH_INTERNAL_SECRET"


class PasswordRef(SecretKeyRef):
    """A Secret holding a password."""

    key: SecretKey = "password"


class ClientIdRef(SecretKeyRef):
    """A Secret holding the id of an OAuth client."""

    key: SecretKey = "clientId"


class ClientSecretRef(SecretKeyRef):
    """A Secret holding the secret of an OAuth client."""

    key: SecretKey = "clientSecret"


class AccessKeyIdRef(SecretKeyRef):
    """A Secret holding the id of a key to object storage."""

    key: SecretKey = "accessKeyId"


class SecretAccessKeyRef(SecretKeyRef):
    """A Secret holding a key to object storage."""

    key: SecretKey = "secretAccessKey"


class ApiKeyRef(SecretKeyRef):
    """A Secret holding the API key of a model provider."""

    key: SecretKey = "apiKey"
