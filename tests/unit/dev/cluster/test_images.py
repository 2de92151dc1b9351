"""Names of images, as Kubernetes and containerd write them."""

import pytest

from dev.cluster import images

LISTING = """\
REF                             TYPE                                   DIGEST        SIZE   PLATFORMS LABELS
localhost/polyant/engine:0.1.0  application/vnd.oci.image.manifest.v1  sha256:aaa    10 MiB linux/amd64 -
sha256:ccc                      application/vnd.oci.image.manifest.v1  sha256:aaa    10 MiB linux/amd64 -
"""


@pytest.mark.parametrize(
    ("short", "full"),
    [
        ("python", "docker.io/library/python:latest"),
        ("python:3.11", "docker.io/library/python:3.11"),
        ("polyant/engine", "docker.io/polyant/engine:latest"),
        ("localhost/polyant/engine:dev", "localhost/polyant/engine:dev"),
        ("ghcr.io/polyant-ai/engine:1", "ghcr.io/polyant-ai/engine:1"),
        ("127.0.0.1:5000/engine", "127.0.0.1:5000/engine:latest"),
        ("ghcr.io/a/b@sha256:abc", "ghcr.io/a/b@sha256:abc"),
    ],
)
def test_a_short_name_becomes_the_one_that_the_kubelet_looks_for(short: str, full: str) -> None:
    assert images.qualified(short) == full


def test_a_listing_gives_the_digest_behind_each_name() -> None:
    assert images.parsed_listing(LISTING) == {
        "localhost/polyant/engine:0.1.0": "sha256:aaa",
        "sha256:ccc": "sha256:aaa",
    }
    assert images.parsed_listing("REF TYPE\n") == {}
