"""How a sidecar is asked about its health, and what it does at start and end."""

from typing import Annotated, Self

from pydantic import Field, model_validator

from polyant_operator.api.errors import refusal
from polyant_operator.api.model import Model, either

Seconds = Annotated[int, Field(ge=1, le=3600)]
PortNumber = Annotated[int, Field(ge=1, le=65535)]
# Number or name.
PortReference = Annotated[
    PortNumber | Annotated[str, Field(min_length=1, max_length=15)],
    either("is not a port", "write a number from 1 to 65535, or the name of a port"),
]
Command = Annotated[tuple[Annotated[str, Field(max_length=8192)], ...], Field(max_length=64)]


class HttpGet(Model):
    """A GET request; any answer from 200 to 399 is good."""

    path: Annotated[str, Field(min_length=1, max_length=1024)] | None = None
    port: PortReference
    scheme: Annotated[str, Field(pattern="^(HTTP|HTTPS)$")] | None = None


class TcpSocket(Model):
    """A connection that opens."""

    port: PortReference


class Grpc(Model):
    """The health service of gRPC."""

    port: PortNumber
    service: Annotated[str, Field(min_length=1, max_length=253)] | None = None


class Execution(Model):
    """A command in the container."""

    command: Command


class Sleep(Model):
    """A pause."""

    seconds: Seconds


class Probe(Model):
    """One question, and how often it is asked."""

    http_get: HttpGet | None = None
    tcp_socket: TcpSocket | None = None
    grpc: Grpc | None = None
    # `exec` is a builtin of Python.
    execution: Annotated[Execution | None, Field(alias="exec")] = None
    initial_delay_seconds: Annotated[int, Field(ge=0, le=3600)] | None = None
    period_seconds: Seconds | None = None
    timeout_seconds: Seconds | None = None
    failure_threshold: Annotated[int, Field(ge=1, le=1000)] | None = None

    @model_validator(mode="after")
    def _exactly_one(self) -> Self:
        ways = (self.http_get, self.tcp_socket, self.grpc, self.execution)
        if sum(way is not None for way in ways) != 1:
            raise refusal(
                "probe needs exactly one way to ask",
                "keep one of httpGet, tcpSocket, grpc and exec",
            )
        return self


class Hook(Model):
    """One action."""

    execution: Annotated[Execution | None, Field(alias="exec")] = None
    http_get: HttpGet | None = None
    sleep: Sleep | None = None

    @model_validator(mode="after")
    def _exactly_one(self) -> Self:
        actions = (self.execution, self.http_get, self.sleep)
        if sum(action is not None for action in actions) != 1:
            raise refusal("hook needs exactly one action", "keep one of exec, httpGet and sleep")
        return self


class Lifecycle(Model):
    """What happens right after the start and before the end."""

    post_start: Hook | None = None
    pre_stop: Hook | None = None
