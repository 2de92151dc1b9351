"""A whole cluster on this machine: up, down, and everything in between.

All of it runs inside one set of kernel namespaces (`dev.cluster.node.namespace`), so there are only
two states: every process is there and answers, or all of it is ended and started again. The data
(etcd, images, volumes) survives a restart, also one of the machine; `down` removes it.
"""

import datetime as dt
import json
import platform
import shutil
import time
from contextlib import AbstractContextManager
from pathlib import Path

import yaml

from dev.cluster import archives, controlplane, folders, locks, packages, registry, tools
from dev.cluster.errors import ClusterError
from dev.cluster.images import ImageStore
from dev.cluster.layout import Layout
from dev.cluster.node import (
    cgroups,
    commands,
    components,
    configs,
    credentials,
    manifests,
    network,
    policies,
    readiness,
)
from dev.cluster.node import namespace as namespaces
from dev.cluster.node.namespace import Namespace
from dev.cluster.processes import POLL_EVERY, Component, Processes
from dev.cluster.progress import Progress, timed
from dev.cluster.tools import build, modules
from dev.cluster.tools.catalog import CONTROL_PLANE, NODE

PAUSE_IMAGE = "localhost/polyant/pause:1"
READY_WITHIN = 90.0  # seconds for the node object, after all processes answer
HOST_RESOLVERS = Path("/etc/resolv.conf")


