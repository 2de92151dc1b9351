"""How the Web API refuses: HTTP 200 with ok: false, except where it counts requests."""

from typing import Any


class Refused(Exception):
    """A call that is answered with an error."""

    def __init__(self, error: str, retry_after: int = 0, **more: Any) -> None:
        super().__init__(error)
        self.error, self.retry_after, self.more = error, retry_after, more

    def wire(self) -> dict[str, Any]:
        return {"ok": False, "error": self.error, **self.more}
