"""Where the data lives: a PostgreSQL of the user's, or one small pod of our own."""

from typing import Annotated, Self

from pydantic import Field, model_validator

from polyant_operator.api.errors import refusal
from polyant_operator.api.images import ImageReference
from polyant_operator.api.model import Model
from polyant_operator.api.quantities import PositiveQuantity
from polyant_operator.api.references import DatabaseUrlRef, SecretName


class EmbeddedDatabase(Model):
    """One PostgreSQL pod with one volume: for evaluation and small installations."""

    storage: PositiveQuantity = "8Gi"
    storage_class_name: SecretName | None = None
    image: ImageReference | None = None


class Database(Model):
    """Which database, and how many connections each engine replica may hold."""

    url_secret_ref: DatabaseUrlRef | None = None
    embedded: EmbeddedDatabase | None = None
    migration_url_secret_ref: DatabaseUrlRef | None = None
    pool_size: Annotated[int, Field(ge=2, le=200)] = 10

    @model_validator(mode="after")
    def _exactly_one(self) -> Self:
        if (self.url_secret_ref is None) == (self.embedded is None):
            raise refusal(
                "database needs exactly one of urlSecretRef and embedded",
                "name the Secret of your PostgreSQL in urlSecretRef,"
                " or write embedded: {} for one pod of our own",
            )
        return self

    @model_validator(mode="after")
    def _one_role_when_embedded(self) -> Self:
        if self.embedded is not None and self.migration_url_secret_ref is not None:
            raise refusal(
                "migrationUrlSecretRef has no use beside embedded",
                "remove it: the embedded database has one role",
                at="migrationUrlSecretRef",
            )
        return self
