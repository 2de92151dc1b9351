"""What the user says about pods, merged: the component's own settings over `podDefaults`."""

from typing import Any, Final

from polyant_operator.api.labels import Component, selector
from polyant_operator.api.model import Model
from polyant_operator.api.pod import Pod, TopologySpread
from polyant_operator.desired.context import Manifest
from polyant_operator.desired.wire import wire

_MAPS: Final = ("labels", "annotations", "node_selector")
_LISTS: Final = {
    "extra_volumes": "name",
    "extra_volume_mounts": "mount_path",
    "init_containers": "name",
    "sidecars": "name",
}
_ZONE: Final = "topology.kubernetes.io/zone"
_HOST: Final = "kubernetes.io/hostname"


def merged(defaults: Pod, own: Pod) -> Pod:
    """Lay a component's settings over the defaults: maps and named lists by key, others as a whole."""
    values: dict[str, Any] = {name: getattr(defaults, name) for name in Pod.model_fields}
    for name in Pod.model_fields:
        mine = getattr(own, name)
        if mine is None:
            continue
        if name in _MAPS:
            values[name] = {**(values[name] or {}), **mine}
        elif name in _LISTS:
            values[name] = _united(values[name] or (), mine, _LISTS[name])
        else:
            values[name] = mine
    return Pod.model_construct(**values)


def pod_fields(pod: Pod) -> Manifest:
    """Give the fields of a pod's spec that decide where it runs."""
    fields: Manifest = {}
    if pod.node_selector:
        fields["nodeSelector"] = dict(pod.node_selector)
    if pod.tolerations:
        fields["tolerations"] = [wire(toleration) for toleration in pod.tolerations]
    if pod.affinity:
        fields["affinity"] = wire(pod)["affinity"]
    if pod.priority_class_name is not None:
        fields["priorityClassName"] = pod.priority_class_name
    return fields


def spread(instance: str, component: Component, pod: Pod) -> list[Manifest]:
    """Give the spread of replicas: over zones and nodes as far as possible, unless told."""
    usual = tuple(TopologySpread.model_validate({"topologyKey": key}) for key in (_ZONE, _HOST))
    chosen = usual if pod.topology_spread_constraints is None else pod.topology_spread_constraints
    return [
        {
            "topologyKey": constraint.topology_key,
            "whenUnsatisfiable": constraint.when_unsatisfiable,
            "maxSkew": constraint.max_skew,
            "labelSelector": {"matchLabels": dict(selector(instance, component))},
            # Only pods of the same revision count: the old ones are about to go.
            "matchLabelKeys": ["pod-template-hash"],
        }
        for constraint in chosen
    ]


def resources(pod: Pod, requests: dict[str, str], *needed: str) -> Manifest:
    """Give the user's resources, or requests that fit a small installation.

    `needed` are requests without which something doesn't work: they are there in any case.
    """
    if pod.resources is None:
        return {"requests": dict(requests)}
    limits, asked = pod.resources.limits or {}, pod.resources.requests or {}
    absent = {name: requests[name] for name in needed if name not in (*limits, *asked)}
    given = {"requests": {**asked, **absent}, "limits": limits}
    return {
        kind: {name: str(amount) for name, amount in amounts.items()}
        for kind, amounts in given.items()
        if amounts
    }


def _united(defaults: tuple[Model, ...], own: tuple[Model, ...], key: str) -> tuple[Model, ...]:
    entries = {getattr(entry, key): entry for entry in (*defaults, *own)}
    return tuple(entries.values())
