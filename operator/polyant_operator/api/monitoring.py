"""How the installation is watched."""

from typing import Annotated

from pydantic import Field

from polyant_operator.api.metadata import Labels
from polyant_operator.api.model import Model, matching


class PodMonitor(Model):
    """A PodMonitor, made when the cluster has that API."""

    labels: Labels | None = None
    interval: Annotated[
        str,
        Field(min_length=2, max_length=8),
        matching(r"[1-9][0-9]*(s|m|h)", "is not a time", "write for example 30s"),
    ] = "30s"


class Monitoring(Model):
    """What is made for Prometheus."""

    pod_monitor: PodMonitor | None = None
