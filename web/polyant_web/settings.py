"""The environment of the panel: the only module here that reads it.

`VARIABLES` is the table people and tests read; `load` turns an environment into `Settings`, or
raises one `ConfigurationError` that lists every problem at once with its cure. An empty value
means unset. A secret may be given as `NAME_FILE`, the path of a file that holds it.
"""

import ipaddress
import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar
from urllib.parse import urlsplit

from typing_extensions import override

from polyant_web import authorities
from polyant_web.google.client import Client

MAX_HOPS = 5
TRUST_EVERY_PROXY = -1

T = TypeVar("T")


@dataclass(frozen=True, kw_only=True)
class Variable:
    """One variable the panel understands."""

    form: str  # what a right value looks like, shown in errors
    doc: str
    default: str | None = None
    required: bool = False
    secret: bool = False  # never shown, and may be given as NAME_FILE


@dataclass(frozen=True, kw_only=True)
class Problem:
    """One wrong variable: its name, what was expected, what to do. Never its value."""

    name: str
    expected: str
    cure: str

    @override
    def __str__(self) -> str:
        return f"{self.name}: expected {self.expected}. {self.cure}"


class ConfigurationError(Exception):
    """The environment is wrong; lists every problem."""

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        lines = "\n".join(f"  {problem}" for problem in problems)
        super().__init__(f"{len(problems)} configuration problem(s):\n{lines}")
        self.problems = problems


@dataclass(frozen=True, kw_only=True)
class Settings:
    """What the panel runs with."""

    auth_secret: str = field(repr=False)  # keys the form tokens; its fingerprint is compared
    previous_auth_secret: str | None = field(repr=False)  # counts too while it is changed
    internal_secret: str = field(repr=False)  # proves to the engine that the panel is calling
    engine_url: str  # where the panel reaches the engine
    public_api_url: str | None  # where people reach the engine, shown beside API keys
    google: Client | None  # sign-in with Google, when it is configured
    allowed_domains: frozenset[str]  # organisations whose accounts may join without being invited
    panel_url: str | None  # where people reach the panel; None = as the headers say
    extra_ca_file: str | None  # certificate authorities besides those of the system
    trust_host: bool  # whether any forwarded header counts
    proxy_hops: int  # how many proxies stand in front, TRUST_EVERY_PROXY = all
    listen_address: str | None  # None = every address of the machine, IPv4 and IPv6
    port: int
    metrics_port: int
    log_level: str
    ignored: tuple[str, ...]  # variables that are set and have no effect in the panel


_URL_FORM = "a URL such as https://accounts.example.com"
_PORT = "a port number, 1 to 65535"
_IGNORED = {
    "DATABASE_URL": "the panel reaches data through the engine only and opens no database",
    "POSTGRES_HOST": "the panel opens no database",
    "POSTGRES_PORT": "the panel opens no database",
    "POSTGRES_DB": "the panel opens no database",
    "POSTGRES_USER": "the panel opens no database",
    "POSTGRES_PASSWORD": "the panel opens no database",
}
_IGNORED_SECRETS = {"DATABASE_URL", "POSTGRES_PASSWORD"}
_DOMAIN = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)+")

