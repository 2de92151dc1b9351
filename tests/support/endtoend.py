"""What the end-to-end tests know and do: the cluster they were given, and installations on it."""

import json
import os
import secrets
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import yaml

from dev.up import agents, conditions, quickstart
from dev.up.edgeclient import Answer, EdgeClient
from dev.up.kubectl import Kubectl

VARIABLE = "POLYANT_E2E"
LABEL = "polyant.ai/end-to-end"
READY_SECONDS = 180.0

Spec = dict[str, Any]
TWO: Spec = {"engine": {"replicas": 2}, "web": {"replicas": 2}}
T = TypeVar("T")


@dataclass(frozen=True, kw_only=True)
class Cluster:
    """The cluster that `python -m dev.up test` prepared."""

    kubectl: Kubectl
    # What is known of its network: True, False or None.
    enforces_policies: str
    edge: str
    edge_class: str
    gateway: str  # namespace/name
    edge_address: str  # "" where the edge is a pod in the namespace of the Gateway
    engine_image: str
    version: str
    next_version: str  # "" unless every disturbance is wanted

    def host(self, name: str) -> str:
        """A host name of the edge with the port a client names."""
        port = self.edge.rpartition(":")[2]
        return name if port == "80" else f"{name}:{port}"

    @property
    def parent(self) -> dict[str, str]:
        """The Gateway, as a route names it."""
        namespace, _, name = self.gateway.partition("/")
        return {"namespace": namespace, "name": name}

    @property
    def edge_peer(self) -> dict[str, Any]:
        """The edge, as a NetworkPolicy names it."""
        if self.edge_address:
            return {"ipBlock": {"cidr": f"{self.edge_address}/32"}}
        labels = {"kubernetes.io/metadata.name": self.parent["namespace"]}
        return {"namespaceSelector": {"matchLabels": labels}}

    def client(self, name: str, timeout: float = 60) -> EdgeClient:
        """A client that asks the edge for this host."""
        return EdgeClient(address=self.edge, host=self.host(name), timeout=timeout)


def given_cluster() -> Cluster:
    """Read what `make e2e` wrote down; without it there is nothing to test."""
    document = os.environ.get(VARIABLE)
    if not document:
        raise RuntimeError(f"{VARIABLE} is not set: run these tests with `make e2e`")
    facts = json.loads(Path(document).read_text())
    kubectl = Kubectl(program=Path(facts["kubectl"]), kubeconfig=Path(facts["kubeconfig"]))
    return Cluster(
        kubectl=kubectl,
        enforces_policies=facts["enforcesPolicies"],
        edge=facts["edge"],
        edge_class=facts["edgeClass"],
        gateway=facts["gateway"],
        edge_address=facts["edgeAddress"],
        engine_image=facts["engineImage"],
        version=facts["version"],
        next_version=facts["nextEngineImage"].rpartition(":")[2],
    )


@contextmanager
def namespace(cluster: Cluster) -> Iterator[Kubectl]:
    """A namespace of its own with the scripted model in it, gone afterwards."""
    name = f"e2e-{secrets.token_hex(3)}"
    labels = {LABEL: "true", "pod-security.kubernetes.io/enforce": "restricted"}
    metadata = {"name": name, "labels": labels}
    cluster.kubectl.apply([{"apiVersion": "v1", "kind": "Namespace", "metadata": metadata}])
    within = cluster.kubectl.within(name)
    try:
        within.apply(_demo_model(cluster))
        yield within
    finally:
        within.run("delete", "polyantinstances", "--all", "--wait=true", timeout=120)
        within.run("delete", "namespace", name, "--wait=true", timeout=300)


def sweep(cluster: Cluster) -> None:
    """Remove the namespaces of a run that was killed."""
    selector = f"--selector={LABEL}=true"
    cluster.kubectl.run("delete", "namespace", selector, "--wait=true", timeout=300)


def _demo_model(cluster: Cluster) -> list[dict[str, Any]]:
    text = (quickstart.FOLDER / "demo-model.yaml").read_text()
    documents = [found for found in yaml.safe_load_all(text) if found]
    for document in documents:
        if document["kind"] == "Deployment":
            (container,) = document["spec"]["template"]["spec"]["containers"]
            container["image"] = cluster.engine_image
        if document["kind"] == "ConfigMap":
            document["data"]["rules.yaml"] = RULES
    return documents


RULES = json.dumps(
    {
        "models": ["demo"],
        "rules": [
            {
                "name": "slow",
                "match": {"text": "^slowly"},
                "reply": "one two three four five six seven eight nine ten",
                "chunks": {"size": 4, "delayMs": 150},
            },
            {
                "name": "endless",
                "match": {"text": "^endlessly"},
                "reply": "word " * 100,
                "chunks": {"size": 5, "delayMs": 1000},
            },
            {
                "name": "patient",
                "match": {"text": "^for long"},
                "reply": "word " * 22,
                "chunks": {"size": 5, "delayMs": 1000},
            },
            {"name": "long", "match": {"text": "^x{1000}"}, "reply": "That was long."},
            {"name": "echo", "reply": "You said: {text}", "chunks": {"size": 4}},
        ],
    }
)


