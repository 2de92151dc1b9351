"""The object storage that attachments go to; its keys are in Secrets (`uses`)."""

from polyant_operator.api.instance import PolyantInstance


def variables(instance: PolyantInstance) -> dict[str, str]:
    """Give the engine's plain variables of the storage."""
    storage = instance.spec.attachments
    if storage is None:
        return {}
    given = {
        "PLATFORM_S3_BUCKET": storage.bucket,
        "PLATFORM_S3_REGION": storage.region,
        "PLATFORM_S3_ENDPOINT": storage.endpoint,
    }
    return {name: value for name, value in given.items() if value is not None}