VARIABLES: Mapping[str, Variable] = {
    "AUTH_SECRET": Variable(
        form="at least 32 characters, the same as the engine's",
        doc="Keys the form tokens. Engine and panel must hold the same value.",
        required=True,
        secret=True,
    ),
    "AUTH_SECRET_PREVIOUS": Variable(
        form="at least 32 characters",
        doc="Accepted beside AUTH_SECRET while that is changed.",
        secret=True,
    ),
    "AUTH_INTERNAL_SECRET": Variable(
        form="at least 16 characters, the same as the engine's",
        doc="Proves to the engine that a sign-in comes from the panel.",
        required=True,
        secret=True,
    ),
    "INTERNAL_ENGINE_URL": Variable(
        form="a URL such as http://engine:4000",
        doc="Where the panel reaches the engine; never the public address.",
        default="http://localhost:4000",
    ),
    "NEXT_PUBLIC_API_URL": Variable(
        form="a URL such as https://api.example.com",
        doc="The engine's address for people and programs, shown beside API keys.",
    ),
    "AUTH_URL": Variable(
        form="a URL such as https://chat.example.com",
        doc="The panel's own address for people: scheme and host of every request, and where"
        " Google sends browsers back to. Unset, what the proxy in front says.",
    ),
    "GOOGLE_CLIENT_ID": Variable(
        form="a client id such as 123-abc.apps.googleusercontent.com",
        doc="Shows a button to sign in with Google; together with GOOGLE_CLIENT_SECRET.",
    ),
    "GOOGLE_CLIENT_SECRET": Variable(
        form="the secret of the client", doc="Together with GOOGLE_CLIENT_ID.", secret=True
    ),
    "GOOGLE_ISSUER": Variable(
        form=_URL_FORM,
        doc="Whom to ask; another value is for a stand-in in tests.",
        default="https://accounts.google.com",
    ),
    "AUTH_ALLOWED_DOMAINS": Variable(
        form="comma-separated domains such as example.com",
        doc="Google Workspace domains whose people may join by themselves, as viewers;"
        " unset, only whom an administrator made comes in.",
    ),
    "AUTH_TRUST_HOST": Variable(
        form="true or false",
        doc="Whether forwarded headers of the proxy in front count.",
        default="false",
    ),
    "EXTRA_CA_FILE": Variable(
        form="a path to a file of certificates in PEM form",
        doc="Certificate authorities that are trusted besides those of the system.",
    ),
    "HTTPS_PROXY": Variable(
        form="http(s)://host[:port]",
        doc="Proxy to Google; the engine is never called through it.",
    ),
    "HTTP_PROXY": Variable(form="http(s)://host[:port]", doc="The same for plain http."),
    "NO_PROXY": Variable(
        form="a comma list of hosts, .domains or addresses", doc="What is reached without them."
    ),
    "TRUST_PROXY": Variable(
        form=f"a number of proxies, 0 to {MAX_HOPS}, or true or false",
        doc="How many proxies stand in front; 1 when unset and AUTH_TRUST_HOST is true.",
    ),
    "LISTEN_ADDRESS": Variable(
        form="an IP address such as 127.0.0.1",
        doc="Where to listen; every address of the machine when unset.",
    ),
    "PORT": Variable(form=_PORT, doc="Where pages are served.", default="3000"),
    "METRICS_PORT": Variable(
        form=_PORT, doc="Where /metrics, /livez and /readyz are served.", default="9090"
    ),
    "LOG_LEVEL": Variable(
        form="debug, info, warning or error", doc="The lowest level that is logged.", default="info"
    ),
    "NODE_ENV": Variable(
        form="a word", doc="Accepted for compatibility; the panel is always in production mode."
    ),
    **{
        name: Variable(form="any value", doc=f"Ignored: {reason}.", secret=name in _IGNORED_SECRETS)
        for name, reason in _IGNORED.items()
    },
}


def environment() -> Mapping[str, str]:
    """Return the environment of this process."""
    return os.environ


def load(environ: Mapping[str, str]) -> Settings:
    """Return the settings, or raise with every problem."""
    reader = _Reader(environ)
    panel_url = reader.read("AUTH_URL", _url)
    settings = Settings(
        auth_secret=reader.secret("AUTH_SECRET", at_least=32),
        previous_auth_secret=reader.read("AUTH_SECRET_PREVIOUS", _long),
        internal_secret=reader.secret("AUTH_INTERNAL_SECRET", at_least=16),
        engine_url=reader.read("INTERNAL_ENGINE_URL", _url) or "",
        public_api_url=reader.read("NEXT_PUBLIC_API_URL", _url),
        google=_google(reader, panel_url),
        allowed_domains=reader.read("AUTH_ALLOWED_DOMAINS", _domains) or frozenset(),
        panel_url=panel_url,
        extra_ca_file=reader.read("EXTRA_CA_FILE", _ca_file),
        trust_host=reader.read("AUTH_TRUST_HOST", _boolean) or False,
        proxy_hops=_hops(reader),
        listen_address=reader.read("LISTEN_ADDRESS", _address),
        port=reader.read("PORT", _port) or 0,
        metrics_port=reader.read("METRICS_PORT", _port) or 0,
        log_level=reader.read("LOG_LEVEL", _level) or "info",
        ignored=tuple(name for name in _IGNORED if reader.text(name) is not None),
    )
    if settings.port and settings.port == settings.metrics_port:
        reader.note("METRICS_PORT", "a port other than PORT", "Give one of them another number.")
    reader.finish()
    return settings


def ignored_because(name: str) -> str:
    """Why a variable of `Settings.ignored` has no effect."""
    return _IGNORED[name]


