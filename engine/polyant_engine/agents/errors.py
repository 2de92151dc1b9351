"""What may be wrong with a change of agents."""

from typing import ClassVar

from polyant_engine.core import errors


class AgentMissing(errors.NotFound):
    """No agent has this slug."""

    def __init__(self, slug: str) -> None:
        super().__init__(f"There is no agent with the slug {slug!r}.")


class SlugTaken(errors.Conflict):
    """Another agent has this slug."""

    default_code: ClassVar[str | None] = "slug_taken"

    def __init__(self, slug: str) -> None:
        super().__init__(f"Another agent has the slug {slug!r}; choose a different one.")


class SecretMissing(errors.NotFound):
    """The agent has no such secret."""

    def __init__(self, key: str) -> None:
        super().__init__(f"This agent has no secret named {key!r}.")
