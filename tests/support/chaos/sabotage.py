"""`python -m support.chaos.sabotage serve`: an engine as it is, or with one thing broken on purpose.

Nothing of this is in the product. CHAOS_BREAK names a mutation, which replaces one SQL text or one
function before the engine starts; an oracle that does not see what follows is worth nothing.
CHAOS_DAWDLE lets a share of the sends take their time after the claim, CHAOS_SKEW puts the wall clock
off, CHAOS_API_URL and CHAOS_ACCOUNT lead to an API server without a cluster around it.
"""

import asyncio
import os
import random
import sys
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from polyant_engine import __main__ as program
from polyant_engine import settings
from polyant_engine.core.clock import SystemClock
from polyant_engine.core.queries import Queries
from polyant_engine.leadership import fence, kubernetes

# Features read their statements when they are imported, so they are imported after a mutation.
Break = Callable[[], None]


def _replaced(queries: Queries, name: str, old: str, new: str) -> None:
    if old not in queries[name]:
        raise AssertionError(f"{name} does not say {old!r} any more: mend this mutation")
    queries._statements[name] = queries[name].replace(old, new)


def _patched(owner: object, name: str, value: object) -> None:
    """Replace what is there; a name that is not there any more would break nothing."""
    if not hasattr(owner, name):
        raise AssertionError(f"{owner!r} has no {name} any more: mend this mutation")
    setattr(owner, name, value)


def break_fence() -> None:
    """The guard lets everybody write."""
    guarded = "WHERE epoch = $1 AND term = $2 FOR SHARE"
    _replaced(fence._SQL, "guard", guarded, "WHERE ($1::bigint, $2::uuid) IS NOT NULL")
    fence.HEARTBEAT = fence.load_guarded("polyant_engine.leadership")["beat"]


def break_dedupe() -> None:
    """What is known already is taken in once more."""
    from polyant_engine.channels import postgres

    _replaced(
        postgres.SQL,
        "take_in",
        "ON CONFLICT (kind, account, dedupe_key) DO NOTHING",
        "ON CONFLICT (kind, account, dedupe_key) DO UPDATE SET id = excluded.id,"
        " message_id = excluded.message_id",
    )


def break_outbox() -> None:
    """A part that another term left in flight is sent again, whatever the policy says."""
    from polyant_engine.channels.outbox_store import GUARDED

    statement = GUARDED["settle"]
    old = "$3::boolean OR"
    if old not in statement.sql:
        raise AssertionError(f"settle does not say {old!r} any more: mend this mutation")
    statement.sql = statement.sql.replace(old, "$3::boolean IS NOT NULL OR")


def break_doubt() -> None:
    """A call without an answer is taken for one that was refused."""
    from polyant_engine.channels import model, retrying

    real = retrying.mark_of

    def mark_of(claimed: retrying.ClaimedPart, outcome: model.Outcome) -> retrying.Mark:
        if isinstance(outcome, model.Unknown):
            outcome = model.Refused(reason=outcome.reason, is_permanent=False)
        return real(claimed, outcome)

    _patched(retrying, "mark_of", mark_of)


def break_permit() -> None:
    """The right to send does not end."""
    from polyant_engine.channels.permits import TimedPermit

    _patched(TimedPermit, "check", lambda _: None)


def break_intake() -> None:
    """Messages are confirmed before they are stored."""
    from polyant_engine.channels import model
    from polyant_engine.channels.postgres import PostgresInbox

    real = PostgresInbox.store
    running = set()

    async def store(
        self: PostgresInbox,
        account: model.Account,
        events: Sequence[model.Inbound],
        *,
        offset: int | None = None,
    ) -> model.Stored:
        running.add(asyncio.create_task(real(self, account, events, offset=offset)))
        return model.Stored(new=len(events), known=0)

    _patched(PostgresInbox, "store", store)


def break_poller() -> None:
    """Whoever leads no more goes on to poll."""
    from polyant_engine.channels.telegram.adapter import TelegramAdapter

    async def stop(_: TelegramAdapter) -> None:
        await asyncio.sleep(0)

    _patched(TelegramAdapter, "stop", stop)


MUTATIONS: dict[str, Break] = {
    "fence": break_fence,
    "dedupe": break_dedupe,
    "outbox": break_outbox,
    "doubt": break_doubt,
    "permit": break_permit,
    "intake": break_intake,
    "poller": break_poller,
}


def dawdle(share: float, seconds: float = 5.0) -> None:
    """Let some parts wait between their claim and their sending."""
    from polyant_engine.channels import sender

    real = sender._outcome

    async def outcome(*arguments: Any) -> Any:
        if random.random() < share:  # noqa: S311 -- no secret
            await asyncio.sleep(seconds)
        return await real(*arguments)

    _patched(sender, "_outcome", outcome)


def skew(seconds: float) -> None:
    """Let the wall clock of this process be wrong."""
    real = SystemClock.now

    def now(self: SystemClock) -> datetime:
        return real(self) + timedelta(seconds=seconds)

    _patched(SystemClock, "now", now)


def use_api(url: str, account: str) -> None:
    """Find the API server there, with the token and the authority of that folder."""
    _patched(settings, "_api_url", lambda _: url)
    defaults = kubernetes.Place.__init__.__kwdefaults__
    assert defaults is not None
    defaults["account"] = Path(account)


def main() -> int:
    """Prepare what the environment asks for, and be the engine."""
    given = os.environ
    if url := given.get("CHAOS_API_URL"):
        use_api(url, given["CHAOS_ACCOUNT"])
    if name := given.get("CHAOS_BREAK"):
        MUTATIONS[name]()
    if share := given.get("CHAOS_DAWDLE"):
        dawdle(float(share))
    if seconds := given.get("CHAOS_SKEW"):
        skew(float(seconds))
    return program.main(sys.argv[1:])


if __name__ == "__main__":
    sys.exit(main())
