"""The mark of a rollout: who asked for it, and after which migration it may go.

    polyant.ai/rollout: operator/3f2a91c07b      the operator itself: its release, its settings, a Secret
    polyant.ai/rollout: spec/3f2a91c07b          a change of the instance's own spec

It is on the migration Job first and on the workloads once they are applied, so that a rollout which
waits for its migration is recognised by whoever comes next, and nothing has to be remembered. Objects
that were made and never rolled carry none.
"""

from typing import Final

from polyant_operator.api.names import HASH_LENGTH

OPERATOR: Final = "operator"
SPEC: Final = "spec"


def mark(asked_by: str, migration_hash: str) -> str:
    """Write the mark of a rollout."""
    return f"{asked_by}/{migration_hash[:HASH_LENGTH]}"


def is_operators(text: str) -> bool:
    """Whether a mark says that nobody asked for the rollout but the operator."""
    return text.startswith(f"{OPERATOR}/")


def hash_of(text: str) -> str:
    """The migration that a mark names; empty for no mark."""
    return text.partition("/")[2]
