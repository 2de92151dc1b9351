"""Where the data lives: a PostgreSQL of the user's, a Cluster of CloudNativePG, or one small pod of our own."""

from typing import Annotated, Self

from pydantic import Field, model_validator

from polyant_operator.api.errors import refusal
from polyant_operator.api.images import ImageReference
from polyant_operator.api.model import Model, matching
from polyant_operator.api.quantities import PositiveQuantity
from polyant_operator.api.references import DatabaseUrlRef, SecretName


class EmbeddedDatabase(Model):
    """One PostgreSQL pod with one volume: for evaluation and small installations."""

    storage: PositiveQuantity = "8Gi"
    storage_class_name: SecretName | None = None
    image: ImageReference | None = None


class CnpgClusterRef(Model):
    """A Cluster of CloudNativePG, which writes the Secret `<name>-app`."""

    name: Annotated[
        str,
        Field(min_length=1, max_length=50),
        matching(
            r"[a-z]([-a-z0-9]*[a-z0-9])?",
            "is not a Cluster name",
            "use lower-case letters, digits and '-', starting with a letter",
        ),
    ]


class Database(Model):
    """Which database, and how many connections each engine replica may hold."""

    url_secret_ref: DatabaseUrlRef | None = None
    cnpg_cluster_ref: CnpgClusterRef | None = None
    embedded: EmbeddedDatabase | None = None
    migration_url_secret_ref: DatabaseUrlRef | None = None
    pool_size: Annotated[int, Field(ge=2, le=200)] = 10

    @model_validator(mode="after")
    def _exactly_one(self) -> Self:
        given = (self.url_secret_ref, self.cnpg_cluster_ref, self.embedded)
        if sum(choice is not None for choice in given) != 1:
            raise refusal(
                "database needs exactly one of urlSecretRef, cnpgClusterRef and embedded",
                "name the Secret of your PostgreSQL in urlSecretRef,"
                " your Cluster of CloudNativePG in cnpgClusterRef,"
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
