"""Which image each component runs."""

from polyant_operator.api.instance import PolyantInstance
from polyant_operator.desired.context import OperandOptions


def version(instance: PolyantInstance, options: OperandOptions) -> str | None:
    """Name the release that runs, unless the spec names images instead."""
    spec = instance.spec
    return None if spec.images is not None else spec.version or options.release


def engine(instance: PolyantInstance, options: OperandOptions) -> str:
    """Name the image of engine and migration."""
    if instance.spec.images is not None:
        return instance.spec.images.engine
    return f"{options.engine_repository}:{instance.spec.version or options.release}"


def web(instance: PolyantInstance, options: OperandOptions) -> str:
    """Name the image of the panel: the engine's, unless the spec says otherwise."""
    images = instance.spec.images
    if images is not None and images.web is not None:
        return images.web
    return engine(instance, options)


def database(instance: PolyantInstance, options: OperandOptions) -> str:
    """Name the image of the embedded database."""
    embedded = instance.spec.database.embedded
    if embedded is not None and embedded.image is not None:
        return embedded.image
    return options.database_image
