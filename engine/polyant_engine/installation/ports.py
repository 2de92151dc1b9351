"""What the installation needs from outside."""

from typing import Protocol

from polyant_engine.installation.model import State


class States(Protocol):
    """Reads what the database says about itself."""

    async def state(self) -> State | None:
        """Return the state, or nothing while no migration has run."""
        ...
