"""How the REST API refuses."""

from typing import Any


class Refused(Exception):
    """A call that is answered with an error code of Twilio's own."""

    def __init__(self, status: int, code: int, message: str) -> None:
        super().__init__(message)
        self.status, self.code, self.message = status, code, message

    def wire(self) -> dict[str, Any]:
        return {
            "code": self.code,
            "message": self.message,
            "more_info": f"https://www.twilio.com/docs/errors/{self.code}",
            "status": self.status,
        }


def bad(code: int, message: str) -> Refused:
    """A 400."""
    return Refused(400, code, message)
