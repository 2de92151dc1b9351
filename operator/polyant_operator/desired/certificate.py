"""The Certificate: asks cert-manager for the Ingress's certificate.

An object of our own rather than an annotation, because its status tells whether and why not.
"""

from polyant_operator.api.instance import PolyantInstance
from polyant_operator.api.labels import Component
from polyant_operator.desired import edge_paths
from polyant_operator.desired.context import Manifest
from polyant_operator.desired.metadata import owned_metadata


def build(instance: PolyantInstance) -> tuple[Manifest, ...]:
    """Build the Certificate, if an issuer is named."""
    tls = instance.spec.edge.tls
    if tls is None or tls.issuer_ref is None:
        return ()
    issuer = tls.issuer_ref
    return (
        {
            "apiVersion": "cert-manager.io/v1",
            "kind": "Certificate",
            "metadata": owned_metadata(instance, instance.names.edge, Component.EDGE),
            "spec": {
                "secretName": secret_name(instance),
                "dnsNames": [host.name for host in edge_paths.hosts(instance)],
                "issuerRef": {"group": issuer.group, "kind": issuer.kind, "name": issuer.name},
                # The default of newer releases, for the older ones too.
                "privateKey": {"rotationPolicy": "Always"},
            },
        },
    )


def secret_name(instance: PolyantInstance) -> str:
    """Name the Secret that holds the certificate, whoever writes it."""
    tls = instance.spec.edge.tls
    return (tls.secret_name if tls else None) or instance.names.certificate
