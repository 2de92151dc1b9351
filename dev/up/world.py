"""Everything a step works with: the cluster, the images and the programs, each made when needed."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from dev.cluster import providers, tools
from dev.images import building, cachefolder, process
from dev.up import agents, conditions, quickstart, release, ways
from dev.up.kubectl import Kubectl
from dev.up.terminal import Terminal


@dataclass(frozen=True)
class World:
    """One run of `make up`, `make down` or `make e2e`."""

    provider: providers.Provider
    workshop: building.Workshop
    terminal: Terminal
    loaded: dict[str, str] = field(default_factory=dict)  # local image -> its name in the cluster

    @cached_property
    def kubectl(self) -> Kubectl:
        """The cluster, once it is up."""
        return Kubectl(program=self.program("kubectl"), kubeconfig=self.provider.kubeconfig())

    @property
    def demo(self) -> Kubectl:
        """The namespace of the quickstart."""
        return self.kubectl.within(quickstart.NAMESPACE)

    @property
    def helm(self) -> release.Release:
        """The operator's release on the cluster."""
        return release.Release(
            program=self.program("helm"), kubectl=self.kubectl, runner=self.runner
        )

    @property
    def runner(self) -> process.Runner:
        """Runs programs with their output in one log."""
        log = cachefolder.cache_folder().parent / "up.log"
        return process.Runner(log=log, progress=self.terminal.say)

    def program(self, name: str) -> Path:
        """One of the pinned programs that talk to clusters."""
        return tools.binary(name, self.terminal.say)

    @property
    def is_up(self) -> bool:
        """Whether every part of the cluster runs."""
        states = self.provider.status()
        return bool(states) and all(states.values())

    def image(self, name: str) -> str:
        """The reference under which the cluster knows an image."""
        local = self.workshop.reference(name)
        return self.loaded.get(local, local)

    @property
    def images(self) -> release.Images:
        """The images of the release."""
        operator, engine = self.image("operator"), self.image("engine")
        return release.Images(operator=operator, engine=engine, postgres=self.image("postgres"))

    @property
    def settings(self) -> quickstart.Settings:
        """The quickstart's settings on this cluster."""
        edge = self.provider.edge()
        return quickstart.Settings(
            engine_image=self.image("engine"),
            edge_class=edge.ingress_class if edge else None,
            public_url=self.public_url,
            engine_public_url=None if edge else f"http://localhost:{ways.ENGINE_PORT}",
        )

    @property
    def public_url(self) -> str:
        """Where a browser on this machine finds the panel."""
        edge = self.provider.edge()
        if edge is None:
            return f"http://localhost:{ways.WEB_PORT}"
        port = edge.http.rpartition(":")[2]
        return f"http://{quickstart.HOST}" + ("" if port == "80" else f":{port}")

    @contextmanager
    def installation(self) -> Iterator[agents.Demo]:
        """The quickstart's installation, reached the way this cluster allows."""
        edge = self.provider.edge()
        way = (
            ways.through_edge(edge.http)
            if edge
            else ways.through_ports(self.demo, quickstart.INSTANCE)
        )
        with way as clients:
            yield agents.Demo(
                kubectl=self.demo, web=clients.web, api=clients.api, instance=quickstart.INSTANCE
            )

    def watch(self) -> conditions.Watch:
        """What is said about the quickstart's instance while it becomes ready."""
        return conditions.Watch(kubectl=self.demo, name=quickstart.INSTANCE, say=self.terminal.say)
