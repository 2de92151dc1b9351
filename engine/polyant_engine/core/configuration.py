"""Reading settings from an environment: every problem at once, no secret ever shown.

Rules that hold for every variable: empty means unset; surrounding blanks do not count; a variable
marked `secret` may be given as `NAME_FILE`, a path whose content is the value.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from typing_extensions import override

Value = TypeVar("Value")
Fallback = TypeVar("Fallback")

MAX_SHOWN = 60
TRUE = frozenset({"true", "1", "yes", "on"})
FALSE = frozenset({"false", "0", "no", "off"})


@dataclass(frozen=True, kw_only=True)
class Variable:
    """What is known about one variable of the environment."""

    form: str  # completes the sentence "expected ..."
    default: str | None = None
    required: bool = False
    secret: bool = False
    doc: str = ""
    cure: str = ""

    def remedy(self, name: str) -> str:
        """Say what to do about a wrong value."""
        fallback = "" if self.required else f", or unset it for {self.default or 'none'}"
        return self.cure or f"Set {name} to {self.form}{fallback}."


@dataclass(frozen=True, kw_only=True)
class Problem:
    """One thing that is wrong with the environment."""

    name: str
    text: str
    cure: str

    @override
    def __str__(self) -> str:
        return f"{self.name}: {self.text} {self.cure}"


class ConfigurationError(Exception):
    """The environment is wrong; says everything that is."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("; ".join(map(str, self.problems)))

    def report(self) -> str:
        """Return one line per problem, for a terminal."""
        lines = "\n".join(f"  {problem}" for problem in self.problems)
        return f"Configuration error: {len(self.problems)} problem(s)\n{lines}"


class Reader:
    """Reads variables of a table, and remembers what was wrong instead of stopping."""

    def __init__(self, environ: Mapping[str, str], variables: Mapping[str, Variable]) -> None:
        self._environ = environ
        self._variables = variables
        self.problems: list[Problem] = []

    def raw(self, name: str) -> str | None:
        """Return what was given, if anything; reads `NAME_FILE` for secrets."""
        return self._given(name, may_be_file=self._variables[name].secret)

    def raw_secret(self, name: str) -> str | None:
        """Return a secret whose name is not in the table, such as the key of a named model."""
        return self._given(name, may_be_file=True)

    def _given(self, name: str, *, may_be_file: bool) -> str | None:
        given = self._environ.get(name, "").strip() or None
        path = self._environ.get(f"{name}_FILE", "").strip() if may_be_file else ""
        if not path:
            return given
        if given is not None:
            self.add(name, f"both {name} and {name}_FILE are set.", "Keep one of them.")
            return given
        return self._file(name, path)

    def _file(self, name: str, path: str) -> str | None:
        try:
            return Path(path).read_text(encoding="utf-8").strip() or None
        except (OSError, UnicodeDecodeError) as failed:
            reason = getattr(failed, "strerror", None) or "not UTF-8 text"
            cure = "Point it at a readable file, or unset it."
            self.add(f"{name}_FILE", f"{path} cannot be read ({reason}).", cure)
            return None

    def text(self, name: str) -> str | None:
        """Return the value or the default; a missing required variable is a problem."""
        given = self.raw(name)
        if given is not None:
            return given
        variable = self._variables[name]
        if variable.required and not self.is_reported(name):
            self.add(name, f"is missing, expected {variable.form}.", variable.remedy(name))
        return variable.default

    def parsed(
        self, name: str, parse: Callable[[str], Value], fallback: Fallback
    ) -> Value | Fallback:
        """Parse the value or the default; `parse` raises ValueError, whose text is not shown."""
        text = self.text(name)
        if text is None:
            return fallback
        try:
            return parse(text)
        except ValueError:
            self.wrong(name, text)
            return fallback

    def optional(self, name: str, parse: Callable[[str], Value]) -> Value | None:
        """Parse the value if there is one."""
        return self.parsed(name, parse, None)

    def integer(self, name: str, low: int, high: int) -> int:
        """Read a whole number within bounds."""
        return self.parsed(name, lambda text: _bounded(int(text), low, high), low)

    def decimal(self, name: str, low: float, high: float) -> float:
        """Read a number within bounds."""
        return self.parsed(name, lambda text: _bounded(float(text), low, high), low)

    def boolean(self, name: str) -> bool:
        """Read true or false."""
        return self.parsed(name, _boolean, fallback=False)

    def choice(self, name: str, choices: Mapping[str, Value], fallback: Value) -> Value:
        """Read one of a few words."""
        return self.parsed(name, lambda text: _chosen(text, choices), fallback)

    def wrong(self, name: str, value: str) -> None:
        """Report a value that does not have the expected form."""
        variable = self._variables[name]
        shown = f"{len(value)} characters" if variable.secret else repr(value[:MAX_SHOWN])
        self.add(name, f"expected {variable.form}, got {shown}.", variable.remedy(name))

    def add(self, name: str, text: str, cure: str) -> None:
        """Report anything else."""
        self.problems.append(Problem(name=name, text=text, cure=cure))

    def is_reported(self, name: str) -> bool:
        """Tell whether something is already known to be wrong with a variable."""
        return any(problem.name in {name, f"{name}_FILE"} for problem in self.problems)

    def finish(self) -> None:
        """Raise everything that was wrong."""
        if self.problems:
            raise ConfigurationError(self.problems)


Number = TypeVar("Number", int, float)


def _bounded(value: Number, low: Number, high: Number) -> Number:
    if not low <= value <= high:
        raise ValueError(value)
    return value


def _boolean(text: str) -> bool:
    lowered = text.lower()
    if lowered not in TRUE | FALSE:
        raise ValueError(text)
    return lowered in TRUE


def _chosen(text: str, choices: Mapping[str, Value]) -> Value:
    try:
        return choices[text.lower()]
    except KeyError as unknown:
        raise ValueError(text) from unknown
