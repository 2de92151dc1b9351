"""The Pod Security standard `restricted`, as far as the API server enforces it (v1.34).

https://kubernetes.io/docs/concepts/security/pod-security-standards/#restricted
"""

from collections.abc import Iterator, Mapping
from typing import Any

Pod = Mapping[str, Any]

VOLUMES = {
    "configMap", "csi", "downwardAPI", "emptyDir", "ephemeral", "persistentVolumeClaim",
    "projected", "secret",
}  # fmt: skip
PROFILES = {"RuntimeDefault", "Localhost"}

# The smallest pod that meets it.
RESTRICTED: dict[str, Any] = {
    "containers": [
        {
            "name": "c",
            "image": "i",
            "securityContext": {
                "allowPrivilegeEscalation": False,
                "capabilities": {"drop": ["ALL"]},
                "runAsNonRoot": True,
                "seccompProfile": {"type": "RuntimeDefault"},
            },
        }
    ]
}


def violations(spec: Pod) -> list[str]:
    """List what keeps a pod's spec from being `restricted`, in words."""
    return [
        *_pod(spec),
        *(problem for one in _containers(spec) for problem in _container(spec, one)),
    ]


def _pod(spec: Pod) -> Iterator[str]:
    for field in ("hostNetwork", "hostPID", "hostIPC"):
        if spec.get(field):
            yield f"{field} is set"
    for volume in spec.get("volumes", ()):
        if wrong := set(volume) - {"name"} - VOLUMES:
            yield f"volume {volume['name']} is of type {sorted(wrong)}"
    if sysctls := spec.get("securityContext", {}).get("sysctls"):
        yield f"sysctls {sysctls} are set"


def _containers(spec: Pod) -> Iterator[Pod]:
    for kind in ("initContainers", "containers", "ephemeralContainers"):
        yield from spec.get(kind, ())


def _container(spec: Pod, container: Pod) -> Iterator[str]:
    name, own = container["name"], container.get("securityContext", {})
    merged = {**spec.get("securityContext", {}), **own}
    capabilities = own.get("capabilities", {})
    checks = {
        "is privileged": bool(own.get("privileged")),
        "may escalate": own.get("allowPrivilegeEscalation") is not False,
        "keeps capabilities": "ALL" not in capabilities.get("drop", ()),
        "adds capabilities": bool(set(capabilities.get("add", ())) - {"NET_BIND_SERVICE"}),
        "may run as root": merged.get("runAsNonRoot") is not True,
        "runs as uid 0": merged.get("runAsUser") == 0,
        "has no seccomp profile": merged.get("seccompProfile", {}).get("type") not in PROFILES,
        "has a host port": any(port.get("hostPort") for port in container.get("ports", ())),
        "sees /proc unmasked": own.get("procMount", "Default") != "Default",
    }
    yield from (f"container {name} {problem}" for problem, is_so in checks.items() if is_so)