class _Reader:
    """Reads variables one by one and remembers what was wrong."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._environ = environ
        self._problems: list[Problem] = []

    def note(self, name: str, expected: str, cure: str) -> None:
        self._problems.append(Problem(name=name, expected=expected, cure=cure))

    def finish(self) -> None:
        if self._problems:
            raise ConfigurationError(tuple(self._problems))

    def text(self, name: str) -> str | None:
        """Return the raw value, from the variable or from its file; empty is unset."""
        value = self._environ.get(name, "").strip()
        path = self._environ.get(f"{name}_FILE", "").strip() if VARIABLES[name].secret else ""
        if value and path:
            self.note(name, f"{name} or {name}_FILE, not both", "Remove one of them.")
        if value or not path:
            return value or VARIABLES[name].default
        return self._file(f"{name}_FILE", path)

    def _file(self, name: str, path: str) -> str | None:
        try:
            return Path(path).read_text(encoding="utf-8").strip() or None
        except (OSError, UnicodeDecodeError) as error:
            cause = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
            self.note(name, "the path of a readable file", f"Reading {path} failed: {cause}.")
            return None

    def read(self, name: str, parse: Callable[[str], T | None]) -> T | None:
        """Return the parsed value; None when unset or wrong (then it is noted)."""
        text = self.text(name)
        if text is None:
            return None
        parsed = parse(text)
        if parsed is None:
            self.note(name, VARIABLES[name].form, "Correct the value or unset the variable.")
        return parsed

    def secret(self, name: str, *, at_least: int) -> str:
        """Return a required secret of some length."""
        before = len(self._problems)
        text = self.text(name)
        if text is None and len(self._problems) == before:
            cure = f"Set it, or {name}_FILE; make one with: openssl rand -hex 32"
            self.note(name, VARIABLES[name].form, cure)
        elif text is not None and len(text) < at_least:
            cure = f"The value has {len(text)}; make one with: openssl rand -hex 32"
            self.note(name, VARIABLES[name].form, cure)
        return text or ""


def _google(reader: _Reader, panel_url: str | None) -> Client | None:
    """Return the client when all of it is there; a part of it is a mistake."""
    needed = ("GOOGLE_CLIENT_ID", "GOOGLE_CLIENT_SECRET")
    client_id, client_secret = (reader.text(name) for name in needed)
    issuer = reader.read("GOOGLE_ISSUER", _url)
    if client_id is None and client_secret is None:
        return None
    for name, value in zip(needed, (client_id, client_secret), strict=True):
        if value is None:
            reader.note(name, VARIABLES[name].form, "Set it, or unset the other of the pair.")
    return Client(
        issuer=issuer or "",
        client_id=client_id or "",
        client_secret=client_secret or "",
        panel_url=panel_url,
    )


def _domains(text: str) -> frozenset[str] | None:
    names = [part.strip().lower() for part in text.split(",") if part.strip()]
    return frozenset(names) if all(_DOMAIN.fullmatch(name) for name in names) else None


def _ca_file(text: str) -> str | None:
    try:
        authorities.context(text)
    except OSError:
        return None
    return text


def _long(text: str) -> str | None:
    return text if len(text) >= 32 else None  # noqa: PLR2004 - as AUTH_SECRET itself


def _hops(reader: _Reader) -> int:
    hops = reader.read("TRUST_PROXY", _hop_count)
    if hops is not None:
        return hops
    # The guide's recipes set AUTH_TRUST_HOST alone on the panel and mean one proxy.
    return 1 if reader.text("AUTH_TRUST_HOST") == "true" else 0


def _hop_count(text: str) -> int | None:
    words = {"true": TRUST_EVERY_PROXY, "false": 0}
    if text in words:
        return words[text]
    return int(text) if text.isascii() and text.isdigit() and int(text) <= MAX_HOPS else None


def _port(text: str) -> int | None:
    valid = text.isascii() and text.isdigit() and 1 <= int(text) <= 65535  # noqa: PLR2004 - the port range
    return int(text) if valid else None


def _address(text: str) -> str | None:
    try:
        return str(ipaddress.ip_address(text))
    except ValueError:
        return None


def _boolean(text: str) -> bool | None:
    return {"true": True, "false": False}.get(text)


def _level(text: str) -> str | None:
    word = {"warn": "warning"}.get(text.lower(), text.lower())
    return word if word in {"debug", "info", "warning", "error"} else None


def _url(text: str) -> str | None:
    try:
        parts = urlsplit(text)
        host, _ = parts.hostname, parts.port
    except ValueError:
        return None
    plain = not (parts.username or parts.password or parts.query or parts.fragment)
    return text.rstrip("/") if parts.scheme in {"http", "https"} and host and plain else None
