"""Delivery of updates to a webhook: in order per chat, again after failures, until they expire."""

import asyncio
from collections import deque
from http import HTTPStatus
from typing import Any

from support.vendors.server import Answer, Simulator
from support.vendors.telegram.bot import Bot, Webhook
from support.vendors.telegram.updates import Update

SECRET_HEADER = "X-Telegram-Bot-Api-Secret-Token"
_LONGEST_WAIT = 60
_LONGEST_RETRY_AFTER = 3600


class Deliveries:
    """Sends a bot's updates while its webhook is the same."""

    def __init__(self, simulator: Simulator, bot: Bot, webhook: Webhook) -> None:
        self._simulator, self._bot, self._webhook = simulator, bot, webhook
        self._lanes: dict[int, deque[Update]] = {}
        self._known: set[int] = set()
        self._slots = asyncio.Semaphore(webhook.connections)

    def look(self) -> None:
        """Begin with what is new in the queue."""
        for update in tuple(self._bot.queue.waiting):
            if update.id in self._known:
                continue
            self._known.add(update.id)
            busy = update.lane in self._lanes
            self._lanes.setdefault(update.lane, deque()).append(update)
            if not busy:
                self._simulator.background(self._drain(update.lane))

    async def _drain(self, lane: int) -> None:
        while waiting := self._lanes.get(lane):
            await self._deliver(waiting[0])
            waiting.popleft()
        self._lanes.pop(lane, None)

    async def _deliver(self, update: Update) -> None:
        clock, delay, fails = self._simulator.clock, 1.0, 0
        while self._bot.webhook is self._webhook and clock.now() < update.expires:
            answer = await self._send(update)
            if answer.ok:
                return self._done(update)
            self._bot.webhook_error = (clock.now(), _described(answer))
            wait = min(_seconds(answer.headers.get("Retry-After", "")), _LONGEST_RETRY_AFTER)
            if not wait and fails:
                delay = min(delay * 2, self._simulator.random.uniform(1, 2) * _LONGEST_WAIT)
                wait = delay
            fails += 1
            await clock.sleep(wait)
        return None

    def _done(self, update: Update) -> None:
        self._bot.queue.confirm([update])
        self._known.discard(update.id)
        self._simulator.journal.add(
            "fact", "update_confirmed", str(self._bot.id), update_id=update.id, by="webhook"
        )

    async def _send(self, update: Update) -> Answer:
        secret = {SECRET_HEADER: self._webhook.secret} if self._webhook.secret else {}
        request: dict[str, Any] = {
            "url": self._webhook.url,
            "json": update.wire(),
            "headers": {**secret, "Accept-Encoding": "gzip, deflate"},
        }
        async with self._slots:
            return await self._simulator.call_out("webhook", str(self._bot.id), request, seconds=60)


def _described(answer: Answer) -> str:
    if answer.error == "timeout":
        return "Read timeout expired"
    if not answer.status:
        return "Connection refused"
    return f"Wrong response from the webhook: {answer.status} {HTTPStatus(answer.status).phrase}"


def _seconds(header: str) -> float:
    return float(header) if header.isdigit() else 0
