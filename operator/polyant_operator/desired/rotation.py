"""How a secret that panel and engine share is changed while requests come in.

Pods never read such a secret from the user's own Secret: a pod that restarts at the wrong moment would
speak a value that nobody knows yet. They read the operator's copy, which moves in three steps, each
rolled out completely before the next:

    in use 1                 the user writes 2
    in use 1, accepted 2     every pod learns to accept both
    in use 2, accepted 1     every pod uses the new one
    in use 2                 the old one is forgotten

In each step, what any pod may use is accepted by every pod of this step and of the step before.
"""

from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field

from polyant_operator.api.instance import PolyantInstance
from polyant_operator.api.labels import Component
from polyant_operator.desired import uses
from polyant_operator.desired.context import Manifest
from polyant_operator.desired.metadata import owned_metadata


@dataclass(frozen=True, kw_only=True)
class Shared:
    """One secret as the pods know it."""

    in_use: str = field(repr=False)
    accepted: str | None = field(default=None, repr=False)


def next_step(now: Shared, wanted: str, *, settled: bool) -> Shared:
    """Go one step further; `settled` says that every pod that still serves knows `now`."""
    if now.in_use == wanted:
        return Shared(in_use=wanted) if settled else now
    if now.accepted is None or (settled and now.accepted != wanted):
        return Shared(in_use=now.in_use, accepted=wanted)
    if settled:
        return Shared(in_use=wanted, accepted=now.in_use)
    return now


def read(variable: str, values: Mapping[str, bytes]) -> Shared | None:
    """Read one secret from the copy."""
    in_use = values.get(variable)
    accepted = values.get(uses.previous(variable))
    if in_use is None:
        return None
    return Shared(in_use=in_use.decode(), accepted=accepted.decode() if accepted else None)


def manifest(instance: PolyantInstance, secrets: Mapping[str, Shared]) -> Manifest:
    """Build the Secret that holds the copy; it goes with its instance."""
    data: dict[str, str] = {}
    for variable, shared in sorted(secrets.items()):
        data[variable] = _coded(shared.in_use)
        if shared.accepted is not None:
            data[uses.previous(variable)] = _coded(shared.accepted)
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": owned_metadata(instance, instance.names.auth_in_use, Component.ENGINE),
        "type": "Opaque",
        "data": data,
    }


def _coded(value: str) -> str:
    return b64encode(value.encode()).decode()
