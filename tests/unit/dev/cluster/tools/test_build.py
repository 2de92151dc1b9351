"""Which inputs make a tool's binary a new one."""

from dataclasses import replace

import pytest

from dev.cluster.errors import ClusterError
from dev.cluster.tools import build
from dev.cluster.tools.catalog import CHART, CONTROL_PLANE, NODE, TOOLS, Tool

GO_MOD = """\
module x

require k8s.io/kubernetes v1.34.4

require (
\tk8s.io/kubernetes-other v0.1.0 // indirect
\thelm.sh/helm/v4 v4.3.1 // indirect
)
"""
TOOL = Tool(name="x", module="x", package="example.com/x")
INPUTS = (b"module x", b"sums")


def test_every_module_of_the_catalog_pins_its_version() -> None:
    for tool in TOOLS.values():
        go_mod = (tool.folder / "go.mod").read_text(encoding="utf-8")
        flags = build.link_flags(tool, go_mod)
        assert flags.startswith("-s -w")
        assert tool.static or (tool.folder / "go.sum").exists()


def test_the_sets_name_tools_of_the_catalog() -> None:
    assert {*CONTROL_PLANE, *NODE, *CHART} <= set(TOOLS)


def test_versions_are_read_from_single_and_grouped_requirements() -> None:
    assert build.required_version(GO_MOD, "k8s.io/kubernetes") == "v1.34.4"
    assert build.required_version(GO_MOD, "helm.sh/helm/v4") == "v4.3.1"
    with pytest.raises(ClusterError, match="does not require"):
        build.required_version(GO_MOD, "example.com/absent")


def test_kubernetes_reports_its_own_version() -> None:
    flags = build.link_flags(TOOLS["kubelet"], GO_MOD)

    assert "version.gitVersion=v1.34.4" in flags
    assert "version.gitMajor=1" in flags
    assert "version.gitMinor=34" in flags


@pytest.mark.parametrize(
    ("tool", "inputs"),
    [
        (TOOL, (b"module x // changed", b"sums")),
        (TOOL, (b"module x", b"changed")),
        (TOOL, (b"module xsums", b"")),
        (replace(TOOL, package="example.com/y"), INPUTS),
        (replace(TOOL, static=True), INPUTS),
    ],
)
def test_any_changed_input_changes_the_hash(tool: Tool, inputs: tuple[bytes, ...]) -> None:
    assert build.input_hash(tool, inputs) != build.input_hash(TOOL, INPUTS)


def test_tools_of_one_module_with_the_same_flags_are_built_together() -> None:
    wanted = [TOOLS[name] for name in ("kubelet", "helm", "kube-proxy", "etcd", "pause")]

    titles = [job.title for job in build.jobs(wanted)]

    assert titles == ["kubelet, kube-proxy", "helm", "etcd", "pause"]


def test_the_version_is_part_of_the_hash() -> None:
    tool = replace(TOOL, pinned="k8s.io/kubernetes", stamp="v.v")
    newer = GO_MOD.replace("v1.34.4", "v1.34.5")

    assert build.input_hash(tool, [GO_MOD.encode()]) != build.input_hash(tool, [newer.encode()])


def test_build_tags_make_another_binary_and_none_leave_the_old_one() -> None:
    plain = build.input_hash(TOOL, INPUTS)

    assert build.input_hash(replace(TOOL, tags="small"), INPUTS) != plain
    assert build.input_hash(replace(TOOL, tags=""), INPUTS) == plain


def test_tools_with_other_tags_are_built_apart() -> None:
    found = build.jobs([TOOLS["promtool"], TOOLS["helm"]])

    assert {job.tags for job in found} == {"remove_all_sd", ""}
