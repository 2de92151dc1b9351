"""What may forbid a turn or end it, besides the model (`gateway.errors`)."""

from typing import ClassVar

from polyant_engine.core import errors

RETRY_SECONDS = "1"


class CallerUnknown(errors.Unauthenticated):
    """No credential, or one that opens nothing: always the same words."""

    default_code: ClassVar[str | None] = "invalid_api_key"

    def __init__(self) -> None:
        super().__init__("Missing or invalid API key: send Authorization: Bearer <key>.")


class AgentUnknown(errors.NotFound):
    """A known caller asks for an agent that does not exist for them."""

    default_code: ClassVar[str | None] = "model_not_found"

    def __init__(self, slug: str) -> None:
        super().__init__(f"The model `{slug}` does not exist or you may not use it.", param="model")


class ConversationBusy(errors.Conflict):
    """Another turn runs in this conversation."""

    default_code: ClassVar[str | None] = "conversation_busy"

    def __init__(self) -> None:
        super().__init__(
            "Another request is being answered in this conversation (chat_id); try again.",
            headers={"retry-after": RETRY_SECONDS},
        )


class TurnLost(errors.Unavailable):
    """The turn was taken from us, so its answer was not stored."""

    default_code: ClassVar[str | None] = "turn_lost"

    def __init__(self) -> None:
        super().__init__("The answer could not be stored; try again.")


class TurnCancelled(errors.Unavailable):
    """The turn was cancelled before its answer was complete."""

    default_code: ClassVar[str | None] = "turn_cancelled"

    def __init__(self) -> None:
        super().__init__("The answer was cancelled because this engine is stopping; try again.")
