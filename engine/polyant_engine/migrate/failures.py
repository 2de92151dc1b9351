"""How a migration may end badly: each ending has an exit code, a reason, a message and a cure.

    MigrationFailure
      InvalidConfiguration    64
      EncryptionKeyMismatch   65
      DatabaseNotSupported    66
      DatabaseNewer           67
      InstallationMismatch    68
      DatabaseUnreachable     69   worth another try
      MigrationFailed         70

The operator reads code and reason; people read message and cure, so these end the search.
"""

from typing import ClassVar


class MigrationFailure(Exception):
    """The database is not ready to be served from."""

    code: ClassVar[int]

    def __init__(self, message: str, cure: str) -> None:
        super().__init__(message)
        self.message = message
        self.cure = cure

    @property
    def reason(self) -> str:
        """Return the word that programs read."""
        return type(self).__name__


class InvalidConfiguration(MigrationFailure):
    """The environment is wrong."""

    code = 64


class EncryptionKeyMismatch(MigrationFailure):
    """No configured key can read the secrets in this database."""

    code = 65


class DatabaseNotSupported(MigrationFailure):
    """This server, or what is in this database, cannot be used."""

    code = 66


class DatabaseNewer(MigrationFailure):
    """A newer release has changed the schema beyond this one."""

    code = 67


class InstallationMismatch(MigrationFailure):
    """The data belongs to another installation."""

    code = 68


class DatabaseUnreachable(MigrationFailure):
    """The database does not answer, or not as a database that can be written."""

    code = 69


class MigrationFailed(MigrationFailure):
    """A migration, or the wait for another one, failed."""

    code = 70
