"""From the settings of the process to what holds for every instance of this operator."""

from importlib import metadata

from polyant_operator.desired.context import OperandOptions
from polyant_operator.settings import Settings


def of(settings: Settings) -> OperandOptions:
    """What an instance is made of when its spec names nothing else."""
    return OperandOptions(
        release=metadata.version("polyant"),
        engine_repository=settings.engine_image,
        database_image=settings.database_image,
        image_pull_secrets=settings.image_pull_secrets,
    )
