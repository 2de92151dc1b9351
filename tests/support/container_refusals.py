"""The rules of containers a user adds to pods; a part of `support.refusals`."""

from support.refusal import Object, Refusal, case

_ONE: Object = {"name": "one", "image": "r/i:1"}
_NAME = "give each container of a pod a name of its own"


def _sidecar(name: str, refused: Object, accepted: Object, field: str, text: str) -> Refusal:
    return case(
        f"sidecar: {name}",
        {"podDefaults": {"sidecars": [{**_ONE, **refused}]}},
        {"podDefaults": {"sidecars": [{**_ONE, **accepted}]}},
        f"spec.podDefaults.sidecars[0]{field}",
        text,
    )


CONTAINER_REFUSALS: tuple[Refusal, ...] = (
    _sidecar(
        "name of ours",
        {"name": "engine"},
        {"name": "engine-proxy"},
        ".name",
        "'engine' is the name of a container of the operator; choose another name",
    ),
    _sidecar(
        "name in capitals",
        {"name": "One"},
        {"name": "one"},
        ".name",
        "'One' is not a container name; use lower-case letters, digits and '-'",
    ),
    _sidecar(
        "port name with a dot",
        {"ports": [{"name": "a.b", "containerPort": 80}]},
        {"ports": [{"name": "a-b", "containerPort": 80}]},
        ".ports[0].name",
        "'a.b' is not a port name; use at most 15 lower-case letters, digits and '-'",
    ),
    _sidecar(
        "probe that asks twice",
        {"readinessProbe": {"tcpSocket": {"port": 80}, "exec": {"command": ["true"]}}},
        {"readinessProbe": {"tcpSocket": {"port": "http"}}},
        ".readinessProbe",
        "probe needs exactly one way to ask; keep one of httpGet, tcpSocket, grpc and exec",
    ),
    _sidecar(
        "hook that does nothing",
        {"lifecycle": {"preStop": {}}},
        {"lifecycle": {"preStop": {"sleep": {"seconds": 5}}}},
        ".lifecycle.preStop",
        "hook needs exactly one action; keep one of exec, httpGet and sleep",
    ),
    _sidecar(
        "profile of another type",
        {
            "securityContext": {
                "seccompProfile": {"type": "RuntimeDefault", "localhostProfile": "p"}
            }
        },
        {"securityContext": {"seccompProfile": {"type": "Localhost", "localhostProfile": "p"}}},
        ".securityContext.seccompProfile",
        "localhostProfile belongs to seccompProfile of type Localhost, and type is 'RuntimeDefault';"
        " set both or neither",
    ),
    case(
        "sidecar named as an init container",
        {"podDefaults": {"initContainers": [_ONE], "sidecars": [_ONE]}},
        {"podDefaults": {"initContainers": [_ONE], "sidecars": [{**_ONE, "name": "two"}]}},
        "spec.podDefaults.sidecars",
        f"a sidecar has the name of an init container; {_NAME}",
    ),
)
