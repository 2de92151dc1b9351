"""What the user asks for: the whole `spec`."""

from enum import StrEnum
from typing import Annotated, Self

from pydantic import Field, model_validator

from polyant_operator.api.admin import Admin
from polyant_operator.api.attachments import Attachments
from polyant_operator.api.channels import Channels
from polyant_operator.api.database import Database
from polyant_operator.api.edge import Edge, EdgeType
from polyant_operator.api.egress import CaBundleRef, EgressProxy
from polyant_operator.api.engine import Engine
from polyant_operator.api.errors import refusal
from polyant_operator.api.images import ImagePullSecret, Images, Version
from polyant_operator.api.model import Model
from polyant_operator.api.models import ModelProvider
from polyant_operator.api.monitoring import Monitoring
from polyant_operator.api.network_policy import NetworkPolicy
from polyant_operator.api.pod import Pod
from polyant_operator.api.secrets import Secrets
from polyant_operator.api.service_account import ServiceAccount
from polyant_operator.api.sign_in import SignIn
from polyant_operator.api.web import Web


class ImagePullPolicy(StrEnum):
    """When a node fetches an image again."""

    ALWAYS = "Always"
    IF_NOT_PRESENT = "IfNotPresent"
    NEVER = "Never"


class DeletionPolicy(StrEnum):
    """What becomes of generated Secrets and the embedded database's volume."""

    RETAIN = "Retain"
    DELETE = "Delete"


class Spec(Model):
    """One whole installation."""

    version: Version | None = None
    images: Images | None = None
    image_pull_policy: ImagePullPolicy = ImagePullPolicy.IF_NOT_PRESENT
    image_pull_secrets: Annotated[tuple[ImagePullSecret, ...], Field(max_length=16)] = ()
    paused: bool = False
    deletion_policy: DeletionPolicy = DeletionPolicy.RETAIN
    database: Database
    secrets: Secrets = Secrets()
    admin: Admin = Admin()
    models: Annotated[tuple[ModelProvider, ...], Field(max_length=32)] = ()
    service_account: ServiceAccount = ServiceAccount()
    ca_bundle_ref: CaBundleRef | None = None
    egress_proxy: EgressProxy | None = None
    pod_defaults: Pod = Pod()
    engine: Engine = Engine()
    web: Web = Web()
    channels: Channels = Channels()
    edge: Edge = Edge(type=EdgeType.NONE)
    sign_in: SignIn = SignIn()
    attachments: Attachments | None = None
    monitoring: Monitoring = Monitoring()
    network_policy: NetworkPolicy = NetworkPolicy()

    @model_validator(mode="after")
    def _one_way_to_images(self) -> Self:
        if self.version is not None and self.images is not None:
            raise refusal(
                f"version '{self.version}' and images exclude each other",
                "keep version for a release, or images for images of your own",
            )
        return self