class LocalCluster:
    """One cluster of this machine, by its name."""

    def __init__(self, layout: Layout) -> None:
        self.layout = layout
        self._processes = Processes(layout.folder)
        self._definitions_mark = layout.folder / "definitions-applied"
        self._forwarding_mark = folders.clusters_folder() / ".forwarding-was-off"

    @property
    def kubeconfig(self) -> Path:
        """Return the administrator's kubeconfig."""
        return self.layout.folder / "kubeconfig"

    def up(self, progress: Progress) -> None:
        """Start the cluster, or what is left of it; return once it takes work."""
        packages.ensure(progress)
        build.binaries([*CONTROL_PLANE, *NODE], progress)
        with self._alone(progress):
            if self.is_running():
                progress(f"cluster {self.layout.name} is running already")
                return
            self._end(progress)
            self.layout = registry.claim(self.layout.name, progress)
            network.check_ports(self.layout)
            with timed(progress, f"cluster {self.layout.name} is up"):
                access = self._write_files()
                inside = self._make_node()
                self._start(inside, access, progress)

    def down(self, progress: Progress) -> None:
        """End every process and remove every trace."""
        packages.check_machine()
        with self._alone(progress):
            self._end(progress)
            shutil.rmtree(self.layout.folder, ignore_errors=True)
            if not registry.taken():
                namespaces.unfurnish()
        progress(f"cluster {self.layout.name} is gone")

    def enforce_policies(self, progress: Progress) -> None:
        """Let NetworkPolicies have an effect from now on, until the cluster ends."""
        build.binaries([policies.NAME], progress)
        inside = self._namespace()
        with timed(progress, "NetworkPolicies are enforced"):
            self._processes.start([policies.component(self.layout)], lambda _: inside.prefix())
            policies.divert(inside)

    def enforces_policies(self) -> bool:
        """Tell whether NetworkPolicies have an effect."""
        return self._processes.is_alive(policies.NAME)

    def is_running(self) -> bool:
        """Tell whether every process of the cluster is alive."""
        return all(self._processes.is_alive(name) for name in components.names(self.layout))

    def states(self) -> dict[str, bool]:
        """Return which component is alive."""
        return {name: self._processes.is_alive(name) for name in components.names(self.layout)}

    def log(self, component: str) -> Path:
        """Return the log of a component."""
        known = components.names(self.layout)
        if component not in known:
            raise ClusterError(
                f"There is no component {component!r}.", cure=f"There are: {', '.join(known)}"
            )
        return self._processes.log(component)

    def images(self) -> ImageStore:
        """Return the node's images."""
        return ImageStore(self._namespace(), self._machine().snapshotter)

    def kubectl(self, *arguments: str, stdin: str | None = None) -> str:
        """Run kubectl as the administrator."""
        kubectl = str(tools.binary("kubectl"))
        return commands.run([kubectl, f"--kubeconfig={self.kubeconfig}", *arguments], stdin=stdin)

    def _alone(self, progress: Progress) -> AbstractContextManager[None]:
        lock = folders.clusters_folder() / f".{self.layout.name}.lock"
        what = f"another command on cluster {self.layout.name}"
        return locks.held(lock, progress=progress, waiting_for=what)

    # ---------------------------------------------------------------- start

    def _write_files(self) -> controlplane.Access:
        layout = self.layout
        (layout.folder / "config" / "net.d").mkdir(parents=True, exist_ok=True)
        access = controlplane.prepare(layout.folder, components.settings(layout))
        credentials.write(layout, access)
        for name, text in configs.files(layout, self._machine()).items():
            (layout.folder / "config" / name).write_text(text, encoding="utf-8")
        (layout.folder / "config" / "envoy.json").unlink(missing_ok=True)
        (layout.folder / "envoy-admin.sock").unlink(missing_ok=True)
        commands.run(components.envoy_bootstrap(layout))
        return access

    def _machine(self) -> configs.Machine:
        file_system = commands.run(["stat", "-f", "-c", "%T", str(self.layout.folder)]).strip()
        return configs.Machine(
            cni=next(path for path in configs.CNI_FOLDERS if (path / "bridge").exists()),
            pause_image=PAUSE_IMAGE,
            resolvers=HOST_RESOLVERS.read_text(encoding="utf-8") if HOST_RESOLVERS.exists() else "",
            snapshotter=configs.snapshotter_on(file_system),
        )

    def _make_node(self) -> Namespace:
        if not network.is_forwarding():
            self._forwarding_mark.touch()  # so that the last `down` puts it back
            network.set_forwarding(on=True)
        cgroups.create(self.layout.cgroup)
        self._processes.start([namespaces.holder(tools.binary("pause"), self.layout.folder)])
        inside = self._await_holder()
        namespaces.furnish(inside, self.layout.folder)
        network.connect(self.layout, inside)
        return inside

    def _start(self, inside: Namespace, access: controlplane.Access, progress: Progress) -> None:
        layout = self.layout

        def place(component: Component) -> tuple[str, ...]:
            return inside.prefix(host_network=component.name in components.HOST_NETWORK)

        self._processes.start(components.first(layout), place)
        with timed(progress, f"API server ready at {access.server}; objects applied"):
            self._apply_objects()
        began = dt.datetime.now(dt.UTC).replace(microsecond=0)
        with timed(progress, "node ready"):
            self._processes.start(components.second(layout), place)
            self._load_pause_image()
            self._await_node(began)

    def _apply_objects(self) -> None:
        layout = self.layout
        if not self._definitions_mark.exists():
            files = manifests.definitions(
                modules.folder("contour", "github.com/projectcontour/contour"),
                modules.folder("contour", "sigs.k8s.io/gateway-api"),
            )
            names = [f"--filename={path}" for path in files]
            self.kubectl("apply", "--server-side", "--force-conflicts", *names)
            self._definitions_mark.touch()
        self._await_definitions()
        keys = layout.folder / "pki"
        objects = manifests.objects(
            layout,
            certificate=(keys / "edge.crt").read_bytes(),
            key=(keys / "edge.key").read_bytes(),
        )
        text = yaml.safe_dump_all(objects)
        self.kubectl("apply", "--server-side", "--force-conflicts", "--filename=-", stdin=text)

    def _await_definitions(self) -> None:
        """Wait until every kind is served: Contour gives up when one is not, and that takes a moment."""
        kinds = self.kubectl("get", "customresourcedefinitions", "--output=name").split()
        names = ",".join(kind.partition("/")[2] for kind in kinds)
        kubectl = [str(tools.binary("kubectl")), f"--kubeconfig={self.kubeconfig}"]
        deadline = time.monotonic() + READY_WITHIN
        while not commands.succeeds([*kubectl, "get", names, "--all-namespaces"]):
            if time.monotonic() > deadline:
                raise ClusterError(f"The API server does not serve all of: {names}")
            time.sleep(POLL_EVERY)

    def _load_pause_image(self) -> None:
        archive = self.layout.folder / "pause.tar"
        program = tools.binary("pause").read_bytes()
        archive.write_bytes(archives.program_image(PAUSE_IMAGE, program, platform.machine()))
        if not self.images().has(archives.identify(archive)):
            self.images().import_archive(archive)

    def _await_node(self, began: dt.datetime) -> None:
        deadline = time.monotonic() + READY_WITHIN
        while not self._takes_work(began):
            if time.monotonic() > deadline:
                raise ClusterError(
                    f"The node was not ready after {READY_WITHIN:.0f} s.",
                    cure=f"Read the logs in {self._processes.log('kubelet').parent}",
                )
            time.sleep(0.2)

    def _takes_work(self, began: dt.datetime) -> bool:
        kinds = "nodes,gateways,serviceaccounts"
        answer = json.loads(self.kubectl("get", kinds, "--all-namespaces", "--output=json"))
        found = {
            item["kind"]
            for item in answer["items"]
            if readiness.is_usable(item, namespace="default", since=began)
        }
        return found == {"Node", "Gateway", "ServiceAccount"}

    # ---------------------------------------------------------------- end

    def _end(self, progress: Progress) -> None:
        """End what runs, and clean up after what was killed."""
        layout = self.layout
        if running := self._processes.running():
            with timed(progress, f"ended {len(running)} processes"):
                namespaces.end(layout.folder)
                self._processes.stop(running)
        namespaces.end(layout.folder)  # also one whose records are lost
        network.disconnect(layout)
        cgroups.remove(layout.cgroup)
        if self._forwarding_mark.exists() and not network.cables():
            network.set_forwarding(on=False)
            self._forwarding_mark.unlink()

    def _await_holder(self) -> Namespace:
        deadline = time.monotonic() + 5
        while (inside := namespaces.find(self.layout.folder)) is None:
            if time.monotonic() > deadline:
                return self._namespace()  # which says what is wrong
            time.sleep(POLL_EVERY)
        return inside

    def _namespace(self) -> Namespace:
        inside = namespaces.find(self.layout.folder)
        if inside is None:
            raise ClusterError(
                f"Cluster {self.layout.name} is not running.",
                cure=f"Start it: python -m dev.cluster up --name {self.layout.name}",
            )
        return inside
