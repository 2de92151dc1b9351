"""The two programs that can build an image, behind one interface.

Docker is used where an engine answers, and then the bases come from the public registry.
Otherwise buildah builds the same Dockerfiles as root without any daemon, on a base made here.
"""

import json
import os
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from typing_extensions import override

from dev.images import process

LAYERS_KEPT = 40  # unnamed images of earlier builds; about 100 MB each
KEY_LABEL = "ai.polyant.inputs"
DOCKER_BASE = "docker.io/library/python:3.11-slim-bookworm"
DOCKER_POSTGRES = "docker.io/pgvector/pgvector:pg16"


@dataclass(frozen=True, kw_only=True)
class Build:
    """One build as data."""

    reference: str
    dockerfile: Path
    context: Path
    key: str
    arguments: tuple[tuple[str, str], ...]
    secrets: tuple[str, ...]


class Builder(Protocol):
    """What the rest of `dev` needs of a container tool."""

    name: str
    own_bases: bool  # base and postgres are made here because no registry is assumed

    def missing(self) -> tuple[str, ...]:
        """Debian packages whose programs are not on this machine."""

    def key_of(self, reference: str) -> str | None:
        """The key of the stored image of this name, or None."""

    def build(self, build: Build, runner: process.Runner) -> None:
        """Build and name the image."""

    def smoke(self, reference: str, command: Sequence[str], runner: process.Runner) -> None:
        """Start one command in the image and see it end well."""

    def size(self, reference: str) -> int | None:
        """Bytes on disk, all layers together."""

    def forget(self, reference: str) -> None:
        """Remove one stored image."""

    def forget_others(self, reference: str) -> None:
        """Remove stored images of the same repository under other tags."""


def choose() -> Builder:
    """Docker when its engine answers, else buildah."""
    if shutil.which("docker") and process.output(
        ["docker", "version", "-f", "{{.Server.Version}}"]
    ):
        return Docker()
    return Buildah()


def _build_arguments(build: Build) -> list[str]:
    words = [f"--build-arg={name}={value}" for name, value in build.arguments]
    words += [f"--label={KEY_LABEL}={build.key}", f"--tag={build.reference}", *build.secrets]
    return [*words, f"--file={build.dockerfile}", str(build.context)]


class Docker(Builder):
    """Images built and kept by a Docker engine."""

    name = "docker"
    own_bases = False

    @override
    def missing(self) -> tuple[str, ...]:
        return ()

    @override
    def key_of(self, reference: str) -> str | None:
        shown = process.output(["docker", "image", "inspect", reference])
        labels = json.loads(shown)[0]["Config"].get("Labels") if shown else None
        return (labels or {}).get(KEY_LABEL)

    @override
    def build(self, build: Build, runner: process.Runner) -> None:
        environment = {**os.environ, "DOCKER_BUILDKIT": "1"}
        runner.run(build.reference, ["docker", "build", *_build_arguments(build)], env=environment)

    @override
    def smoke(self, reference: str, command: Sequence[str], runner: process.Runner) -> None:
        options = ["--rm", "--read-only", "--network=none", f"--entrypoint={command[0]}"]
        runner.run(f"{command[0]} starts", ["docker", "run", *options, reference, *command[1:]])

    @override
    def size(self, reference: str) -> int | None:
        shown = process.output(["docker", "image", "inspect", "-f", "{{.Size}}", reference])
        return int(shown) if shown else None

    @override
    def forget(self, reference: str) -> None:
        process.output(["docker", "image", "rm", reference])

    @override
    def forget_others(self, reference: str) -> None:
        repository = reference.rpartition(":")[0]
        listed = process.output(
            ["docker", "image", "ls", "--format", "{{.Repository}}:{{.Tag}}", repository]
        )
        for other in set((listed or "").split()) - {reference}:
            self.forget(other)


class Buildah(Builder):
    """Images built by buildah in its own store, without a daemon and without namespaces."""

    name = "buildah"
    own_bases = True

    @override
    def missing(self) -> tuple[str, ...]:
        needed = ("buildah", "mmdebstrap")
        return tuple(package for package in needed if shutil.which(package) is None)

    @override
    def key_of(self, reference: str) -> str | None:
        question = ["buildah", "inspect", "--type", "image", reference]
        shown = process.output(question)
        labels = json.loads(shown)["OCIv1"]["config"].get("Labels") if shown else None
        return (labels or {}).get(KEY_LABEL)

    @override
    def build(self, build: Build, runner: process.Runner) -> None:
        # Layers are kept, so that a change of the sources does not install every package again,
        # until there are so many that the disk matters more than the next build's minute.
        kept = process.output(["buildah", "images", "--filter", "dangling=true", "--quiet"]) or ""
        if len(kept.split()) > LAYERS_KEPT:
            process.output(["buildah", "rmi", "--prune"])
        options = ["--isolation=chroot", "--layers", "--pull-never", "--format=oci"]
        runner.run(build.reference, ["buildah", "bud", *options, *_build_arguments(build)])

    @override
    def smoke(self, reference: str, command: Sequence[str], runner: process.Runner) -> None:
        container = process.output(["buildah", "from", "--pull-never", reference])
        if container is None:
            raise process.CommandError(f"buildah has no image {reference}")
        try:
            run = ["buildah", "run", "--isolation=chroot", container.strip(), "--", *command]
            runner.run(f"{command[0]} starts", run)
        finally:
            process.output(["buildah", "rm", container.strip()])

    @override
    def size(self, reference: str) -> int | None:
        shown = process.output(["buildah", "images", "--json", reference])
        if not shown:
            return None
        number, unit = json.loads(shown)[0]["size"].split()
        return int(float(number) * {"B": 1, "KB": 10**3, "MB": 10**6, "GB": 10**9}[unit.upper()])

    @override
    def forget(self, reference: str) -> None:
        process.output(["buildah", "rmi", reference])

    @override
    def forget_others(self, reference: str) -> None:
        repository = reference.rpartition(":")[0]
        listed = process.output(["buildah", "images", "--json", repository])
        for entry in json.loads(listed) if listed else []:
            for other in set(entry.get("names") or []) - {reference}:
                self.forget(other)
