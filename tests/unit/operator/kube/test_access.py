"""Credentials: the pod's own, read again when the kubelet replaces them, or a kubeconfig's."""

from pathlib import Path

import pytest
import yaml

from polyant_operator.kube import access, errors


def test_a_pods_token_is_read_again_at_each_request(tmp_path: Path) -> None:
    (tmp_path / "token").write_text("first\n")
    pod = access.load(None, tmp_path)
    assert pod.headers() == {"Authorization": "Bearer first"}

    (tmp_path / "token").write_text("second\n")

    assert pod.headers() == {"Authorization": "Bearer second"}
    assert pod.server == "https://kubernetes.default.svc"
    assert pod.ca_file == str(tmp_path / "ca.crt")


def test_no_access_says_what_is_missing_and_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(errors.NoAccess, match=r"token does not exist.*Set KUBECONFIG"):
        access.load(None, tmp_path)


def test_a_token_file_that_vanished_is_no_access(tmp_path: Path) -> None:
    with pytest.raises(errors.NoAccess, match="cannot read the token file"):
        access.in_cluster(tmp_path).headers()


def test_a_kubeconfig_gives_server_and_token(tmp_path: Path) -> None:
    config = {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": "c",
        "contexts": [{"name": "c", "context": {"cluster": "k", "user": "u"}}],
        "clusters": [{"name": "k", "cluster": {"server": "https://host:6443/"}}],
        "users": [{"name": "u", "user": {"token": "secret"}}],
    }
    path = tmp_path / "kubeconfig"
    path.write_text(yaml.safe_dump(config))

    loaded = access.load(str(path))

    assert loaded.server == "https://host:6443"
    assert loaded.headers() == {"Authorization": "Bearer secret"}


@pytest.mark.parametrize("content", [None, "not: a kubeconfig"])
def test_a_useless_kubeconfig_is_named(tmp_path: Path, content: str | None) -> None:
    path = tmp_path / "kubeconfig"
    if content is not None:
        path.write_text(content)

    with pytest.raises(errors.NoAccess, match=f"KUBECONFIG={path}"):
        access.load(str(path))


def test_a_played_user_is_named_in_the_headers() -> None:
    admin = access.Access(server="http://x", token="t")

    assert access.impersonating(admin, "u").headers()["Impersonate-User"] == "u"
