"""Collect what a model says, and make the ending of a turn of it."""

from polyant_engine.conversations import errors, model
from polyant_engine.core.clock import Clock
from polyant_engine.core.errors import PolyantError
from polyant_engine.gateway import ports as gateway
from polyant_engine.gateway.prices import Rates

STOP = "stop"


class Answer:
    """The growing answer of one model call."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._started = clock.monotonic()
        self._first: float | None = None
        self._pieces: list[str] = []
        self._usage: gateway.Usage | None = None
        self.finish_reason = STOP

    def take(self, delta: gateway.Delta) -> None:
        """Add what arrived."""
        if self._first is None:
            self._first = self._clock.monotonic()
        if delta.text:
            self._pieces.append(delta.text)
        if delta.finish_reason is not None:
            self.finish_reason = delta.finish_reason
        if delta.usage is not None:
            self._usage = delta.usage

    @property
    def first_token_ms(self) -> int | None:
        """Return how long the caller waited for the first sign of an answer."""
        return None if self._first is None else round((self._first - self._started) * 1000)

    @property
    def duration_ms(self) -> int:
        """Return how long the call took up to now."""
        return round((self._clock.monotonic() - self._started) * 1000)

    def ending(
        self,
        error: PolyantError | None,
        target: gateway.Target,
        messages: list[gateway.Message],
        rates: Rates | None,
    ) -> model.Ending:
        """Return how the turn ends; usage nobody told is estimated once there was an answer."""
        text = "".join(self._pieces)
        usage, is_estimated = self._usage, False
        if usage is None and (error is None or self._first is not None):
            usage, is_estimated = _estimated(messages, text), True
        return model.Ending(
            state=_state(error),
            text=text,
            error=None if error is None else error.code,
            provider=target.provider,
            model=target.model,
            usage=usage,
            usage_estimated=is_estimated,
            cost_usd=None if usage is None or rates is None else rates.cost(usage),
        )


def _state(error: PolyantError | None) -> model.State:
    if error is None:
        return model.State.DONE
    is_cancelled = isinstance(error, errors.TurnCancelled)
    return model.State.CANCELLED if is_cancelled else model.State.FAILED


def _estimated(messages: list[gateway.Message], text: str) -> gateway.Usage:
    return gateway.Usage(
        input_tokens=model.estimate_tokens([message.content for message in messages]),
        output_tokens=model.estimate_tokens([text]),
    )
