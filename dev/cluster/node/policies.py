"""NetworkPolicies on the node: an add-on that judges every new connection of a pod.

kube-network-policies takes connections from the kernel by nftables' `queue`, which kernels of small
virtual machines lack, and says no more about that than a line in its log. So the connections are
handed to it by a rule of ours, which every kernel with iptables has. Should it end, they wait in
vain: a node that only seems to enforce would be worse.
"""

from collections.abc import Iterator

from dev.cluster import probes
from dev.cluster.layout import Layout
from dev.cluster.node.namespace import Namespace
from dev.cluster.processes import Component
from dev.cluster.tools.build import location

NAME = "kube-network-policies"
QUEUE = "100"
METRICS_PORT = 9080
# So that pods of one bridge are seen as well.
BRIDGED = "/proc/sys/net/bridge/bridge-nf-call-iptables"


def component(layout: Layout) -> Component:
    """Return the program that judges."""
    return Component(
        name=NAME,
        argv=(
            *(str(location(NAME)), f"--kubeconfig={layout.folder}/kubeconfig"),
            *(f"--hostname-override={layout.node_name}", f"--nfqueue-id={QUEUE}"),
            f"--metrics-bind-address={layout.node_ip}:{METRICS_PORT}",
            *("--fail-open=false", "--disable-nri"),
        ),
        ready=probes.Tcp(layout.node_ip, METRICS_PORT),
    )


def divert(inside: Namespace) -> None:
    """Let every new connection through the node be judged."""
    inside.run("sh", "-c", f"echo 1 > {BRIDGED}")
    for command in diversions():
        inside.run("sh", "-c", command)


def diversions() -> Iterator[str]:
    """Return commands that add the rules unless they are there."""
    rule = f"FORWARD -m conntrack --ctstate NEW -j NFQUEUE --queue-num {QUEUE}"
    for program in ("iptables", "ip6tables"):
        begin = f"{program} -w -t mangle"
        yield f"{begin} -C {rule} 2>/dev/null || {begin} -A {rule}"
