"""May this process touch this data? Pure rules, asked before anything is changed.

Restores, moves to another server and external secret managers are legitimate, so the references may
change; what must not change by accident is which installation's data and which keys are meant.
"""

import uuid
from dataclasses import dataclass

from polyant_engine.installation.model import Compat, Identity
from polyant_engine.migrate.failures import (
    DatabaseNewer,
    EncryptionKeyMismatch,
    InstallationMismatch,
)


@dataclass(frozen=True, kw_only=True)
class Claim:
    """What the configuration says about whose data this should be."""

    installation_id: uuid.UUID | None
    owner: str | None
    take_over: uuid.UUID | None


def check_identity(claim: Claim, found: Identity | None) -> None:
    """Raise if the data is another installation's."""
    if found is None:
        _check_empty(claim)
        return
    if claim.take_over == found.id:
        return
    if claim.installation_id not in {None, found.id}:
        raise InstallationMismatch(
            f"This database belongs to installation {found.id}{_owned(found)}, expected is"
            f" {claim.installation_id}.",
            _cure(found.id),
        )
    if claim.owner is not None and found.owner not in {None, claim.owner}:
        raise InstallationMismatch(
            f"This database belongs to {found.owner} (installation {found.id}), not to"
            f" {claim.owner}.",
            _cure(found.id),
        )


def _check_empty(claim: Claim) -> None:
    if claim.installation_id is None or claim.installation_id == claim.take_over:
        return
    raise InstallationMismatch(
        f"This database is empty, expected is the data of installation {claim.installation_id}.",
        "Restore its data, or point to the right database. To start anew with nothing, confirm it:"
        + _take_over(claim.installation_id),
    )


def _cure(identity: uuid.UUID) -> str:
    return "Point to the right database. To use this one from now on, confirm it:" + _take_over(
        identity
    )


def _take_over(identity: uuid.UUID) -> str:
    return f" annotation polyant.ai/take-over: {identity} (INSTALLATION_TAKE_OVER={identity})."


def _owned(found: Identity) -> str:
    return f" of {found.owner}" if found.owner else ""


def check_key(active_key_id: str | None, own_ids: frozenset[str]) -> None:
    """Raise if no configured key is the one that this data is written with."""
    if active_key_id is None or active_key_id in own_ids:
        return
    raise EncryptionKeyMismatch(
        f"The secrets in this database are encrypted with key {active_key_id}; ENCRYPTION_KEY is"
        f" key {', '.join(sorted(own_ids))}.",
        f"Restore the ENCRYPTION_KEY whose id is {active_key_id} (in Kubernetes: the Secret annotated"
        f" polyant.ai/key-id: {active_key_id}); without it the stored secrets cannot be read.",
    )


def check_version(found: Compat | None, own_head: str) -> None:
    """Raise if the schema is beyond what this release can serve."""
    if found is not None and own_head < found.min_head:
        raise DatabaseNewer(
            f"The schema is at {found.head} and needs a release with {found.min_head} or newer; this"
            f" one has {own_head}.",
            "Use the newer release again, or restore a backup made before its migration.",
        )
