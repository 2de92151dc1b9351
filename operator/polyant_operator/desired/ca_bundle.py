"""Authorities of the user's own, from a ConfigMap: mounted, and named by `EXTRA_CA_FILE`.

Engine, migration and panel trust them besides those of their image.
"""

from typing import Final

from polyant_operator.api.instance import PolyantInstance
from polyant_operator.api.labels import Component
from polyant_operator.desired.context import Manifest

VOLUME: Final = "ca-bundle"
_FOLDER: Final = "/etc/polyant/ca"
_FILE: Final = "ca.crt"
_READERS: Final = (Component.ENGINE, Component.MIGRATION, Component.WEB)


def variables(instance: PolyantInstance) -> dict[str, str]:
    """Name the file."""
    return {} if instance.spec.ca_bundle_ref is None else {"EXTRA_CA_FILE": f"{_FOLDER}/{_FILE}"}


def volumes(instance: PolyantInstance, component: Component) -> list[Manifest]:
    """Give the volume, for components that read it."""
    bundle = instance.spec.ca_bundle_ref
    if bundle is None or component not in _READERS:
        return []
    items = [{"key": bundle.key, "path": _FILE}]
    return [{"name": VOLUME, "configMap": {"name": bundle.config_map, "items": items}}]


def mounts(instance: PolyantInstance, component: Component) -> list[Manifest]:
    """Give the mount, for components that read it."""
    if not volumes(instance, component):
        return []
    return [{"name": VOLUME, "mountPath": _FOLDER, "readOnly": True}]


def is_read_by(instance: PolyantInstance, component: Component) -> bool:
    """Whether a component's pods roll when the authorities change."""
    return instance.spec.ca_bundle_ref is not None and component in _READERS
