"""What a handler gets: one request with everything already established about it."""

from dataclasses import dataclass
from typing import Any, TypeVar

import orjson
from pydantic import BaseModel, ValidationError
from starlette.requests import ClientDisconnect, Request

from polyant_engine.core import errors
from polyant_engine.core.principals import Principal, UserSession

Model = TypeVar("Model", bound=BaseModel)


@dataclass(frozen=True, kw_only=True, slots=True)
class Call:
    """One request and who makes it."""

    request: Request
    principal: Principal

    @property
    def session(self) -> UserSession:
        """Return the person's session; only routes that declare a permission have one."""
        if not isinstance(self.principal, UserSession):
            raise errors.Unauthenticated("Sign in first.")
        return self.principal

    @property
    def client_address(self) -> str:
        """Return the caller's address as far as TRUST_PROXY lets us believe it."""
        address: str = self.request.scope.get("polyant.client_address", "")
        return address

    @property
    def request_id(self) -> str:
        """Return the id that the log lines of this request carry."""
        found: str = self.request.scope.get("polyant.request_id", "")
        return found

    def path(self, name: str) -> str:
        """Return a parameter of the path."""
        value: str = self.request.path_params[name]
        return value

    async def json(self) -> Any:
        """Read the body as JSON."""
        return parse_json(await self.body())

    async def body(self) -> bytes:
        """Read the whole body, up to the limit of the route."""
        try:
            return await self.request.body()
        except ClientDisconnect as gone:
            raise errors.BadRequest("The connection closed before the body was complete.") from gone

    async def model(self, kind: type[Model]) -> Model:
        """Read the body as a pydantic model; all violations are reported at once."""
        return validate(kind, await self.json())


def parse_json(raw: bytes) -> Any:
    """Parse JSON or say where it is malformed."""
    try:
        return orjson.loads(raw)
    except orjson.JSONDecodeError as wrong:
        where = f"line {wrong.lineno}, column {wrong.colno}"
        raise errors.BadRequest(f"The body is not valid JSON ({where}): {wrong.msg}.") from wrong


def validate(kind: type[Model], value: Any) -> Model:
    """Build a model or raise one error that lists every violation with its field."""
    try:
        return kind.model_validate(value)
    except ValidationError as wrong:
        found = [(_path(item["loc"]), item["msg"]) for item in wrong.errors(include_url=False)]
        text = "; ".join(f"{path}: {message}" for path, message in found)
        raise errors.BadRequest(text, param=found[0][0], code="invalid_body") from wrong


def _path(location: tuple[int | str, ...]) -> str:
    return ".".join(str(part) for part in location) or "body"