@dataclass(frozen=True, kw_only=True)
class Installation:
    """One PolyantInstance in the eyes of its owner and of its users."""

    cluster: Cluster
    kubectl: Kubectl  # within its namespace
    name: str
    keys: dict[str, str] = field(default_factory=dict)  # agent -> API key

    @property
    def host_name(self) -> str:
        """The host of its edge, without port."""
        return f"{self.name}.{self.kubectl.namespace}.localhost"

    def spec(self, **changes: Any) -> Spec:
        """The spec these tests start from."""
        host = self.host_name
        model = {
            "name": "demo",
            "provider": "openai",
            "baseUrl": f"http://demo-model.{self.kubectl.namespace}.svc:8081/v1",
        }
        edge = {
            "type": "Ingress",
            "className": self.cluster.edge_class,
            "host": host,
            "publicUrl": f"http://{self.cluster.host(host)}",
        }
        base: Spec = {
            "version": self.cluster.version,
            "database": {"embedded": {"storage": "1Gi"}},
            "models": [model],
            "edge": edge,
        }
        return {**base, **changes}

    def apply(self, **changes: Any) -> None:
        """Apply the spec with changes."""
        self.kubectl.apply(
            [
                {
                    "apiVersion": "polyant.ai/v1alpha1",
                    "kind": "PolyantInstance",
                    "metadata": {"name": self.name},
                    "spec": self.spec(**changes),
                }
            ]
        )

    def object(self) -> dict[str, Any]:
        """The live object."""
        return self.kubectl.get("polyantinstance", self.name) or {}

    def until_ready(self, seconds: float = READY_SECONDS) -> None:
        """Wait until it is ready at its generation; the error is a diagnosis."""
        watch = conditions.Watch(kubectl=self.kubectl, name=self.name, say=print)
        watch.until_ready(seconds)

    def until_condition(
        self, kind: str, status: str, *reasons: str, seconds: float = 120
    ) -> Mapping[str, Any]:
        """Wait for a condition with one of the reasons; return it."""

        def found() -> Mapping[str, Any] | None:
            condition = conditions.conditions(self.object()).get(kind)
            if condition is None or condition["status"] != status:
                return None
            return condition if not reasons or condition["reason"] in reasons else None

        try:
            return until(found, seconds, f"{kind}={status} {'|'.join(reasons)}")
        except AssertionError as error:
            watch = conditions.Watch(kubectl=self.kubectl, name=self.name, say=print)
            raise AssertionError(watch.diagnosis(str(error))) from None

    def client(self, timeout: float = 60) -> EdgeClient:
        """A browser or program in front of its edge."""
        return self.cluster.client(self.host_name, timeout)

    def sign_in(self) -> str:
        """The session token of the administrator, through the panel."""
        way = self.client()
        demo = agents.Demo(kubectl=self.kubectl, web=way, api=way, instance=self.name)
        return demo.sign_in().token

    def agent_key(self, slug: str, token: str) -> str:
        """The API key of an agent on the scripted model, which is made if it does not exist."""
        bearer = {"Authorization": f"Bearer {token}"}
        agent = {"slug": slug, "name": slug.title(), "provider": "demo", "model": "demo"}
        made = self.client().post_json("/api/instances", agent, bearer)
        assert made.status in {201, 409}, made.text
        key = self.client().post_json(f"/api/instances/{slug}/api-key", {}, bearer)
        assert key.status == 201, key.text
        return str(key.json()["apiKey"])

    def ask(self, slug: str, key: str, text: str, timeout: float = 60) -> Answer:
        """One question to an agent."""
        body = {"model": slug, "messages": [{"role": "user", "content": text}]}
        bearer = {"Authorization": f"Bearer {key}"}
        return self.client(timeout).post_json("/v1/chat/completions", body, bearer)

    def pods(self, component: str) -> list[dict[str, Any]]:
        """The pods of one component that are not on their way out."""
        selector = f"polyant.ai/instance={self.name},app.kubernetes.io/component={component}"
        found = self.kubectl.items("pods", f"--selector={selector}")
        return [pod for pod in found if "deletionTimestamp" not in pod["metadata"]]


def until(question: Callable[[], T | None], seconds: float, what: str) -> T:
    """Ask until the answer is true; fail with what was waited for."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        answer = question()
        if answer:
            return answer
        time.sleep(0.5)
    raise AssertionError(f"not within {seconds:.0f} s: {what}")
