"""What an HTTPRoute attaches to: a Gateway, or one of its listeners."""

from typing import Annotated

from pydantic import Field

from polyant_operator.api.model import Model, matching
from polyant_operator.api.probes import PortNumber
from polyant_operator.api.references import SecretName

NamespaceName = Annotated[
    str,
    Field(min_length=1, max_length=63),
    matching(
        r"[a-z0-9]([-a-z0-9]*[a-z0-9])?",
        "is not a namespace",
        "use lower-case letters, digits and '-'",
    ),
]


class ParentRef(Model):
    """One parent; its kind is a Gateway's unless told otherwise."""

    name: SecretName
    namespace: NamespaceName | None = None
    section_name: SecretName | None = None
    port: PortNumber | None = None
    group: SecretName = "gateway.networking.k8s.io"
    kind: Annotated[
        str,
        Field(min_length=1, max_length=63),
        matching(
            r"[A-Za-z]([-A-Za-z0-9]*[A-Za-z0-9])?", "is not a kind", "write for example Gateway"
        ),
    ] = "Gateway"
