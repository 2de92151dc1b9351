"""Rules across the settings of pods.

No schema can see them, because defaults and a component's own settings come together in one pod.
"""

from collections.abc import Iterator
from typing import Final

from polyant_operator.api.containers import Container
from polyant_operator.api.errors import FieldError
from polyant_operator.api.pod import Pod
from polyant_operator.api.quantities import amount
from polyant_operator.api.resources import Resources
from polyant_operator.api.spec import Spec

DEFAULTS: Final = "spec.podDefaults"


def pods(spec: Spec) -> dict[str, Pod]:
    """List every place that says something about pods."""
    return {
        DEFAULTS: spec.pod_defaults,
        "spec.engine.pod": spec.engine.pod,
        "spec.web.pod": spec.web.pod,
    }


def lists(spec: Spec) -> dict[str, list[str]]:
    """Give the keys of every list that is merged by key."""
    found: dict[str, list[str]] = {}
    for place, pod in pods(spec).items():
        found[f"{place}.extraVolumes"] = [volume.name for volume in pod.extra_volumes or ()]
        mounts = pod.extra_volume_mounts or ()
        found[f"{place}.extraVolumeMounts"] = [mount.mount_path for mount in mounts]
        spread = pod.topology_spread_constraints or ()
        found[f"{place}.topologySpreadConstraints"] = [
            f"{constraint.topology_key}, {constraint.when_unsatisfiable}" for constraint in spread
        ]
        found[f"{place}.initContainers"] = [each.name for each in pod.init_containers or ()]
        found[f"{place}.sidecars"] = [each.name for each in pod.sidecars or ()]
        for where, container in _containers(place, pod):
            found |= _lists_of(where, container)
    return found


def mounted_volumes(spec: Spec) -> Iterator[FieldError]:
    """Refuse mounts of volumes that nobody defines."""
    defaults = _volumes(spec.pod_defaults)
    for place, pod in pods(spec).items():
        known = defaults | _volumes(pod)
        mounts = {f"{place}.extraVolumeMounts": pod.extra_volume_mounts or ()} | {
            f"{where}.volumeMounts": each.volume_mounts or ()
            for where, each in _containers(place, pod)
        }
        for where, entries in mounts.items():
            for mount in entries:
                if mount.name not in known:
                    yield FieldError(
                        path=where,
                        value=mount.name,
                        message=f"'{mount.mount_path}' mounts volume '{mount.name}', which is not defined",
                        cure=f"add it to {place}.extraVolumes or correct the name",
                    )


def requests_within_limits(spec: Spec) -> Iterator[FieldError]:
    """Refuse requests above their limit, which no pod could be made with."""
    for place, pod in pods(spec).items():
        yield from _within_limits(place, pod.resources)
        for where, container in _containers(place, pod):
            yield from _within_limits(where, container.resources)


def containers_apart(spec: Spec) -> Iterator[FieldError]:
    """Refuse a name that is an init container in the defaults and a sidecar of a component, or so."""
    defaults = spec.pod_defaults
    for place, pod in pods(spec).items():
        if place == DEFAULTS:
            continue
        pairs = (
            ("initContainers", pod.init_containers, defaults.sidecars),
            ("sidecars", pod.sidecars, defaults.init_containers),
        )
        for field, own, others in pairs:
            for name in sorted(_names(own) & _names(others)):
                yield FieldError(
                    path=f"{place}.{field}",
                    value=name,
                    message=f"'{name}' is a container of another kind in {DEFAULTS}",
                    cure="give each container of a pod a name of its own",
                )


def _containers(place: str, pod: Pod) -> Iterator[tuple[str, Container]]:
    for field, containers in (("initContainers", pod.init_containers), ("sidecars", pod.sidecars)):
        for index, container in enumerate(containers or ()):
            yield f"{place}.{field}[{index}]", container


def _lists_of(where: str, container: Container) -> dict[str, list[str]]:
    mounts, ports = container.volume_mounts or (), container.ports or ()
    return {
        f"{where}.env": [variable.name for variable in container.env or ()],
        f"{where}.volumeMounts": [mount.mount_path for mount in mounts],
        f"{where}.ports": [f"{port.container_port}, {port.protocol}" for port in ports],
    }


def _within_limits(place: str, resources: Resources | None) -> Iterator[FieldError]:
    limits = (resources.limits if resources else None) or {}
    requests = (resources.requests if resources else None) or {}
    for name in sorted(limits.keys() & requests.keys()):
        if amount(requests[name]) > amount(limits[name]):
            yield FieldError(
                path=f"{place}.resources.requests",
                value=str(requests[name]),
                message=f"{name} '{requests[name]}' is above the limit '{limits[name]}'",
                cure="lower the request or raise the limit",
            )


def _volumes(pod: Pod) -> set[str]:
    return {volume.name for volume in pod.extra_volumes or ()}


def _names(containers: tuple[Container, ...] | None) -> set[str]:
    return {container.name for container in containers or ()}
