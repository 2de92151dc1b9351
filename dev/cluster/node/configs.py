"""The configuration files of everything on the node, rendered from the layout. Pure."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from dev.cluster.layout import Layout

GATEWAY_NAMESPACE = "projectcontour"
GATEWAY_NAME = "contour"
CNI_FOLDERS = (Path("/usr/lib/cni"), Path("/opt/cni/bin"))
CONTAINERD_SOCKET = "/run/containerd/containerd.sock"  # inside the node's own mounts


@dataclass(frozen=True, kw_only=True)
class Machine:
    """What the files have to know about this machine."""

    cni: Path
    """Folder of the network plugins."""
    pause_image: str
    resolvers: str
    """Text of the host's resolv.conf."""
    snapshotter: str
    """How containerd stacks image layers: overlayfs, or native copies where that cannot be."""


def snapshotter_on(file_system: str) -> str:
    """Return how to stack layers on a file system: an overlay cannot lie on another overlay."""
    return "native" if file_system in {"overlay", "overlayfs", "zfs", "nfs"} else "overlayfs"


def files(layout: Layout, machine: Machine) -> dict[str, str]:
    """Return all files by the name they get in the cluster's `config` folder."""
    resolvers = machine.resolvers
    return {
        "containerd.toml": containerd(layout, machine),
        "net.d/10-polyant.conflist": json.dumps(cni_network(layout), indent=2),
        "kubelet.yaml": yaml.safe_dump(kubelet(layout)),
        "kube-proxy.yaml": yaml.safe_dump(kube_proxy(layout)),
        "contour.yaml": yaml.safe_dump(contour()),
        "Corefile": corefile(layout, has_resolvers="nameserver" in resolvers),
        "resolv.conf": resolvers,
    }


def containerd(layout: Layout, machine: Machine) -> str:
    """Return containerd's configuration: no registry, no rights that a plain root may lack."""
    cri = 'plugins."io.containerd.grpc.v1.cri"'
    return f"""\
version = 2
root = "{layout.folder}/containerd"
state = "/run/containerd"

[grpc]
address = "{CONTAINERD_SOCKET}"

[{cri}]
sandbox_image = "{machine.pause_image}"
# Root in a virtual machine or container may not lower oom_score_adj.
restrict_oom_score_adj = true
netns_mounts_under_state_dir = true

[{cri}.cni]
bin_dir = "{machine.cni}"
conf_dir = "{layout.folder}/config/net.d"

[{cri}.containerd]
snapshotter = "{machine.snapshotter}"

[{cri}.containerd.runtimes.runc]
runtime_type = "io.containerd.runc.v2"
"""


def cni_network(layout: Layout) -> dict[str, Any]:
    """Return the pod network: one bridge, and host ports."""
    return {
        "cniVersion": "0.4.0",
        "name": "polyant",
        "plugins": [
            {
                "type": "bridge",
                "bridge": "cni0",
                "isGateway": True,
                "ipMasq": True,
                "hairpinMode": True,
                "ipam": {
                    "type": "host-local",
                    "dataDir": "/var/lib/cni/networks",
                    "ranges": [[{"subnet": layout.pod_cidr}]],
                    "routes": [{"dst": "0.0.0.0/0"}],
                },
            },
            {"type": "portmap", "capabilities": {"portMappings": True}},
        ],
    }


def kubelet(layout: Layout) -> dict[str, Any]:
    """Return the kubelet's configuration: cgroup v1 allowed, nothing evicted, no image collected."""
    keys = layout.folder / "pki"
    return {
        "apiVersion": "kubelet.config.k8s.io/v1beta1",
        "kind": "KubeletConfiguration",
        "authentication": {
            "anonymous": {"enabled": False},
            "webhook": {"enabled": True},
            "x509": {"clientCAFile": str(keys / "ca.crt")},
        },
        "authorization": {"mode": "Webhook"},
        "tlsCertFile": str(keys / "kubelet-server.crt"),
        "tlsPrivateKeyFile": str(keys / "kubelet-server.key"),
        "address": layout.node_ip,
        "healthzBindAddress": layout.node_ip,
        "containerRuntimeEndpoint": f"unix://{CONTAINERD_SOCKET}",
        "cgroupDriver": "cgroupfs",
        "cgroupRoot": f"/{layout.cgroup}",
        "failCgroupV1": False,
        "failSwapOn": False,
        "clusterDNS": [layout.dns_ip],
        "clusterDomain": "cluster.local",
        "resolvConf": str(layout.folder / "config" / "resolv.conf"),
        "volumePluginDir": str(layout.folder / "volume-plugins"),
        "evictionHard": {
            "memory.available": "50Mi",
            "nodefs.available": "1%",
            "imagefs.available": "1%",
        },
        "imageGCHighThresholdPercent": 100,
        "imageGCLowThresholdPercent": 99,
        "imageMaximumGCAge": "0s",
        "registerNode": True,
        "maxPods": 200,
        "serializeImagePulls": False,
        "nodeStatusUpdateFrequency": "5s",
        "syncFrequency": "30s",
    }


def kube_proxy(layout: Layout) -> dict[str, Any]:
    """Return kube-proxy's configuration; connection tracking limits are the machine's, not ours."""
    return {
        "apiVersion": "kubeproxy.config.k8s.io/v1alpha1",
        "kind": "KubeProxyConfiguration",
        "clientConnection": {"kubeconfig": str(layout.folder / "config" / "kube-proxy.kubeconfig")},
        "hostnameOverride": layout.node_name,
        "mode": "iptables",
        "clusterCIDR": layout.pod_cidr,
        "healthzBindAddress": f"{layout.node_ip}:10256",
        "metricsBindAddress": f"{layout.node_ip}:10249",
        "conntrack": {
            "maxPerCore": 0,
            "min": 0,
            "tcpEstablishedTimeout": "0s",
            "tcpCloseWaitTimeout": "0s",
            "udpTimeout": "0s",
            "udpStreamTimeout": "0s",
        },
        "iptables": {"minSyncPeriod": "200ms", "syncPeriod": "30s"},
    }


def contour() -> dict[str, Any]:
    """Return Contour's configuration: the one Gateway it serves beside all Ingresses."""
    return {"gateway": {"gatewayRef": {"namespace": GATEWAY_NAMESPACE, "name": GATEWAY_NAME}}}


def corefile(layout: Layout, *, has_resolvers: bool) -> str:
    """Return CoreDNS's configuration; names outside go to the host's resolvers, if it has any."""
    config = layout.folder / "config"
    forward = f"    forward . {config}/resolv.conf\n" if has_resolvers else ""
    return f"""\
.:53 {{
    bind {layout.host_ip}
    errors
    ready {layout.host_ip}:8181
    kubernetes cluster.local in-addr.arpa ip6.arpa {{
        kubeconfig {config}/coredns.kubeconfig
        pods insecure
        fallthrough in-addr.arpa ip6.arpa
        ttl 5
    }}
{forward}    cache 5 {{
        disable denial cluster.local
    }}
}}
"""
