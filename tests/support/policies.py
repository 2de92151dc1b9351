"""Admission as platform teams use it: a policy in the API server that refuses, a webhook that changes.

Both act only in namespaces that a test chose, so that they may live in the server that tests share.
"""

import base64
import json
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Final

import yaml
from typing_extensions import override

from polyant_operator.kube import errors
from polyant_operator.kube.client import MERGE
from polyant_operator.kube.kinds import SERVICE_ACCOUNT, Kind, Object
from support import apiserver, authority
from support.operator_world import World

NAMESPACE: Final = Kind("v1", "Namespace", "namespaces", namespaced=False)
# On a namespace: what the policy refuses in it, as `deployments` or `deployments/status`.
REFUSED: Final = "refused"
API: Final = "admissionregistration.k8s.io/v1"
RULE: Final = {"apiGroups": ["*"], "apiVersions": ["*"], "scope": "Namespaced"}
ASKED: Final = (
    "(request.resource.resource"
    " + (has(request.subResource) && request.subResource != '' ? '/' + request.subResource : ''))"
)
POLICY: Final[Object] = {
    "apiVersion": API,
    "kind": "ValidatingAdmissionPolicy",
    "metadata": {"name": "platform-rules"},
    "spec": {
        "matchConstraints": {
            "namespaceSelector": {"matchExpressions": [{"key": REFUSED, "operator": "Exists"}]},
            "resourceRules": [
                {**RULE, "operations": ["CREATE", "UPDATE", "DELETE"], "resources": ["*/*"]}
            ],
        },
        "validations": [
            {
                "expression": f"!({ASKED} in namespaceObject.metadata.annotations['{REFUSED}'].split(','))",
                "messageExpression": f"'no ' + {ASKED} + ' here, says the platform team'",
            }
        ],
    },
}
BINDING: Final[Object] = {
    "apiVersion": API,
    "kind": "ValidatingAdmissionPolicyBinding",
    "metadata": {"name": "platform-rules"},
    "spec": {"policyName": "platform-rules", "validationActions": ["Deny"]},
}


@contextmanager
def installed(server: apiserver.ApiServer) -> Iterator[None]:
    """Have the policy in the API server until the block ends."""
    text = yaml.safe_dump_all([POLICY, BINDING])
    server.kubectl("apply", "-f", "-", stdin=text)
    try:
        yield
    finally:
        server.kubectl("delete", "-f", "-", stdin=text)


async def refuse(world: World, *resources: str) -> None:
    """Let the policy refuse these in the world's namespace, and nothing else, from now on.

    The API server learns of policies and namespaces a moment later: ServiceAccounts tell when.
    """
    if "serviceaccounts" not in resources:
        await refuse(world, *resources, "serviceaccounts")
    metadata = {"labels": {REFUSED: "some"}, "annotations": {REFUSED: ",".join(resources)}}
    path = NAMESPACE.path(None, world.namespace)
    await world.admin.request(
        "PATCH", NAMESPACE, path, body={"metadata": metadata}, content_type=MERGE
    )
    end = time.monotonic() + 20
    while await _takes_account(world) is ("serviceaccounts" in resources):
        assert time.monotonic() < end, "the policy takes no effect"


async def _takes_account(world: World) -> bool:
    body = {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "probe"}}
    path, query = SERVICE_ACCOUNT.path(world.namespace), {"dryRun": "All"}
    try:
        await world.admin.request("POST", SERVICE_ACCOUNT, path, body=body, query=query)
    except errors.Denied:
        return False
    return True


# Steps of JSON Patch that a webhook makes of an object.
Mutation = Callable[[Object], list[dict[str, Any]]]


@dataclass
class Webhook:
    """A mutating webhook of a platform team."""

    mutate: Mutation
    server: ThreadingHTTPServer | None = None
    # The objects it was shown, dry runs aside.
    shown: list[Object] = field(default_factory=list)

    def go_away(self) -> None:
        """Listen no more."""
        if self.server is not None:
            self.server.shutdown()
            self.server.server_close()

    def answer(self, request: Object) -> Object:
        """Say yes, and what to change."""
        obj, is_probe = request["object"], request.get("dryRun")
        if not is_probe:
            self.shown.append(obj)
        steps = labelled(obj, "seen", "yes") if is_probe else self.mutate(obj)
        patch = base64.b64encode(json.dumps(steps).encode()).decode()
        return {"uid": request["uid"], "allowed": True, "patchType": "JSONPatch", "patch": patch}


@asynccontextmanager
async def mutating(
    world: World, folder: Path, mutate: Mutation, *resources: str
) -> AsyncIterator[Webhook]:
    """Have a webhook that changes these resources in the world's namespace until the block ends."""
    webhook, trusted = Webhook(mutate), authority.make(folder)
    server = webhook.server = _server(webhook)
    server.socket = trusted.server().wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, name="webhook", daemon=True).start()
    kind = Kind(
        API, "MutatingWebhookConfiguration", "mutatingwebhookconfigurations", namespaced=False
    )
    try:
        made = _configuration(world.namespace, resources, trusted.ca_file, server.server_port)
        await world.admin.request("POST", kind, kind.path(None), body=made)
        await _takes_effect(world)
        yield webhook
    finally:
        await world.admin.delete(kind, None, world.namespace)
        webhook.go_away()


async def _takes_effect(world: World) -> None:
    end = time.monotonic() + 20
    body = {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "probe"}}
    path, query = SERVICE_ACCOUNT.path(world.namespace), {"dryRun": "All"}
    while time.monotonic() < end:
        made = await world.admin.request("POST", SERVICE_ACCOUNT, path, body=body, query=query)
        if "seen" in made["metadata"].get("labels", {}):
            return
    raise AssertionError("the webhook is never asked")


def _configuration(namespace: str, resources: Iterable[str], ca: Path, port: int) -> Object:
    chosen = {"matchLabels": {"kubernetes.io/metadata.name": namespace}}
    asked = ["*"] if "*" in resources else sorted({*resources, "serviceaccounts"})
    rule = {**RULE, "operations": ["CREATE", "UPDATE"], "resources": asked}
    bundle = base64.b64encode(ca.read_bytes()).decode()
    return {
        "apiVersion": API,
        "kind": "MutatingWebhookConfiguration",
        "metadata": {"name": namespace},
        "webhooks": [
            {
                "name": "platform.example.com",
                "clientConfig": {"url": f"https://127.0.0.1:{port}/", "caBundle": bundle},
                "rules": [rule],
                "namespaceSelector": chosen,
                "sideEffects": "None",
                "admissionReviewVersions": ["v1"],
            }
        ],
    }


def _server(webhook: Webhook) -> ThreadingHTTPServer:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            review = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            answer = {key: review[key] for key in ("apiVersion", "kind")}
            text = json.dumps(answer | {"response": webhook.answer(review["request"])}).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

        @override
        def log_message(self, *arguments: object) -> None:
            """Say nothing."""

    class Server(ThreadingHTTPServer):
        daemon_threads = True

    return Server(("127.0.0.1", 0), Handler)


def labelled(obj: Object, name: str, value: str) -> list[dict[str, Any]]:
    """The steps that put a label on an object."""
    if not obj["metadata"].get("labels"):
        return [{"op": "add", "path": "/metadata/labels", "value": {name: value}}]
    return [{"op": "add", "path": f"/metadata/labels/{name}", "value": value}]
