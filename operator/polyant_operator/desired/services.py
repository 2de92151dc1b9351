"""The Services in front of engine, panel and embedded database."""

from polyant_operator.api.instance import PolyantInstance
from polyant_operator.api.labels import Component, selector
from polyant_operator.desired import ports
from polyant_operator.desired.context import Manifest
from polyant_operator.desired.metadata import owned_metadata


def engine(instance: PolyantInstance) -> Manifest:
    """Build the engine's Service; the edge uses `http` only."""
    numbers = {"http": ports.ENGINE, "internal": ports.INTERNAL}
    return _service(instance, instance.names.engine, Component.ENGINE, numbers)


def web(instance: PolyantInstance) -> Manifest:
    """Build the panel's Service."""
    return _service(instance, instance.names.web, Component.WEB, {"http": ports.WEB})


def database(instance: PolyantInstance) -> Manifest:
    """Build the embedded database's Service."""
    numbers = {"postgresql": ports.DATABASE}
    return _service(instance, instance.names.database, Component.DATABASE, numbers)


def _service(
    instance: PolyantInstance, name: str, component: Component, numbers: dict[str, int]
) -> Manifest:
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": owned_metadata(instance, name, component),
        "spec": {
            "type": "ClusterIP",
            "selector": dict(selector(instance.name, component)),
            "ports": [
                {"name": port, "port": number, "targetPort": port, "protocol": "TCP"}
                for port, number in numbers.items()
            ],
        },
    }
