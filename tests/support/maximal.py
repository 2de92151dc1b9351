"""Instances made from the schema in crds/, which together have every field of it.

Alternatives exclude each other, so there are several: variant 0 takes the first of each, variant 1
the second, and so on. Nothing is left out of all of them, which a test checks.
"""

from collections.abc import Callable
from typing import Any

from support.refusal import Object, instance
from support.schema import RULES, SPEC, Schema

VARIANTS = range(6)
# What the engine's rules of form want, by a piece of the rule; the first that fits counts.
GOOD: tuple[tuple[str, str], ...] = (
    ("isCIDR", "10.0.0.0/8"),
    ("isQuantity", "1Gi"),
    ("[^@", "ops@example.com"),
    ("[^\\\\s/?#@]+", "https://x.example.com"),
    ("https?://", "https://x.example.com"),
    ("metadata", "status.podIP"),
    ("'^/[^:", "/etc/x"),
    ("[A-Za-z_][A-Za-z0-9_]*$", "A_NAME"),
    ("0(\\\\.[0-9]", "0.5"),
    ("(s|m|h)", "15s"),
    ("[A-Za-z]{2,8}", "en-US"),
    ("[0-9.]+/[0-9]", ".example.com"),
    ("+$')", "x.example.com"),
)
# Lists whose entries exclude each other's fields, by the end of the path: the groups of each choice.
CHOICES: tuple[tuple[str, tuple[tuple[str, ...], ...]], ...] = (
    ("spec", (("version",), ("images",))),
    ("database", (("urlSecretRef", "migrationUrlSecretRef"), ("cnpgClusterRef",), ("embedded",))),
    ("engine", (("autoscaling",), ("externalScaling",))),
    (
        "edge",
        (("parentRefs", "annotations"), ("className", "annotations", "tls"), ()),
    ),
    (
        "extraVolumes[]",
        (("configMap",), ("secret",), ("persistentVolumeClaim",), ("emptyDir",)),
    ),
    ("env[]", (("value",), ("valueFrom",))),
    # Of the odd variants, which have a valueFrom at all.
    (
        "valueFrom",
        ((), ("fieldRef",), (), ("secretKeyRef",), (), ("configMapKeyRef",)),
    ),
    ("envFrom[]", (("secretRef",), ("configMapRef",))),
    ("Probe", (("httpGet",), ("tcpSocket",), ("grpc",), ("exec",))),
    ("postStart", (("exec",), ("httpGet",), ("sleep",))),
    ("preStop", (("exec",), ("httpGet",), ("sleep",))),
    ("edgeFrom[]", (("ipBlock",), ("podSelector", "namespaceSelector"))),
    ("metricsFrom[]", (("ipBlock",), ("podSelector", "namespaceSelector"))),
    ("to[]", (("ipBlock",), ("podSelector", "namespaceSelector"))),
)
_EDGES = ("HTTPRoute", "Ingress", "External")
# What only makes sense together with something else, by the end of the path.
VALUES: dict[str, Callable[[int], Any]] = {
    ".edge.type": lambda variant: _EDGES[variant % 3],
    ".edge.engineHost": lambda _: "api.example.com",
    ".edge.trustedProxyHops": lambda _: 1,
    ".tolerations[].operator": lambda _: "Equal",
    ".tolerations[].effect": lambda _: "NoExecute",
    ".seccompProfile.type": lambda _: "Localhost",
    ".networkPolicy.egress": lambda _: "Restricted",
    ".ipBlock.except[]": lambda _: "10.1.0.0/16",
    ".ports[].endPort": lambda _: 65535,
    ".externalScaling": lambda _: True,
    ".maxReplicas": lambda _: 3,
    ".tunables.messageTypingDelayMs": lambda _: 0,
    ".sidecars[].name": lambda _: "a-sidecar",
    ".extraVolumeMounts[].name": lambda _: "a-name",
    ".volumeMounts[].name": lambda _: "a-name",
    ".previousEncryptionKeySecretRef.name": lambda _: "previous",
    ".models[].provider": lambda _: "openai",
    ".resources.requests{}": lambda _: 1,
    ".resources.limits{}": lambda _: "2",
}


def spec(variant: int) -> Object:
    built = _built(SPEC, "spec", variant)
    assert isinstance(built, dict)
    return built


def body(variant: int) -> Object:
    return {**instance(), "spec": spec(variant)}


def _built(schema: Schema, path: str, variant: int) -> Any:
    for end, value in VALUES.items():
        if path.endswith(end):
            return value(variant)
    if "properties" in schema:
        left_out = _left_out(path, variant)
        return {
            name: _built(child, f"{path}.{name}", variant)
            for name, child in schema["properties"].items()
            if name not in left_out
        }
    if "items" in schema:
        return [_built(schema["items"], f"{path}[]", variant)]
    if "additionalProperties" in schema:
        return {"cpu": _built(schema["additionalProperties"], f"{path}{{}}", variant)}
    return _leaf(schema)


def _left_out(path: str, variant: int) -> set[str]:
    for end, groups in CHOICES:
        if f".{path}".endswith(end if end == "Probe" else f".{end}"):
            every = {name for group in groups for name in group}
            return every - set(groups[variant % len(groups)])
    return set()


def _leaf(schema: Schema) -> Any:
    if "enum" in schema:
        return schema["enum"][0]
    match schema.get("type", "int-or-string"):
        case "boolean":
            return False
        case "integer":
            return schema.get("default", max(1, schema.get("minimum", 1)))
        case "int-or-string":
            return 1
        case _:
            return _text(schema)


def _text(schema: Schema) -> str:
    rules = " ".join(rule["rule"] for rule in schema.get(RULES, ()))
    return next((value for piece, value in GOOD if piece in rules), "a-name")
