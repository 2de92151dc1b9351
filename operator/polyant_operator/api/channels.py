"""The ways in for messages."""

from enum import StrEnum

from polyant_operator.api.model import Model


class OutboundPolicy(StrEnum):
    """What becomes of a message that a leader was sending when it vanished."""

    AT_MOST_ONCE = "AtMostOnce"
    AT_LEAST_ONCE = "AtLeastOnce"


class Channels(Model):
    """Whether channel adapters run, and how they send; panel and API work either way."""

    enabled: bool = True
    outbound_policy: OutboundPolicy = OutboundPolicy.AT_MOST_ONCE
