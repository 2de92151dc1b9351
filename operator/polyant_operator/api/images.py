"""Which container images run: by one version, or image by image."""

from typing import Annotated

from pydantic import Field

from polyant_operator.api.model import Model, matching
from polyant_operator.api.references import SecretName

ImageReference = Annotated[
    str,
    Field(min_length=1, max_length=512),
    matching(
        r"[a-zA-Z0-9][a-zA-Z0-9._:/@-]*",
        "is not an image reference",
        "write registry/repository:tag or registry/repository@sha256:digest",
    ),
]
Version = Annotated[
    str,
    Field(min_length=1, max_length=128),
    matching(
        r"[a-zA-Z0-9_][a-zA-Z0-9_.-]*",
        "is not a version",
        "write a release such as 0.1.0",
    ),
]


class Images(Model):
    """Images by reference; the panel runs the engine's image unless told otherwise."""

    engine: ImageReference
    web: ImageReference | None = None


class ImagePullSecret(Model):
    """A Secret that may pull images."""

    name: SecretName
