"""Rate limits as values."""

from dataclasses import dataclass

WINDOW_SECONDS = 60


@dataclass(frozen=True, kw_only=True, slots=True)
class Allowance:
    """What is left of a limit after one request."""

    limit: int
    remaining: int
    reset_seconds: int

    def headers(self) -> dict[str, str]:
        """Return the headers a client may steer by."""
        return {
            "x-ratelimit-limit-requests": str(self.limit),
            "x-ratelimit-remaining-requests": str(max(0, self.remaining)),
            "x-ratelimit-reset-requests": f"{self.reset_seconds}s",
        }
