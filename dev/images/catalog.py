"""Every image of the project: its name, what it is made of, and what it needs first.

An image is stale exactly when its key is not the one it was built with. The key is a digest of
everything that goes in: the Dockerfile, the files it copies, the base and the kind of builder.
"""

import hashlib
import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
REGISTRY = "localhost/polyant"
SKIPPED = {"__pycache__"}
COMMON = (
    "requirements/build.txt",
    "pyproject.toml",
    "README.md",
    "LICENSE",
    "dev/images/slim.py",
    ".dockerignore",
)


@dataclass(frozen=True, kw_only=True)
class Image:
    """One image and its inputs, as paths below the repository's root."""

    name: str
    dockerfile: str
    inputs: tuple[str, ...]
    base: str | None = None  # the image whose name goes into BASE_IMAGE
    fixed_tag: str | None = None  # absent: the tag holds the key, so that a new build rolls pods
    smoke: tuple[tuple[str, ...], ...] = ()  # commands that must end with 0 in the new image


OPERATOR = Image(
    name="operator",
    dockerfile="Dockerfile.operator",
    inputs=(*COMMON, "requirements/operator.txt", "operator"),
    base="base",
    smoke=(("polyant-operator", "--help"),),
)
ENGINE = Image(
    name="engine",
    dockerfile="Dockerfile.engine",
    inputs=(*COMMON, "requirements/engine.txt", "engine", "web", "migrations"),
    base="base",
    smoke=(("polyant-engine", "--help"), ("polyant-web", "--help")),
)
POSTGRES = Image(
    name="postgres",
    dockerfile="dev/images/postgres/Dockerfile",
    inputs=("requirements/postgres.txt", "dev/images/postgres/entrypoint.py", ".dockerignore"),
    base="base",
    fixed_tag="16",
    smoke=(("postgres", "--version"), ("psql", "--version"), ("initdb", "--version")),
)
BASE = Image(
    name="base",
    dockerfile="dev/images/base/Dockerfile",
    inputs=("dev/images/recipe.py",),
    fixed_tag="dev",
)
ALL = {image.name: image for image in (BASE, POSTGRES, OPERATOR, ENGINE)}


def version() -> str:
    """The version of the project, which starts every tag."""
    with (ROOT / "pyproject.toml").open("rb") as source:
        return str(tomllib.load(source)["project"]["version"])


def key(image: Image, *ingredients: str) -> str:
    """The digest of everything the image is made of; `ingredients` are builder and base."""
    digest = hashlib.sha256()
    for word in (image.name, *ingredients):
        digest.update(word.encode() + b"\0")
    for path in _files((image.dockerfile, *image.inputs)):
        digest.update(str(path.relative_to(ROOT)).encode() + b"\0")
        digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()[:12]


def reference(image: Image, image_key: str) -> str:
    """The full name of the image as the cluster and the manifests know it."""
    tag = image.fixed_tag or f"{version()}-{image_key}"
    return f"{REGISTRY}/{image.name}:{tag}"


def _files(names: Sequence[str]) -> Iterator[Path]:
    for name in names:
        path = ROOT / name
        if path.is_dir():
            yield from sorted(file for file in path.rglob("*") if _counts(file))
        else:
            yield path


def _counts(file: Path) -> bool:
    return file.is_file() and not SKIPPED.intersection(file.parts) and file.suffix != ".pyc"
