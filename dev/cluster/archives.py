"""OCI image archives: read which image is in one, and write the tiny one that holds pods together. Pure."""

import gzip
import hashlib
import io
import json
import tarfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

MEDIA = "application/vnd.oci.image"
ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64"}  # the kernel's word: the registry's word


@dataclass(frozen=True)
class ImageId:
    """Which image it is."""

    name: str
    """Full name with tag; empty when the archive does not say."""
    config_digest: str
    """Digest of the image's configuration: the same wherever the image is stored."""


def identify(archive: Path) -> ImageId:
    """Return what a single-image archive holds (OCI layout or Docker's format)."""
    with tarfile.open(archive) as tar:
        names = set(tar.getnames())
        if "index.json" in names:
            return _identify_oci(tar)
        (entry,) = _read_json(tar, "manifest.json")
        digest = entry["Config"].removesuffix(".json").rpartition("/")[2]
        return ImageId((entry.get("RepoTags") or [""])[0], f"sha256:{digest}")


def program_image(name: str, program: bytes, machine: str) -> bytes:
    """Return an archive of an image that holds one static program; same input, same bytes."""
    layer = _tar({"program": program}, mode=0o755)
    config = _json(
        {
            "architecture": ARCHITECTURES.get(machine, machine),
            "os": "linux",
            "config": {"Entrypoint": ["/program"], "User": "65535:65535"},
            "rootfs": {"type": "layers", "diff_ids": [_digest(layer)]},
        }
    )
    packed = gzip.compress(layer, mtime=0)
    manifest = _json(
        {
            "schemaVersion": 2,
            "mediaType": f"{MEDIA}.manifest.v1+json",
            "config": _descriptor(f"{MEDIA}.config.v1+json", config),
            "layers": [_descriptor(f"{MEDIA}.layer.v1.tar+gzip", packed)],
        }
    )
    entry = _descriptor(f"{MEDIA}.manifest.v1+json", manifest)
    entry["annotations"] = {"io.containerd.image.name": name}
    index = _json({"schemaVersion": 2, "manifests": [entry]})
    blobs = {f"blobs/sha256/{_digest(blob)[7:]}": blob for blob in (config, packed, manifest)}
    return _tar(
        {"oci-layout": _json({"imageLayoutVersion": "1.0.0"}), "index.json": index, **blobs}
    )


def _identify_oci(tar: tarfile.TarFile) -> ImageId:
    (entry,) = _read_json(tar, "index.json")["manifests"]
    algorithm, value = entry["digest"].split(":")
    manifest = _read_json(tar, f"blobs/{algorithm}/{value}")
    notes = entry.get("annotations", {})
    name = notes.get("io.containerd.image.name") or notes.get("org.opencontainers.image.ref.name")
    return ImageId(name or "", manifest["config"]["digest"])


def _read_json(tar: tarfile.TarFile, name: str) -> Any:
    file = tar.extractfile(name)
    if file is None:
        raise tarfile.TarError(f"{name} is not a file")
    return json.load(file)


def _tar(files: dict[str, bytes], mode: int = 0o644) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.USTAR_FORMAT) as tar:
        for name, content in files.items():
            info = tarfile.TarInfo(name)
            info.size, info.mode = len(content), mode
            tar.addfile(info, io.BytesIO(content))
    return buffer.getvalue()


def _json(document: dict[str, Any]) -> bytes:
    return json.dumps(document, sort_keys=True).encode()


def _digest(blob: bytes) -> str:
    return f"sha256:{hashlib.sha256(blob).hexdigest()}"


def _descriptor(media_type: str, blob: bytes) -> dict[str, Any]:
    return {"mediaType": media_type, "digest": _digest(blob), "size": len(blob)}
