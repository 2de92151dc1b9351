"""One PolyantInstance, parsed: the value every decision starts from."""

from collections.abc import Iterator, Mapping
from json import dumps
from re import compile as pattern
from typing import Annotated, Any, Final, Self

from pydantic import Field, ValidationError, model_validator

from polyant_operator.api import rules
from polyant_operator.api.errors import FieldError, InvalidInstance, collected, path, refusal
from polyant_operator.api.labels import API_VERSION, KIND
from polyant_operator.api.model import Model, Reported
from polyant_operator.api.names import LONGEST_INSTANCE, Names
from polyant_operator.api.spec import Spec
from polyant_operator.api.status import Status

_NAME: Final = pattern(r"[a-z]([-a-z0-9]*[a-z0-9])?")


class Metadata(Reported):
    """What of an object's metadata matters here."""

    name: Annotated[str, Field(min_length=1, max_length=253)]
    namespace: str = "default"
    uid: str = ""
    generation: int = 0
    resource_version: str = ""
    annotations: Mapping[str, str] = {}
    labels: Mapping[str, str] = {}
    deletion_timestamp: str | None = None

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if len(self.name) > LONGEST_INSTANCE or not _NAME.fullmatch(self.name):
            raise refusal(
                f"name '{self.name}' is not usable",
                f"use at most {LONGEST_INSTANCE} lower-case letters, digits and '-', starting with"
                " a letter: the names of all objects are derived from it",
                at="name",
            )
        return self


class PolyantInstance(Model):
    """One whole installation: what is asked for, and what was last said about it."""

    api_version: Annotated[str, Field(pattern=f"^{API_VERSION}$")]
    kind: Annotated[str, Field(pattern=f"^{KIND}$")]
    metadata: Metadata
    spec: Spec
    status: Status = Status()

    @property
    def name(self) -> str:
        """Give the instance's name."""
        return self.metadata.name

    @property
    def namespace(self) -> str:
        """Give the namespace of the instance and all its objects."""
        return self.metadata.namespace

    @property
    def uid(self) -> str:
        """Give the uid, empty for an object that only exists in a file."""
        return self.metadata.uid

    @property
    def generation(self) -> int:
        """Give the generation of the spec."""
        return self.metadata.generation

    @property
    def annotations(self) -> Mapping[str, str]:
        """Give the annotations."""
        return self.metadata.annotations

    @property
    def deleting(self) -> bool:
        """Tell whether the object is being deleted."""
        return self.metadata.deletion_timestamp is not None

    @property
    def names(self) -> Names:
        """Give the names of the instance's objects."""
        return Names(self.name)


def parse(body: Mapping[str, Any]) -> PolyantInstance:
    """Read an instance, or raise InvalidInstance with every problem."""
    errors = tuple(_nulls(body.get("spec"), ("spec",)))
    try:
        instance = PolyantInstance.model_validate_json(_json(body), strict=True)
    except ValidationError as error:
        details = error.errors(include_url=False)
        raise InvalidInstance((*errors, *collected(details))) from None
    errors += tuple(_misnamed(body.get("spec"), instance.spec, ("spec",)))
    errors += rules.broken(instance.name, instance.spec)
    if errors:
        raise InvalidInstance(errors)
    return instance


def _misnamed(value: object, read: object, place: tuple[int | str, ...]) -> Iterator[FieldError]:
    """Find names of Python, `pool_size`, which pydantic passes over in JSON without a word."""
    if isinstance(read, Model) and isinstance(value, Mapping):
        fields = {field.alias or name: name for name, field in type(read).model_fields.items()}
        for key, child in value.items():
            if key in fields:
                yield from _misnamed(child, getattr(read, fields[key]), (*place, key))
            else:
                yield FieldError(
                    path=path((*place, str(key))),
                    value="",
                    message="is not a field of this version",
                    cure="correct its spelling or remove it",
                )
    elif isinstance(read, tuple) and isinstance(value, list):
        for index, (child, each) in enumerate(zip(value, read, strict=False)):
            yield from _misnamed(child, each, (*place, index))


def _json(body: Mapping[str, Any]) -> str:
    # JSON is the form in which strictness leaves lists and enums alone but not "5" for 5.
    return dumps(_plain(body), default=str)


def _plain(value: object) -> object:
    """Copy into plain containers, without the nulls, which are reported by themselves."""
    # Most values are text, and asking whether text is a Mapping takes longest.
    if isinstance(value, str):
        return value
    if isinstance(value, dict | Mapping):
        return {str(key): _plain(child) for key, child in value.items() if child is not None}
    if isinstance(value, list):
        return [_plain(child) for child in value if child is not None]
    return value


def _nulls(value: object, place: tuple[int | str, ...]) -> Iterator[FieldError]:
    match value:
        case None if len(place) > 1:
            yield FieldError(
                path=path(place),
                value="null",
                message="is null",
                cure="leave the field out to get its default",
            )
        case Mapping():
            for key, child in value.items():
                yield from _nulls(child, (*place, str(key)))
        case list():
            for index, child in enumerate(value):
                yield from _nulls(child, (*place, index))
        case _:
            return
