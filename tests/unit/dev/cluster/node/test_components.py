"""The processes of the node."""

from pathlib import Path

from dev.cluster.layout import Layout
from dev.cluster.node import components, configs, credentials

MACHINE = configs.Machine(cni=Path("/c"), pause_image="p", resolvers="", snapshotter="native")
LAYOUT = Layout(name="test", index=3, folder=Path("/cache/test"))


def test_every_file_on_a_command_line_is_one_that_is_written() -> None:
    written = {f"config/{name}" for name in configs.files(LAYOUT, MACHINE)}
    written |= {f"config/{name}.kubeconfig" for name in credentials.identities(LAYOUT)}
    written |= {"config/envoy.json"}
    words = [
        word.rpartition("=")[2]
        for component in (*components.first(LAYOUT), *components.second(LAYOUT))
        for word in component.argv
    ]

    used = {
        word.removeprefix("/cache/test/") for word in words if word.startswith("/cache/test/config")
    }

    assert used <= written
    assert len(used) > 5


def test_every_component_has_its_own_name_and_most_a_ready_check() -> None:
    names = components.names(LAYOUT)
    unchecked = {
        component.name
        for component in (*components.first(LAYOUT), *components.second(LAYOUT))
        if component.ready is None
    }

    assert len(set(names)) == len(names)
    assert set(names) >= components.HOST_NETWORK
    assert unchecked == {"containerd", "provisioner"}


def test_nothing_listens_on_every_address() -> None:
    for component in (*components.first(LAYOUT), *components.second(LAYOUT)):
        assert "0.0.0.0" not in " ".join(component.argv)  # noqa: S104 - the point of the test
