"""The forms that values of variables have: text in, value out, `ValueError` for anything else."""

import ipaddress
import re
import zoneinfo
from collections.abc import Callable
from typing import Literal
from urllib.parse import urlsplit

from polyant_engine.core.dsn import MAX_PORT

UTC = "UTC"
MAX_EMAIL = 254
MAX_HOPS = 32

_EMAIL = re.compile(r"[^@\s]+@[^@\s]+")
_HOST = re.compile(r"(\[[0-9a-f:.]+\]|[a-z0-9]([a-z0-9.-]*[a-z0-9])?)(:[0-9]{1,5})?")
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*")
_OWNER = re.compile(r"[a-z0-9.-]{1,253}/[a-z0-9.-]{1,253}")
_SIXTY_FOUR_HEX = re.compile(r"[0-9a-fA-F]{64}")


def port(text: str) -> int:
    """Read a port number."""
    value = int(text)
    if not 0 < value <= MAX_PORT:
        raise ValueError(text)
    return value


def address(text: str) -> str:
    """Read an IP address."""
    return str(ipaddress.ip_address(text))


def hops(text: str) -> int | Literal["all"]:
    """Read TRUST_PROXY: a number of proxies, or true (all of them), or false (none)."""
    if text == "true":
        return "all"
    value = 0 if text == "false" else int(text)
    if not 0 <= value <= MAX_HOPS:
        raise ValueError(text)
    return value


def hex_key(text: str) -> str:
    """Read a key of 32 bytes in hexadecimal."""
    return _whole(_SIXTY_FOUR_HEX, text).lower()


def sized(low: int, high: int) -> Callable[[str], str]:
    """Read a text of a certain length."""

    def read(text: str) -> str:
        if not low <= len(text) <= high:
            raise ValueError(text)
        return text

    return read


def email(text: str) -> str:
    """Read an e-mail address; `administrator@local` is one."""
    if len(text) > MAX_EMAIL:
        raise ValueError(text)
    return _whole(_EMAIL, text).lower()


def language(text: str) -> str:
    """Read a language tag."""
    return _whole(_LANGUAGE, text)


def owner(text: str) -> str:
    """Read `namespace/name`."""
    return _whole(_OWNER, text)


def zone(text: str) -> str:
    """Read the name of a time zone that exists; UTC exists even without a database of zones."""
    if text == UTC:
        return text
    try:
        return zoneinfo.ZoneInfo(text).key
    except (zoneinfo.ZoneInfoNotFoundError, OSError) as unknown:
        raise ValueError(text) from unknown


def base_url(text: str) -> str:
    """Read the public address of a service, without a slash at the end."""
    parts = urlsplit(text)
    if parts.scheme not in {"http", "https"} or not parts.hostname or "@" in parts.netloc:
        raise ValueError(text)
    if parts.query or parts.fragment or parts.port == 0:
        raise ValueError(text)
    return text.rstrip("/")


def origin(text: str) -> str:
    """Read scheme, host and port of a web page; a browser sends it in lower case."""
    parts = urlsplit(text)
    if parts.path or "*" in text:
        raise ValueError(text)
    return base_url(text).lower()


def origin_list(text: str) -> tuple[str, ...]:
    """Read a comma list of origins."""
    return tuple(origin(item) for item in _items(text))


def host_list(text: str) -> tuple[str, ...]:
    """Read a comma list of `host` or `host:port`."""
    return tuple(_whole(_HOST, item.lower()) for item in _items(text))


def word_list(text: str) -> tuple[str, ...]:
    """Read a comma list of anything."""
    return tuple(_items(text))


def proxy_url(text: str) -> str:
    """Read the address of a proxy."""
    parts = urlsplit(text)
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.path.strip("/"):
        raise ValueError(text)
    return text.rstrip("/")


def _items(text: str) -> list[str]:
    return [item.strip() for item in text.split(",") if item.strip()]


def _whole(pattern: re.Pattern[str], text: str) -> str:
    if not pattern.fullmatch(text):
        raise ValueError(text)
    return text
