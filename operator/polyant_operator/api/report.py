"""What a migration says in its last words, read without trusting them.

The text comes out of a container: it may be cut, hostile or nothing at all. With
`FallbackToLogsOnError` it may also be the end of a log, in which the report is the last JSON line.
"""

from enum import StrEnum
from json import JSONDecodeError, loads
from typing import Annotated, Final

from pydantic import AfterValidator, Field, ValidationError

from polyant_operator.api.model import Reported

LONGEST: Final = 4096  # the kubelet cuts termination messages here


def _printable(text: str) -> str:
    return "".join(sign if sign.isprintable() else " " for sign in text).strip()


Word = Annotated[str, Field(max_length=128), AfterValidator(_printable)]
Sentence = Annotated[str, Field(max_length=LONGEST), AfterValidator(_printable)]


class ExitCode(StrEnum):
    """Why a migration ended, as its exit code says; the words equal the engine's."""

    INVALID_CONFIGURATION = "InvalidConfiguration"
    ENCRYPTION_KEY_MISMATCH = "EncryptionKeyMismatch"
    DATABASE_NOT_SUPPORTED = "DatabaseNotSupported"
    DATABASE_NEWER = "DatabaseNewer"
    INSTALLATION_MISMATCH = "InstallationMismatch"
    DATABASE_UNREACHABLE = "DatabaseUnreachable"
    MIGRATION_FAILED = "MigrationFailed"

    @property
    def code(self) -> int:
        """Give the number the process ends with."""
        return FIRST_CODE + tuple(ExitCode).index(self)


FIRST_CODE: Final = 64


class MigrationReport(Reported):
    """A migration that succeeded."""

    head: Word
    min_head: Word
    postgresql: Word = ""
    pgvector: Word = ""
    key_id: Annotated[str, Field(pattern="^[0-9a-f]{16}$")]
    installation_id: Word
    # Whether this run made the first administrator; None: an older release doesn't say.
    administrator_made: bool | None = None
    applied: Annotated[tuple[Word, ...], Field(max_length=256)] = ()


class MigrationError(Reported):
    """A migration that failed, in its own words."""

    code: Annotated[int, Field(ge=0, le=255)]
    reason: ExitCode
    message: Sentence = ""
    cure: Sentence = ""


def report(text: str | None) -> MigrationReport | None:
    """Read a success out of a termination message."""
    try:
        return MigrationReport.model_validate_json(_last_line(text), strict=True)
    except ValidationError:
        return None


def error(text: str | None, code: int) -> MigrationError:
    """Read a failure out of a termination message; the exit code is believed before the text."""
    reason = reason_of(code)
    told = _told(text)
    if told is not None and told.code == code and told.reason is reason:
        return told
    said = _printable((text or "")[-500:])
    return MigrationError(code=max(0, min(code, 255)), reason=reason, message=said)


def reason_of(code: int) -> ExitCode:
    """Name an exit code; one that isn't ours is a failed migration."""
    reasons = {reason.code: reason for reason in ExitCode}
    return reasons.get(code, ExitCode.MIGRATION_FAILED)


def _told(text: str | None) -> MigrationError | None:
    try:
        content = loads(_last_line(text))
        if not isinstance(content, dict):
            return None
        return MigrationError.model_validate(content.get("error"))
    except (JSONDecodeError, RecursionError, ValidationError):
        return None


def _last_line(text: str | None) -> str:
    lines = [line.strip() for line in (text or "")[-LONGEST:].splitlines()]
    return next((line for line in reversed(lines) if line.startswith("{")), "")
