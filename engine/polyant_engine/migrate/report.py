"""The end of a migration as one line of JSON, for programs.

It goes to standard output and, in Kubernetes, to the termination message that the operator reads.
"""

import contextlib
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

from polyant_engine.migrate.failures import MigrationFailure

MAX_BYTES = 3500  # Kubernetes cuts at 4096 and escaping may lengthen
CUT = " …"


@dataclass(frozen=True, kw_only=True)
class Report:
    """What a successful migration has to say."""

    head: str
    min_head: str
    postgresql: str  # the major version
    pgvector: str
    key_id: str
    installation_id: str
    administrator_made: bool  # by this run, with the password it was given
    applied: tuple[str, ...]

    def wire(self) -> dict[str, Any]:
        """Return the names that the operator reads."""
        return {
            "head": self.head,
            "minHead": self.min_head,
            "postgresql": self.postgresql,
            "pgvector": self.pgvector,
            "keyId": self.key_id,
            "installationId": self.installation_id,
            "administratorMade": self.administrator_made,
            "applied": list(self.applied),
        }


def failure(error: MigrationFailure) -> dict[str, Any]:
    """Return a failure in the operator's words, short enough for a termination message."""
    message, cure = error.message, error.cure
    while True:
        found = {"code": error.code, "reason": error.reason, "message": message, "cure": cure}
        excess = len(orjson.dumps({"error": found})) - MAX_BYTES
        if excess <= 0:
            return {"error": found}
        kept = max(0, len(message) - excess - len(CUT.encode()))
        message = message[:kept] + CUT
        cure = cure if kept else cure[: MAX_BYTES // 4]


def publish(value: dict[str, Any], path: Path) -> None:
    """Write the line where it is read; a missing termination log is no error."""
    line = orjson.dumps(value) + b"\n"
    os.write(1, line)
    if path.exists() or not path.is_relative_to("/dev"):  # never make a plain file under /dev
        with contextlib.suppress(OSError):
            path.write_bytes(line)
