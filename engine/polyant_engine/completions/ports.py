"""What the API needs from outside."""

from typing import Protocol


class Counters(Protocol):
    """Counts shared by all replicas."""

    async def reserve(self, bucket: str, block: int, limit: int) -> int | None:
        """Take up to `block` of a bucket's limit for this minute.

        Return how much of the limit is used in all replicas, this block included; None when
        nothing was left.
        """
        ...
