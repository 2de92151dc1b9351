"""How the Go compiler is run."""

from pathlib import Path

import pytest

from dev.cluster.errors import ClusterError
from dev.cluster.tools import compiler


@pytest.mark.parametrize(
    ("package", "expected"),
    [
        ("k8s.io/kubernetes/cmd/kubelet", "kubelet"),
        ("go.etcd.io/etcd/server/v3", "server"),
        ("helm.sh/helm/v4/cmd/helm", "helm"),
        ("./coredns", "coredns"),
        (".", "pause"),
    ],
)
def test_a_program_is_found_under_the_name_that_go_gives_it(package: str, expected: str) -> None:
    assert compiler.program_name(package, Path("/tools/pause")) == expected


@pytest.mark.parametrize("version", ["go version go1.21.0 linux/amd64", "go version go1.26.8 x"])
def test_a_go_that_fetches_newer_ones_is_new_enough(version: str) -> None:
    compiler.check_version(version)


@pytest.mark.parametrize("version", ["go version go1.19.8 linux/amd64", "nonsense"])
def test_an_old_go_is_refused_with_the_cure(version: str) -> None:
    with pytest.raises(ClusterError, match="Install Go"):
        compiler.check_version(version)
