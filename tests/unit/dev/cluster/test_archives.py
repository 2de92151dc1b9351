"""Image archives: what we write, we can read; and the formats of buildah and Docker."""

import io
import json
import tarfile
from pathlib import Path

import pytest

from dev.cluster import archives

NAME = "localhost/x/y:1"


def test_the_same_program_gives_the_same_bytes() -> None:
    one = archives.program_image(NAME, b"program", "x86_64")

    assert one == archives.program_image(NAME, b"program", "x86_64")
    assert one != archives.program_image(NAME, b"other", "x86_64")


def test_a_written_archive_is_identified_by_name_and_configuration(tmp_path: Path) -> None:
    path = tmp_path / "image.tar"
    path.write_bytes(archives.program_image(NAME, b"program", "aarch64"))

    identity = archives.identify(path)

    assert identity.name == NAME
    with tarfile.open(path) as tar:
        blob = tar.extractfile(f"blobs/sha256/{identity.config_digest.removeprefix('sha256:')}")
        assert blob is not None
        config = json.load(blob)
    assert (config["os"], config["architecture"]) == ("linux", "arm64")


@pytest.mark.parametrize("config", ["abc123.json", "blobs/sha256/abc123"])
def test_an_archive_of_docker_is_identified(tmp_path: Path, config: str) -> None:
    path = tmp_path / "docker.tar"
    manifest = json.dumps([{"Config": config, "RepoTags": [NAME]}]).encode()
    with tarfile.open(path, "w") as tar:
        info = tarfile.TarInfo("manifest.json")
        info.size = len(manifest)
        tar.addfile(info, io.BytesIO(manifest))

    assert archives.identify(path) == archives.ImageId(NAME, "sha256:abc123")
