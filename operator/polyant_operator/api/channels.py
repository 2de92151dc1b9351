"""The ways in for messages."""

from polyant_operator.api.model import Model


class Channels(Model):
    """Whether channel adapters run; the panel and the API work either way."""

    enabled: bool = True
