"""The operator's ServiceAccount as the chart makes it, for a process outside a pod."""

from pathlib import Path

import yaml

from support import apiserver, helm


def kubeconfig_of(
    server: apiserver.ApiServer, folder: Path, namespace: str, arguments: tuple[str, ...] = ()
) -> Path:
    """Install the chart's rights and become its ServiceAccount."""
    rights = helm.of_kind(
        helm.template(*arguments, namespace=namespace),
        "ServiceAccount",
        "Role",
        "RoleBinding",
        "ClusterRole",
        "ClusterRoleBinding",
    )
    server.kubectl("apply", "-f", "-", stdin=yaml.safe_dump_all(rights))
    token = server.kubectl("create", "token", "polyant-operator", "-n", namespace).strip()
    config = yaml.safe_load(server.kubeconfig.read_text())
    config["users"][0]["user"] = {"token": token}
    path = folder / "operator-kubeconfig"
    path.write_text(yaml.safe_dump(config))
    return path
