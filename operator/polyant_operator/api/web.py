"""The web panel: how many replicas, and their pods."""

from typing import Annotated

from pydantic import Field

from polyant_operator.api.environment import Variable
from polyant_operator.api.model import Model
from polyant_operator.api.pod import Pod


class Web(Model):
    """The panel's Deployment."""

    replicas: Annotated[int, Field(ge=0, le=100)] = 1
    pod: Pod = Pod()
    env: Annotated[tuple[Variable, ...], Field(max_length=128)] = ()
