"""The cable between host and node, the routes over it, and the few firewall rules it needs."""

import shlex
import socket
from dataclasses import dataclass
from pathlib import Path

from dev.cluster.errors import ClusterError
from dev.cluster.layout import INTERFACE_PREFIX, MARK_PREFIX, Layout
from dev.cluster.node import commands
from dev.cluster.node.namespace import Namespace

FORWARDING = Path("/proc/sys/net/ipv4/ip_forward")


@dataclass(frozen=True)
class Rule:
    """One firewall rule on the host."""

    table: str
    chain: str
    match: tuple[str, ...]

    def command(self, action: str) -> list[str]:
        """Return the iptables command that checks, inserts or deletes the rule."""
        return ["iptables", "-w", "-t", self.table, action, self.chain, *self.match]


def rules(layout: Layout) -> tuple[Rule, ...]:
    """Return the rules that let the node talk to us and, through us, to the internet."""
    comment = ("-m", "comment", "--comment", layout.mark)
    outside = ("-s", layout.link_cidr, "!", "-d", layout.link_cidr)
    return (
        Rule("nat", "POSTROUTING", (*outside, *comment, "-j", "MASQUERADE")),
        Rule("filter", "FORWARD", ("-i", layout.interface, *comment, "-j", "ACCEPT")),
        Rule("filter", "FORWARD", ("-o", layout.interface, *comment, "-j", "ACCEPT")),
        Rule("filter", "INPUT", ("-i", layout.interface, *comment, "-j", "ACCEPT")),
    )


def connect(layout: Layout, inside: Namespace) -> None:
    """Plug the cable in: addresses on both ends, routes to pods and Services, a way out."""
    cable, pid = layout.interface, str(inside.process_id)
    host = (
        f"ip link add {cable} type veth peer name eth0 netns {pid}",
        f"ip link set {cable} alias {layout.folder}",  # so that another user's cluster is seen as such
        f"ip address add {layout.host_ip}/30 dev {cable}",
        f"ip link set {cable} up",
        f"ip route replace {layout.pod_cidr} via {layout.node_ip} dev {cable}",
        f"ip route replace {layout.service_cidr} via {layout.node_ip} dev {cable}",
    )
    node = (
        "ip link set lo up",
        f"ip address add {layout.node_ip}/30 dev eth0",
        "ip link set eth0 up",
        f"ip route add default via {layout.host_ip}",
    )
    *ends, pods, services = host
    for command in ends:
        commands.run(command.split())
    for command in node:
        inside.run(*command.split())
    inside.run("sh", "-c", f"echo 1 > {FORWARDING}")
    for command in (pods, services):
        commands.run(command.split())
    for rule in rules(layout):
        if not commands.succeeds(rule.command("-C")):
            commands.run(rule.command("-I"))


def disconnect(layout: Layout) -> None:
    """Remove cable and firewall rules, also those of a run that was killed."""
    if _alias(layout.interface) in {"", str(layout.folder)}:  # never another user's
        commands.succeeds(["ip", "link", "delete", layout.interface])
    for table in ("nat", "filter"):
        for command in deletions(commands.run(["iptables-save", "-t", table]), table, layout):
            commands.succeeds(command)


def deletions(saved: str, table: str, layout: Layout) -> list[list[str]]:
    """Return the commands that delete our rules among those that `iptables-save` prints.

    They are known by our comment and this cluster's interface or network, so that rules of an older
    release of this code go as well.
    """
    words = [shlex.split(line) for line in saved.splitlines() if line.startswith("-A ")]
    return [
        ["iptables", "-w", "-t", table, "-D", *rule[1:]]
        for rule in words
        if any(word.startswith(MARK_PREFIX) for word in rule)
        and {layout.interface, layout.link_cidr} & set(rule)
    ]


def check_ports(layout: Layout) -> None:
    """Raise when somebody else listens on the edge's ports."""
    for port in (layout.edge_http_port, layout.edge_https_port):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError as error:
                raise ClusterError(
                    f"Port {port} on 127.0.0.1 is taken ({error.strerror}); the edge needs it.",
                    cure=f"Find who listens (ss -ltnp 'sport = :{port}') and stop it, "
                    "or use another cluster name: --name other",
                ) from error


def cables() -> list[str]:
    """Return the interfaces of all clusters of this machine."""
    return sorted(path.name for path in Path("/sys/class/net").glob(f"{INTERFACE_PREFIX}*"))


def foreign_indexes(clusters: Path) -> set[int]:
    """Return the numbers in use by clusters that are kept in another folder, say another user's."""
    return {
        int(name.removeprefix(INTERFACE_PREFIX))
        for name in cables()
        if not _alias(name).startswith(f"{clusters}/")
    }


def _alias(cable: str) -> str:
    try:
        return Path("/sys/class/net", cable, "ifalias").read_text(encoding="utf-8").strip()
    except OSError:
        return ""


def is_forwarding() -> bool:
    """Tell whether the host passes packets on."""
    return FORWARDING.read_text(encoding="ascii").strip() == "1"


def set_forwarding(*, on: bool) -> None:
    """Let the host pass packets on, or not."""
    FORWARDING.write_text("1" if on else "0", encoding="ascii")
