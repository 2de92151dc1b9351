"""Readiness of a process towards its database."""

from polyant_engine.core.health import Check
from polyant_engine.installation import model
from polyant_engine.installation.ports import States


class Compatibility:
    """Compares this process with what the database says about itself."""

    def __init__(self, states: States, own_head: str, known_key_ids: frozenset[str]) -> None:
        self._states = states
        self._own_head = own_head
        self._known_key_ids = known_key_ids

    def check(self) -> Check:
        """Return the readiness check: database answers, schema fits, key fits."""
        return Check(name="database", probe=self.problem)

    async def problem(self) -> str | None:
        """Say what does not fit, if anything."""
        state = await self._states.state()
        if state is None:
            return "the database has no Polyant schema yet: run migrate"
        return model.schema_problem(state, self._own_head) or model.key_problem(
            state, self._known_key_ids
        )
