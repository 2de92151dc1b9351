"""Build what is stale, in order, and say what was done."""

import time
from dataclasses import dataclass, field
from pathlib import Path

from dev.cluster import locks
from dev.images import builders, cachefolder, catalog, pipconfig, process, rootfs


@dataclass(frozen=True, kw_only=True)
class Workshop:
    """A builder together with where its output goes."""

    builder: builders.Builder
    progress: process.Progress
    # Taken once: a file saved during a run must not change the names that run works with.
    keys: dict[str, str] = field(default_factory=dict)

    @property
    def runner(self) -> process.Runner:
        """Runs programs with their output in the images' log."""
        log = cachefolder.cache_folder() / "build.log"
        return process.Runner(log=log, progress=self.progress)

    def key(self, image: catalog.Image) -> str:
        """The key the image has now, the key of its base included."""
        if image.name not in self.keys:
            self.keys[image.name] = catalog.key(image, self.builder.name, self._base_key(image))
        return self.keys[image.name]

    def reference(self, name: str) -> str:
        """The full name under which the image is, or will be, stored."""
        if name == "postgres" and not self.builder.own_bases:
            return builders.DOCKER_POSTGRES
        image = catalog.ALL[name]
        return catalog.reference(image, self.key(image))

    def names(self) -> tuple[str, ...]:
        """Images that are made on this machine, in the order in which they are needed."""
        wanted = catalog.ALL if self.builder.own_bases else ("operator", "engine")
        return tuple(wanted)

    def stale(self, name: str) -> bool:
        """Whether the stored image is absent or made of something else."""
        return self.builder.key_of(self.reference(name)) != self.key(catalog.ALL[name])

    def build(self, name: str, *, force: bool = False) -> str:
        """Build the image and its base unless both are as they would become; return its name."""
        lock = cachefolder.cache_folder() / ".lock"
        with locks.held(lock, progress=self.progress, waiting_for="another build of the images"):
            return self._build_in_turn(name, force=force)

    def _build_in_turn(self, name: str, *, force: bool = False) -> str:
        image = catalog.ALL[name]
        if image.base and self.builder.own_bases and self.stale(image.base):
            self._build_in_turn(image.base)
        reference = self.reference(name)
        if not force and not self.stale(name):
            self.progress(f"{reference} is up to date")
            return reference
        started = time.monotonic()
        self.progress(f"{reference}: building with {self.builder.name}")
        self._build(image, reference)
        self.progress(f"{reference}: built in {time.monotonic() - started:.0f} s")
        return reference

    def _build(self, image: catalog.Image, reference: str) -> None:
        with pipconfig.secrets() as secrets:
            build = builders.Build(
                reference=reference,
                dockerfile=catalog.ROOT / image.dockerfile,
                context=self._context(image),
                key=self.key(image),
                arguments=self._arguments(image),
                secrets=tuple(secrets.arguments()) if image.base else (),
            )
            self.builder.build(build, self.runner)
        self._smoke(image, reference)
        self.builder.forget_others(reference)

    def _smoke(self, image: catalog.Image, reference: str) -> None:
        try:
            for command in image.smoke:
                self.builder.smoke(reference, command, self.runner)
        except process.CommandError:
            self.builder.forget(reference)  # or the next run would call it up to date
            raise

    def _context(self, image: catalog.Image) -> Path:
        if image is not catalog.BASE:
            return catalog.ROOT
        rootfs.sweep(self.key(image))
        return rootfs.base_context(self.key(image), self.runner)

    def _arguments(self, image: catalog.Image) -> tuple[tuple[str, str], ...]:
        if image.base is None:
            return ()
        base = self.reference(image.base) if self.builder.own_bases else builders.DOCKER_BASE
        return (("BASE_IMAGE", base), ("VERSION", catalog.version()))

    def _base_key(self, image: catalog.Image) -> str:
        if image.base is None:
            return ""
        return self.key(catalog.ALL[image.base]) if self.builder.own_bases else builders.DOCKER_BASE


def workshop(progress: process.Progress, *, without_engine: bool = False) -> Workshop:
    """The workshop of this machine; the local node can take images only from buildah."""
    builder = builders.Buildah() if without_engine else builders.choose()
    return Workshop(builder=builder, progress=progress)
