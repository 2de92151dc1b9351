"""Bring images into the node's containerd without a registry; what is there already is skipped."""

import subprocess
import tempfile
from pathlib import Path

from dev.cluster import archives
from dev.cluster.errors import ClusterError
from dev.cluster.node import commands
from dev.cluster.node.configs import CONTAINERD_SOCKET
from dev.cluster.node.namespace import Namespace
from dev.cluster.progress import Progress, timed

CTR = ("ctr", f"--address={CONTAINERD_SOCKET}", "--namespace=k8s.io")


class ImageStore:
    """The images of one node."""

    def __init__(self, inside: Namespace, snapshotter: str) -> None:
        self._inside = inside
        self._snapshotter = snapshotter

    def load(self, image: str, progress: Progress) -> str:
        """Load an image by its name in buildah's storage, or an archive by its path; return its name."""
        path = Path(image)
        if path.suffix in {".tar", ".oci"} or path.is_file():
            return self._load_archive(path, progress)
        return self._load_from_storage(qualified(image), progress)

    def has(self, image: archives.ImageId) -> bool:
        """Tell whether the very same image is there under the same name."""
        targets = self._targets()
        target = targets.get(qualified(image.name))
        return target is not None and target == targets.get(image.config_digest)

    def import_archive(self, archive: Path) -> None:
        """Import an archive file, whatever is there."""
        self._inside.run(
            *CTR, "images", "import", f"--snapshotter={self._snapshotter}", str(archive)
        )

    def _load_archive(self, archive: Path, progress: Progress) -> str:
        if not archive.is_file():
            raise ClusterError(f"There is no image archive {archive}", cure="Check the path.")
        identity = archives.identify(archive)
        if self.has(identity):
            progress(f"image {archive.name} is loaded already")
            return identity.name
        with timed(progress, f"loaded image {archive.name}"):
            self.import_archive(archive.resolve())
        return identity.name

    def _load_from_storage(self, image: str, progress: Progress) -> str:
        identity = archives.ImageId(image, _stored_id(image))
        if self.has(identity):
            progress(f"image {image} is loaded already")
            return image
        with (
            timed(progress, f"loaded image {image}"),
            tempfile.TemporaryDirectory(prefix="polyant-image-") as scratch,
        ):
            archive = Path(scratch) / "image.oci"
            # Uncompressed: it only travels to the next process.
            target = f"oci-archive:{archive}:{image}"
            commands.run(["buildah", "push", "--quiet", "--disable-compression", image, target])
            self.import_archive(archive)
        return image

    def _targets(self) -> dict[str, str]:
        """Return the manifest digest behind each name; image ids are names as well."""
        return parsed_listing(self._inside.run(*CTR, "images", "list"))


def parsed_listing(text: str) -> dict[str, str]:
    """Return name and digest of each line that `ctr images list` prints."""
    rows = [line.split() for line in text.splitlines()[1:]]
    return {row[0]: row[2] for row in rows if len(row) > 2}  # noqa: PLR2004 - name, type, digest, …


def qualified(image: str) -> str:
    """Return the full name that Kubernetes gives an image: with a registry and a tag."""
    registry, slash, _ = image.partition("/")
    if not slash:
        image = f"docker.io/library/{image}"
    elif not ({".", ":"} & set(registry)) and registry != "localhost":
        image = f"docker.io/{image}"
    return image if ":" in image.rpartition("/")[2] or "@" in image else f"{image}:latest"


def _stored_id(image: str) -> str:
    command = ["buildah", "inspect", "--type", "image", "--format", "{{.FromImageID}}", image]
    done = subprocess.run(
        command, text=True, capture_output=True, check=False, env=commands.environment()
    )
    if done.returncode:
        raise ClusterError(
            f"buildah's storage has no image {image}: {done.stderr.strip()}",
            cure="Build it first (make images), or give the path of an image archive.",
        )
    return f"sha256:{done.stdout.strip()}"
