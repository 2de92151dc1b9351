"""The rules of `spec.podDefaults`, which hold for every pod; a part of `support.refusals`."""

from support.refusal import Object, Refusal, case

KEYS = "write name or prefix/name, of letters, digits, '-', '_' and '.'"
_MAP = {"name": "certificates", "configMap": {"name": "ca"}}
_MOUNT = {"name": "certificates", "mountPath": "/etc/ca"}


def _volume(refused: Object, accepted: Object, path: str, text: str) -> Refusal:
    return case(
        f"volume {refused}",
        {"podDefaults": {"extraVolumes": [refused]}},
        {"podDefaults": {"extraVolumes": [accepted]}},
        f"spec.podDefaults.extraVolumes[0]{path}",
        text,
    )


def _case_of_pod(name: str, refused: Object, accepted: Object, field: str, text: str) -> Refusal:
    return case(
        name,
        {"podDefaults": refused},
        {"podDefaults": accepted},
        f"spec.podDefaults.{field}",
        text,
    )


def _mount(refused: str, text: str) -> Refusal:
    volumes = [{"name": "ca", "configMap": {"name": "ca"}}]
    return case(
        f"mount {refused}",
        {
            "podDefaults": {
                "extraVolumes": volumes,
                "extraVolumeMounts": [{"name": "ca", "mountPath": refused}],
            }
        },
        {
            "podDefaults": {
                "extraVolumes": volumes,
                "extraVolumeMounts": [{"name": "ca", "mountPath": "/etc/ca"}],
            }
        },
        "spec.podDefaults.extraVolumeMounts[0].mountPath",
        text,
    )


POD_REFUSALS: tuple[Refusal, ...] = (
    case(
        "label of the operator",
        {"podDefaults": {"labels": {"app.kubernetes.io/name": "x"}}},
        {"podDefaults": {"labels": {"example.com/name": "x"}}},
        "spec.podDefaults.labels",
        "'app.kubernetes.io/name' belongs to the operator;"
        " use keys outside app.kubernetes.io/ and polyant.ai/",
    ),
    case(
        "annotation of the operator",
        {"web": {"pod": {"annotations": {"polyant.ai/secret-digest": "x"}}}},
        {"web": {"pod": {"annotations": {"example.com/x": "x"}}}},
        "spec.web.pod.annotations",
        "'polyant.ai/secret-digest' belongs to the operator;"
        " use keys outside app.kubernetes.io/ and polyant.ai/",
    ),
    _case_of_pod(
        "label value with a space",
        {"labels": {"team": "a b"}},
        {"labels": {"team": "a-b", "empty": ""}},
        "labels",
        "'a b' is not a valid label value; use letters, digits, '-', '_' and '.',"
        " with a letter or digit at both ends",
    ),
    _case_of_pod(
        "node label with a space",
        {"nodeSelector": {"a b": "c"}},
        {"nodeSelector": {"example.com/a_b": "c"}},
        "nodeSelector",
        f"'a b' is not a valid key; {KEYS}",
    ),
    _case_of_pod(
        "annotation with two slashes",
        {"annotations": {"a/b/c": "any text: at all"}},
        {"annotations": {"a/b-c": "any text: at all"}},
        "annotations",
        f"'a/b/c' is not a valid key; {KEYS}",
    ),
    _case_of_pod(
        "toleration of a value that is not compared",
        {"tolerations": [{"key": "a", "operator": "Exists", "value": "b"}]},
        {"tolerations": [{"key": "a", "operator": "Equal", "value": "b"}]},
        "tolerations[0]",
        "toleration with operator Exists has a value; remove the value, or use operator Equal",
    ),
    _case_of_pod(
        "toleration of nothing",
        {"tolerations": [{"effect": "NoSchedule"}]},
        {"tolerations": [{"operator": "Exists"}]},
        "tolerations[0]",
        "toleration without a key needs operator Exists;"
        " add the key, or operator: Exists to put up with every taint",
    ),
    _case_of_pod(
        "time without eviction",
        {"tolerations": [{"key": "a", "tolerationSeconds": 5}]},
        {"tolerations": [{"key": "a", "effect": "NoExecute", "tolerationSeconds": 5}]},
        "tolerations[0]",
        "tolerationSeconds needs effect NoExecute; set the effect, or remove tolerationSeconds",
    ),
    _case_of_pod(
        "sub-path that leaves the volume",
        {"extraVolumes": [_MAP], "extraVolumeMounts": [{**_MOUNT, "subPath": "a/.."}]},
        {"extraVolumes": [_MAP], "extraVolumeMounts": [{**_MOUNT, "subPath": "a/..b"}]},
        "extraVolumeMounts[0].subPath",
        "'a/..' leaves the volume; write a relative path without ..",
    ),
    _volume(
        {"name": "x", "secret": {"secretName": "x", "items": [{"key": "a", "path": "/a"}]}},
        {"name": "x", "secret": {"secretName": "x", "items": [{"key": "a", "path": "a/b"}]}},
        ".secret.items[0].path",
        "'/a' leaves the volume; write a relative path without ..",
    ),
    _volume(
        {**_MAP, "name": "Ca"},
        _MAP,
        ".name",
        "'Ca' is not a volume name; use lower-case letters, digits and '-'",
    ),
    _volume(
        {**_MAP, "name": "tmp"},
        _MAP,
        ".name",
        "'tmp' is the name of a volume of the operator; choose another name",
    ),
    _volume(
        {"name": "two", "configMap": {"name": "a"}, "secret": {"secretName": "b"}},
        {"name": "two", "secret": {"secretName": "b"}},
        "",
        "volume 'two' needs exactly one source;"
        " keep one of configMap, secret, persistentVolumeClaim and emptyDir",
    ),
    _volume(
        {"name": "scratch", "emptyDir": {"sizeLimit": "0"}},
        {"name": "scratch", "emptyDir": {"sizeLimit": "1Gi"}},
        ".emptyDir.sizeLimit",
        "'0' is not a positive amount; write for example 8Gi",
    ),
    _mount("etc/ca", "'etc/ca' is not an absolute path; write for example /etc/ca"),
    _mount(
        "/run/ca",
        "'/run/ca' is used by the operator;"
        " choose a path outside /tmp, /run, /var/run, /etc/polyant and /var/lib/postgresql",
    ),
)
