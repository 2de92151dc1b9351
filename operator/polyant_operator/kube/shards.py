"""Which instances one operator serves, as label selectors that the API server evaluates.

Every instance belongs to exactly one shard: the value of its label `polyant.ai/shard`, or the
unnamed shard when it has none. Operators of different shards therefore never serve the same one,
and an operator neither receives nor keeps anything of another shard.
"""

from polyant_operator.api import labels


def instances(shard: str) -> str:
    """Select the instances of a shard."""
    return f"{labels.SHARD}={shard}" if shard else f"!{labels.SHARD}"


def children(shard: str) -> str:
    """Select their children, which carry the same label."""
    return f"{labels.OWNER},{instances(shard)}"


def lease(name: str, shard: str) -> str:
    """Name the Lease of a shard: its replicas elect among themselves."""
    return f"{name}-{shard}" if shard else name
