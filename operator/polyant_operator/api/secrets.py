"""The secrets of an installation that a user may bring; the ones left out are generated once."""

from typing import Self

from pydantic import model_validator

from polyant_operator.api.errors import refusal
from polyant_operator.api.model import Model
from polyant_operator.api.references import AuthSecretRef, EncryptionKeyRef, InternalAuthSecretRef


class Secrets(Model):
    """References to the user's own secrets."""

    encryption_key_secret_ref: EncryptionKeyRef | None = None
    previous_encryption_key_secret_ref: EncryptionKeyRef | None = None
    auth_secret_ref: AuthSecretRef | None = None
    internal_auth_secret_ref: InternalAuthSecretRef | None = None

    @model_validator(mode="after")
    def _two_different_keys(self) -> Self:
        previous = self.previous_encryption_key_secret_ref
        if previous is not None and previous == self.encryption_key_secret_ref:
            raise refusal(
                f"previousEncryptionKeySecretRef names the current key, {previous.name}/{previous.key}",
                "name the key you rotate away from, or remove the field",
                at="previousEncryptionKeySecretRef",
            )
        return self
