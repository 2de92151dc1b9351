"""Leaving out what a library imports only to know its types."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def without(package: str) -> Iterator[None]:
    """Let a package seem not to be installed, unless it is loaded already.

    kopf looks for the official client to recognise its objects, which we never pass: 10 MB and half
    a second of processor time.
    """
    if package in sys.modules:
        yield
        return
    sys.modules[package] = None  # type: ignore[assignment]  # it takes None for absent
    try:
        yield
    finally:
        del sys.modules[package]
