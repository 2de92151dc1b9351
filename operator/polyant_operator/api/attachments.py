"""Object storage (S3) that keeps images which come with messages."""

from typing import Annotated, Self

from pydantic import Field, model_validator

from polyant_operator.api.errors import refusal
from polyant_operator.api.model import Model, matching
from polyant_operator.api.references import AccessKeyIdRef, SecretAccessKeyRef


class Attachments(Model):
    """One bucket, and the keys to it unless the pods' identity suffices."""

    bucket: Annotated[
        str,
        Field(min_length=3, max_length=63),
        matching(
            r"[a-z0-9][a-z0-9.-]*[a-z0-9]",
            "is not a bucket name",
            "use lower-case letters, digits, '-' and '.'",
        ),
    ]
    region: Annotated[
        str,
        Field(min_length=1, max_length=64),
        matching(r"[a-z0-9][a-z0-9-]*", "is not a region", "write for example eu-central-1"),
    ]
    endpoint: (
        Annotated[
            str,
            Field(min_length=1, max_length=270),
            matching(
                r"https?://[a-z0-9]([-a-z0-9.]*[a-z0-9])?(:[0-9]{1,5})?",
                "is not an endpoint",
                "write scheme://host or scheme://host:port, for example https://s3.example.com",
            ),
        ]
        | None
    ) = None
    access_key_id_secret_ref: AccessKeyIdRef | None = None
    secret_access_key_secret_ref: SecretAccessKeyRef | None = None

    @model_validator(mode="after")
    def _both_keys_or_none(self) -> Self:
        if (self.access_key_id_secret_ref is None) != (self.secret_access_key_secret_ref is None):
            raise refusal(
                "accessKeyIdSecretRef and secretAccessKeySecretRef belong together",
                "set both, or neither for workload identity",
            )
        return self
