"""Hypothesis strategies for instances: everything the spec allows, small."""

from collections.abc import Mapping
from typing import Any

from hypothesis import strategies as st

from polyant_operator.api.instance import PolyantInstance, parse
from support.refusal import instance

Object = dict[str, Any]

WORD = st.from_regex(r"[a-z]([-a-z0-9]{0,6}[a-z0-9])?", fullmatch=True)
NAMES = st.from_regex(r"[a-z]([-a-z0-9]{0,33}[a-z0-9])?", fullmatch=True)
VARIABLE = st.from_regex(r"MY_[A-Z0-9_]{0,8}", fullmatch=True)


def _name(entry: Mapping[str, Any]) -> str:
    return str(entry["name"])


def _some(fields: dict[str, st.SearchStrategy[Any]]) -> st.SearchStrategy[Object]:
    return st.fixed_dictionaries({}, optional=fields)


def _reference(prefix: str) -> st.SearchStrategy[Object]:
    # The prefix keeps clear of the names of generated Secrets.
    return st.fixed_dictionaries(
        {"name": WORD.map(lambda word: f"{prefix}-{word}")}, optional={"key": WORD}
    )


_TOLERATION = st.fixed_dictionaries(
    {"key": WORD}, optional={"operator": st.just("Exists"), "effect": st.just("NoExecute")}
)
_VOLUME = st.fixed_dictionaries(
    {"name": WORD.map(lambda word: f"x-{word}"), "emptyDir": st.just({"sizeLimit": "1Mi"})}
)
POD = _some(
    {
        "resources": st.just({"requests": {"cpu": 1}, "limits": {"memory": "1Gi"}}),
        "nodeSelector": st.dictionaries(WORD, WORD, max_size=2),
        "tolerations": st.lists(_TOLERATION, max_size=2),
        "affinity": st.just({"nodeAffinity": {}}),
        "topologySpreadConstraints": st.lists(
            st.builds(lambda word: {"topologyKey": word}, WORD),
            max_size=2,
            unique_by=str,
        ),
        "priorityClassName": WORD,
        "labels": st.dictionaries(WORD, WORD, max_size=2),
        "annotations": st.dictionaries(WORD, WORD, max_size=2),
        "extraVolumes": st.lists(_VOLUME, max_size=2, unique_by=_name),
    }
)
_ENV = st.lists(
    st.one_of(
        st.fixed_dictionaries({"name": VARIABLE, "value": st.text(max_size=8)}),
        st.fixed_dictionaries(
            {
                "name": VARIABLE,
                "valueFrom": st.just({"secretKeyRef": {"name": "their", "key": "key"}}),
            }
        ),
    ),
    max_size=3,
    unique_by=_name,
)
_DATABASE = st.one_of(
    st.fixed_dictionaries(
        {"embedded": _some({"storageClassName": WORD, "storage": st.just("1Gi")})}
    ),
    st.fixed_dictionaries(
        {"urlSecretRef": _reference("db")},
        optional={"migrationUrlSecretRef": _reference("m"), "poolSize": st.integers(2, 200)},
    ),
)
_MODELS = st.lists(
    st.fixed_dictionaries(
        {"name": WORD, "provider": st.just("openai"), "baseUrl": st.just("http://model:8081/v1")},
        optional={"apiKeySecretRef": _reference("k")},
    ),
    max_size=3,
    unique_by=_name,
)
_EDGE = st.one_of(
    st.just({"type": "None"}),
    st.fixed_dictionaries(
        {"type": st.just("External"), "publicUrl": st.just("https://a.example")},
        optional={"trustedProxyHops": st.integers(1, 5)},
    ),
    st.fixed_dictionaries(
        {"type": st.just("Ingress"), "host": st.just("a.example")},
        optional={
            "engineHost": st.just("b.example"),
            "className": st.sampled_from(["contour", "nginx", "traefik", "haproxy", "other"]),
            "annotations": st.dictionaries(WORD, WORD, max_size=2),
            "tls": st.just({"secretName": "tls"}),
            "additionalCorsOrigins": st.just(["https://c.example"]),
        },
    ),
)
SPECS = st.fixed_dictionaries(
    {"database": _DATABASE},
    optional={
        "version": WORD,
        "deletionPolicy": st.sampled_from(["Retain", "Delete"]),
        "imagePullSecrets": st.just([{"name": "pull"}]),
        "secrets": _some(
            {
                "encryptionKeySecretRef": _reference("e"),
                "previousEncryptionKeySecretRef": _reference("p"),
                "authSecretRef": _reference("a"),
                "internalAuthSecretRef": _reference("i"),
            }
        ),
        "admin": _some({"passwordSecretRef": _reference("w")}),
        "models": _MODELS,
        "podDefaults": POD,
        "engine": _some(
            {
                "replicas": st.integers(0, 100),
                "pod": POD,
                "env": _ENV,
                "envFrom": st.just([{"secretRef": {"name": "their"}}]),
                "tunables": _some({"agentCallTimeoutMs": st.integers(1000, 900000)}),
            }
        ),
        "web": _some({"replicas": st.integers(0, 100), "pod": POD, "env": _ENV}),
        "channels": _some({"enabled": st.booleans()}),
        "edge": _EDGE,
    },
)


@st.composite
def instances(draw: st.DrawFn) -> PolyantInstance:
    """Draw any valid instance."""
    body = instance(draw(SPECS), draw(NAMES))
    body["metadata"]["annotations"] = draw(
        _some({"polyant.ai/take-over": WORD, "polyant.ai/confirm-data-loss": st.just("0d4e")})
    )
    body["status"] = draw(_some({"installationId": WORD}))
    return parse(body)
