"""`polyant-engine leader`: who leads, as the fence, the heartbeat and the lease row say."""

from uuid import UUID

from polyant_engine.core import database
from polyant_engine.core.database import Target
from polyant_engine.leadership import postgres

NEVER = "nobody has led yet\n"


async def shown(target: Target) -> str:
    """Return the lines to print."""
    async with database.opened(target, size=1) as pool:
        found = await postgres.shown(pool)
    if found is None or found["holder"] is None:
        return NEVER
    return "".join(f"{name:<11}{value}\n" for name, value in _lines(dict(found)))


def _lines(found: dict[str, object]) -> list[tuple[str, str]]:
    term = found["term"]
    beaten = found["heartbeat_epoch"] == found["epoch"] and found["heartbeat_seconds"] is not None
    return [
        ("holder", str(found["holder"])),
        ("epoch", str(found["epoch"])),
        ("term", str(term if isinstance(term, UUID) else "")),
        ("since", f"{found['promoted_at']} ({_age(found['leading_seconds'])} ago)"),
        ("heartbeat", f"{_age(found['heartbeat_seconds'])} ago" if beaten else "none in this term"),
    ]


def _age(seconds: object) -> str:
    return f"{seconds:.1f} s" if isinstance(seconds, float) else "unknown"
