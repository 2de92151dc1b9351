"""How events reach an app: over a random socket or by HTTP, up to three times more.

Retries come at once, after one minute and after five; an acknowledgement takes three seconds at most.
"""

import asyncio
import hashlib
import hmac
import json
import time
import uuid
from typing import Any

from support.vendors.server import Simulator
from support.vendors.slack.app import App
from support.vendors.slack.socket import Socket

ACKNOWLEDGED_WITHIN = 3.0
RETRY_DELAYS = (0.0, 60.0, 300.0)
Outcome = str  # empty = acknowledged, else the reason of the retry


async def deliver(
    simulator: Simulator, app: App, payload: dict[str, Any], kind: str = "events_api"
) -> None:
    """Deliver one payload; its fate is in the journal."""
    reason: Outcome = ""
    for attempt, delay in enumerate((0.0, *RETRY_DELAYS)):
        if attempt:
            await simulator.clock.sleep(delay)
        if app.events_url and kind == "events_api":
            reason = await _by_http(simulator, app, payload, attempt, reason)
        else:
            reason = await _by_socket(simulator, app, _enveloped(payload, kind, attempt, reason))
        if reason in ("", "no_retry"):
            break
    fate = "event_acknowledged" if not reason else "event_given_up"
    event_id = payload.get("event_id", "")
    simulator.journal.add("fact", fate, app.id, event_id=event_id, reason=reason)


def _enveloped(payload: dict[str, Any], kind: str, attempt: int, reason: str) -> dict[str, Any]:
    return {
        "envelope_id": str(uuid.uuid4()),
        "payload": payload,
        "type": kind,
        "accepts_response_payload": kind != "events_api",
        **({"retry_attempt": attempt, "retry_reason": reason} if kind == "events_api" else {}),
    }


async def _by_socket(simulator: Simulator, app: App, envelope: dict[str, Any]) -> Outcome:
    open_ones = [socket for socket in app.sockets if not socket.is_leaving]
    if not open_ones:
        return "connection_failed"
    socket = simulator.random.choice(open_ones)
    done = socket.expect(envelope["envelope_id"])
    simulator.journal.add("out", "socket", app.id, socket=socket.number, message=envelope)
    await socket.send(envelope)
    return (
        "" if await _acknowledged(simulator, socket, envelope["envelope_id"], done) else "timeout"
    )


async def _acknowledged(
    simulator: Simulator, socket: Socket, envelope: str, done: "asyncio.Future[None]"
) -> bool:
    timer = simulator.spawn(simulator.clock.sleep(ACKNOWLEDGED_WITHIN))
    try:
        await asyncio.wait({done, timer}, return_when=asyncio.FIRST_COMPLETED)
        return done.done()
    finally:
        timer.cancel()
        socket.waiting.pop(envelope, None)


async def _by_http(
    simulator: Simulator, app: App, payload: dict[str, Any], attempt: int, reason: str
) -> Outcome:
    body = json.dumps(payload).encode()
    headers = signed(app.signing_secret, body)
    if attempt:
        headers |= {"X-Slack-Retry-Num": str(attempt), "X-Slack-Retry-Reason": reason}
    request = {"url": app.events_url, "data": body, "headers": headers}
    answer = await simulator.call_out("event", app.id, request, seconds=ACKNOWLEDGED_WITHIN)
    if answer.ok:
        return ""
    if answer.headers.get("X-Slack-No-Retry") == "1":
        return "no_retry"
    if answer.error == "timeout":
        return "http_timeout"
    return "http_error" if answer.status else "connection_failed"


def signed(secret: str, body: bytes) -> dict[str, str]:
    """The headers of a signed request. The time is the machine's: receivers refuse old ones."""
    stamp = str(int(time.time()))
    digest = hmac.new(secret.encode(), f"v0:{stamp}:".encode() + body, hashlib.sha256).hexdigest()
    return {
        "Content-Type": "application/json",
        "User-Agent": "Slackbot 1.0 (+https://api.slack.com/robots)",
        "X-Slack-Request-Timestamp": stamp,
        "X-Slack-Signature": f"v0={digest}",
    }
