"""Telegram in a run: two bots, people who write in bursts, and the Bot API's journal as evidence."""

import itertools
import random
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Any

from typing_extensions import override

from support.chaos.channels import Traffic, Ways
from support.chaos.evidence import Delivered, Place, Poll, Said
from support.vendors import faults
from support.vendors.journal import Entry
from support.vendors.telegram.bot import Bot
from support.vendors.telegram.simulator import Telegram

BOTS = 2
PEOPLE = 5  # for each bot
MANY = 10_000
_LIMIT = (
    '{"ok":false,"error_code":429,"description":"Too Many Requests: retry after 1",'
    '"parameters":{"retry_after":1}}'
)
BAD = {
    "slow": faults.slow(1.2),
    "limited": faults.failing(429, body=_LIMIT),
    "failing": faults.bad_gateway(),
    "failing-done": faults.bad_gateway(done=True),
    "cut-before": faults.cut(done=False),
    "cut-after": faults.cut(done=True),
}
# A vendor is far away: it has a message some time before its sender knows.
USUAL = faults.slow(0.15, done=True)


class TelegramTraffic(Traffic):
    """People and bots; messages of a bot are known by the numbers of their updates."""

    kind = "telegram"

    def __init__(self, seed: int) -> None:
        self.telegram = Telegram(seed=seed)
        self.telegram.limits.are_kept = False
        self.bots = [self.telegram.add_bot(f"helper{n}_bot") for n in range(BOTS)]
        self.people = {
            bot.id: [self.telegram.add_person(f"P{n}") for n in range(PEOPLE)] for bot in self.bots
        }
        self._numbers = itertools.count(1)
        self.heal()
        self._tokens: dict[tuple[str, int], str] = {}  # by account and number of the update

    @override
    def simulator(self) -> AbstractAsyncContextManager[Any]:
        return self.telegram

    @property
    @override
    def port(self) -> int:
        return int(self.telegram.url.rpartition(":")[2])

    @override
    def environment(self, port: int) -> dict[str, str]:
        return {"TELEGRAM_API_URL": f"http://127.0.0.1:{port}"}

    @override
    def accounts(self) -> Sequence[tuple[str, dict[str, Any], dict[str, str]]]:
        return [(str(bot.id), {}, {"botToken": bot.token}) for bot in self.bots]

    @override
    def say(self, text: Callable[[str], str], chance: random.Random) -> None:
        bot: Bot = chance.choice(self.bots)
        person = chance.choice(self.people[bot.id])
        token = f"t{next(self._numbers):06d}"
        self.telegram.say(bot, person, text(token))
        # Bots have no other updates here, so the newest is the one that was just made.
        self._tokens[str(bot.id), bot.queue.next_id - 1] = token

    @override
    def said(self) -> list[Said]:
        confirmed = {
            (entry.account, entry.data["update_id"]): entry.at
            for entry in self.telegram.journal.find("update_confirmed")
        }
        return [
            self._said(entry, confirmed.get((entry.account, entry.data["update_id"])))
            for entry in self.telegram.journal.find("update_created")
        ]

    def _said(self, entry: Entry, confirmed: float | None) -> Said:
        number = entry.data["update_id"]
        chat = entry.data["message"]["chat"]["id"]
        return Said(
            place=("telegram", entry.account, str(chat)),
            key=f"{number}.{entry.data['message']['date']}",  # ids begin anew after an idle week
            token=self._tokens[entry.account, number],
            at=entry.at,
            acknowledged_at=confirmed,
        )

    @override
    def delivered(self, ways: Ways) -> list[Delivered]:
        calls: defaultdict[tuple[Place, str], list[Entry]] = defaultdict(list)
        for call in self.telegram.journal.find("sendMessage", direction="in"):
            body = call.data["body"]
            place = ("telegram", call.account, str(body["chat_id"]))
            calls[place, body["text"]].append(call)
        found = []
        for fact in self.telegram.journal.find("message_sent"):
            place = ("telegram", fact.account, str(fact.data["chat"]["id"]))
            text = fact.data["text"]
            call = _latest(calls[place, text], fact)
            found.append(
                Delivered(
                    place=place,
                    text=text,
                    external_id=str(fact.data["message_id"]),
                    at=fact.at,
                    asked_at=call.at,
                    replica=ways.get(call.data["peer"], call.data["peer"]),
                )
            )
        return found

    @override
    def polls(self, ways: Ways) -> list[Poll]:
        answers = {
            entry.exchange: entry.at
            for entry in self.telegram.journal.find("getUpdates", direction="out")
        }
        return [
            Poll(
                kind="telegram",
                account=call.account,
                replica=ways.get(call.data["peer"], call.data["peer"]),
                begun=call.at,
                ended=answers.get(call.exchange),
            )
            for call in self.telegram.journal.find("getUpdates", direction="in")
        ]

    @override
    def break_vendor(self, name: str) -> None:
        self.heal(BAD[name])

    @override
    def heal(self, first: faults.Fault | None = None) -> None:
        self.telegram.faults.heal()
        for fault in (first, USUAL):
            if fault is not None:
                self.telegram.faults.inject(fault, operation="sendMessage", times=MANY)


def _latest(calls: list[Entry], fact: Entry) -> Entry:
    """The last call before a message came to be."""
    numbers = [call.number for call in calls]
    return calls[bisect_right(numbers, fact.number) - 1]
