"""Identity and compatibility, as values and pure rules."""

import uuid
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Identity:
    """Whose database this is."""

    id: uuid.UUID
    owner: str | None  # `namespace/name` of a PolyantInstance; nothing outside Kubernetes


@dataclass(frozen=True, kw_only=True)
class Compat:
    """Which code works with the schema."""

    head: str  # revision of the schema
    min_head: str  # oldest revision whose code works with this schema


@dataclass(frozen=True, kw_only=True)
class State:
    """What the database says about itself, read in one statement."""

    id: uuid.UUID
    owner: str | None
    active_key_id: str
    head: str
    min_head: str


def schema_problem(state: State | Compat, own_head: str) -> str | None:
    """Say why code of `own_head` cannot work with this schema, if so.

    Heads are zero-padded, so their order is the order of strings.
    """
    if own_head > state.head:
        return f"the schema is at {state.head}, this image needs {own_head}: run migrate"
    if own_head < state.min_head:
        return (
            f"the schema is at {state.head} and needs code of {state.min_head}, this is {own_head}"
        )
    return None


def key_problem(state: State, known_ids: frozenset[str]) -> str | None:
    """Say why this process cannot write secrets, if so."""
    if state.active_key_id in known_ids:
        return None
    known = ", ".join(sorted(known_ids))
    return (
        f"the database writes with key {state.active_key_id}, ENCRYPTION_KEY is {known}:"
        " give this process the key of this installation"
    )
