"""The identity of the pods towards cloud providers."""

from polyant_operator.api.metadata import Annotations
from polyant_operator.api.model import Model


class ServiceAccount(Model):
    """The ServiceAccount the pods run as."""

    annotations: Annotations | None = None
