"""Who is who on the node: certificates and kubeconfigs of every component."""

from pathlib import Path

from dev.cluster import controlplane, kubeconfig, pki
from dev.cluster.layout import Layout

MASTERS = ("system:masters",)
EDGE_DOMAIN = "polyant.test"


def identities(layout: Layout) -> dict[str, pki.Identity]:
    """Return whom each component's kubeconfig speaks for."""
    return {
        "kubelet": pki.Identity(name=f"system:node:{layout.node_name}", groups=("system:nodes",)),
        "controller-manager": pki.Identity(name="system:kube-controller-manager"),
        "scheduler": pki.Identity(name="system:kube-scheduler"),
        "kube-proxy": pki.Identity(name="system:kube-proxy"),
        # Parts of the local machine rather than of the cluster, run by whoever owns the admin's key.
        "coredns": pki.Identity(name="polyant:coredns", groups=MASTERS),
        "contour": pki.Identity(name="polyant:contour", groups=MASTERS),
        "provisioner": pki.Identity(name="polyant:provisioner", groups=MASTERS),
    }


def servers(layout: Layout) -> dict[str, pki.Identity]:
    """Return the certificates that are no kubeconfig's: servers, and Envoy's way into Contour."""
    return {
        "kubelet-server": pki.Identity(
            name=layout.node_name, hosts=(layout.node_name, layout.node_ip)
        ),
        # Envoy's bootstrap file expects Contour to be called so.
        "xds-server": pki.Identity(name="contour", hosts=("contour", layout.node_ip)),
        "xds-client": pki.Identity(name="envoy"),
        "edge": pki.Identity(
            name=f"*.{EDGE_DOMAIN}",
            hosts=(EDGE_DOMAIN, f"*.{EDGE_DOMAIN}", "localhost", "*.localhost", "127.0.0.1"),
        ),
    }


def write(layout: Layout, access: controlplane.Access) -> None:
    """Write all of them into the cluster's folder."""
    authority = pki.Authority(layout.folder / "pki", "ca")
    xds = pki.Authority(layout.folder / "pki", "xds-ca")  # apart: only Envoy may read TLS keys
    for name, identity in identities(layout).items():
        client = authority.issue(name, identity)
        _write_kubeconfig(layout, name, access, client)
    for name, identity in servers(layout).items():
        (xds if name.startswith("xds-") else authority).issue(name, identity)


def _write_kubeconfig(
    layout: Layout, name: str, access: controlplane.Access, client: pki.KeyPair
) -> Path:
    text = kubeconfig.rendered(access.server, access.authority, client, context=layout.name)
    return kubeconfig.write(layout.folder / "config" / f"{name}.kubeconfig", text)
