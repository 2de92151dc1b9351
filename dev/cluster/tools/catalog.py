"""Which tools there are: one line each, versions come from the go.mod beside."""

from dataclasses import dataclass
from pathlib import Path

FOLDER = Path(__file__).parent
VERSION_PACKAGE = "k8s.io/component-base/version"


@dataclass(frozen=True, kw_only=True)
class Tool:
    """One Go program."""

    name: str
    """The binary's name."""
    module: str
    """The subfolder with its go.mod."""
    package: str
    """The Go package to build."""
    pinned: str = ""
    """The module whose version in go.mod is the tool's version, when the binary reports one."""
    stamp: str = ""
    """The Go variable that receives that version at link time."""
    static: bool = False
    """Built without C, for an image that has no C library."""
    tags: str = ""
    """Build tags, separated by commas."""

    @property
    def folder(self) -> Path:
        """Return the folder of the Go module."""
        return FOLDER / self.module


def _kubernetes(name: str) -> Tool:
    return Tool(
        name=name,
        module="kubernetes",
        package=f"k8s.io/kubernetes/cmd/{name}",
        pinned="k8s.io/kubernetes",
        stamp=f"{VERSION_PACKAGE}.gitVersion",
    )


TOOLS: dict[str, Tool] = {
    tool.name: tool
    for tool in (
        _kubernetes("kube-apiserver"),
        _kubernetes("kube-controller-manager"),
        _kubernetes("kube-scheduler"),
        _kubernetes("kubelet"),
        _kubernetes("kube-proxy"),
        _kubernetes("kubectl"),
        Tool(name="etcd", module="kubernetes", package="go.etcd.io/etcd/server/v3"),
        Tool(
            name="helm",
            module="addons",
            package="helm.sh/helm/v4/cmd/helm",
            pinned="helm.sh/helm/v4",
            stamp="helm.sh/helm/v4/internal/version.version",
        ),
        Tool(
            name="contour",
            module="contour",
            package="github.com/projectcontour/contour/cmd/contour",
        ),
        Tool(
            name="kustomize-controller",
            module="flux",
            package="github.com/fluxcd/kustomize-controller",
        ),
        Tool(
            name="kube-network-policies",
            module="policies",
            package="sigs.k8s.io/kube-network-policies/cmd/kube-network-policies/standard",
        ),
        Tool(name="coredns", module="addons", package="./coredns"),
        Tool(name="kind", module="kind", package="sigs.k8s.io/kind"),
        Tool(
            name="promtool",
            module="prometheus",
            package="github.com/prometheus/prometheus/cmd/promtool",
            # Without the clients of every cloud: two thirds of the time to build it.
            tags="remove_all_sd",
        ),
        Tool(name="selectors", module="prometheus", package="./selectors", tags="remove_all_sd"),
        Tool(name="pause", module="pause", package=".", static=True),
    )
}

CONTROL_PLANE = ("etcd", "kube-apiserver", "kubectl")
# What judges the chart.
CHART = ("helm", "promtool", "selectors")
NODE = (
    "kube-controller-manager",
    "kube-scheduler",
    "kubelet",
    "kube-proxy",
    "coredns",
    "contour",
    "pause",
)
