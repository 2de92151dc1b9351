"""The rules of what connects an installation with the world; a part of `support.refusals`.

Scaling, the way out, sign-in, attachments, monitoring and policies.
"""

from support.refusal import Object, Refusal, case

_GOOGLE = {"clientIdSecretRef": {"name": "g"}, "clientSecretSecretRef": {"name": "g"}}
_BUCKET = {"bucket": "files", "region": "eu-central-1"}
_PEER = {"ipBlock": {"cidr": "10.0.0.0/8"}}


def _policy(name: str, refused: Object, accepted: Object, field: str, text: str) -> Refusal:
    return case(
        f"policy: {name}",
        {"networkPolicy": refused},
        {"networkPolicy": accepted},
        f"spec.networkPolicy{field}",
        text,
    )


def _allow(name: str, refused: Object, accepted: Object, field: str, text: str) -> Refusal:
    return _policy(
        name,
        {"egress": "Restricted", "allow": [refused]},
        {"egress": "Restricted", "allow": [accepted]},
        f".allow[0]{field}",
        text,
    )


def _attachments(name: str, refused: Object, accepted: Object, field: str, text: str) -> Refusal:
    return case(
        f"attachments: {name}",
        {"attachments": {**_BUCKET, **refused}},
        {"attachments": {**_BUCKET, **accepted}},
        f"spec.attachments{field}",
        text,
    )


OUTSIDE_REFUSALS: tuple[Refusal, ...] = (
    case(
        "two autoscalers",
        {"engine": {"autoscaling": {"maxReplicas": 3}, "externalScaling": True}},
        {"engine": {"autoscaling": {"maxReplicas": 3}, "externalScaling": False}},
        "spec.engine",
        "autoscaling and externalScaling exclude each other; keep autoscaling for an autoscaler of"
        " the operator, or externalScaling for one of your own",
    ),
    case(
        "more replicas at least than at most",
        {"engine": {"autoscaling": {"maxReplicas": 1}}},
        {"engine": {"autoscaling": {"minReplicas": 1, "maxReplicas": 1}}},
        "spec.engine.autoscaling.minReplicas",
        "minReplicas (default 2) is above maxReplicas; lower the first or raise the second",
    ),
    case(
        "name of no Cluster",
        {"database": {"cnpgClusterRef": {"name": "1pg"}}},
        {"database": {"cnpgClusterRef": {"name": "pg1"}}},
        "spec.database.cnpgClusterRef.name",
        "'1pg' is not a Cluster name; use lower-case letters, digits and '-', starting with a letter",
    ),
    case(
        "proxy without an address",
        {"egressProxy": {"noProxy": ["example.com"]}},
        {"egressProxy": {"noProxy": ["example.com"], "httpProxy": "http://proxy:3128"}},
        "spec.egressProxy",
        "egressProxy has neither httpsProxy nor httpProxy; set one of them, or remove egressProxy",
    ),
    case(
        "proxy with a password",
        {"egressProxy": {"httpsProxy": "http://u:p@proxy:3128"}},
        {"egressProxy": {"httpsProxy": "http://proxy:3128/"}},
        "spec.egressProxy.httpsProxy",
        "'http://u:p@proxy:3128' is not a proxy URL;"
        " write for example http://proxy.example.com:3128, without user, path or query",
    ),
    case(
        "two hosts in one entry",
        {"egressProxy": {"httpProxy": "http://proxy:3128", "noProxy": ["a,b"]}},
        {
            "egressProxy": {
                "httpProxy": "http://proxy:3128",
                "noProxy": [".a", "10.0.0.0/8", "fd00::/8"],
            }
        },
        "spec.egressProxy.noProxy[0]",
        "'a,b' is not a noProxy entry; write one host, .domain, address or range of addresses,"
        " without scheme, * or comma",
    ),
    case(
        "domains of no provider",
        {"signIn": {"allowedDomains": ["example.com"]}},
        {"signIn": {"allowedDomains": ["example.com"], "google": _GOOGLE}},
        "spec.signIn.allowedDomains",
        "allowedDomains has no use without google; set google, or remove allowedDomains",
    ),
    case(
        "domain with an @",
        {"signIn": {"google": _GOOGLE, "allowedDomains": ["@example.com"]}},
        {"signIn": {"google": _GOOGLE, "allowedDomains": ["example.com"]}},
        "spec.signIn.allowedDomains[0]",
        "'@example.com' is not a domain; write for example example.com, in lower case, without @",
    ),
    _attachments(
        "half a pair of keys",
        {"accessKeyIdSecretRef": {"name": "s3"}},
        {"accessKeyIdSecretRef": {"name": "s3"}, "secretAccessKeySecretRef": {"name": "s3"}},
        "",
        "accessKeyIdSecretRef and secretAccessKeySecretRef belong together;"
        " set both, or neither for workload identity",
    ),
    _attachments(
        "bucket in capitals",
        {"bucket": "Files"},
        {"bucket": "my.files-1"},
        ".bucket",
        "'Files' is not a bucket name; use lower-case letters, digits, '-' and '.'",
    ),
    _attachments(
        "region of two words",
        {"region": "eu central"},
        {"region": "eu-central-1"},
        ".region",
        "'eu central' is not a region; write for example eu-central-1",
    ),
    _attachments(
        "endpoint with a path",
        {"endpoint": "https://s3.example.com/x"},
        {"endpoint": "http://minio:9000"},
        ".endpoint",
        "'https://s3.example.com/x' is not an endpoint; write scheme://host or scheme://host:port,"
        " for example https://s3.example.com",
    ),
    case(
        "interval without a unit",
        {"monitoring": {"podMonitor": {"interval": "30"}}},
        {"monitoring": {"podMonitor": {"interval": "30s"}}},
        "spec.monitoring.podMonitor.interval",
        "'30' is not a time; write for example 30s",
    ),
    _policy(
        "more is allowed than everything",
        {"allow": [{"to": [_PEER]}]},
        {"egress": "Restricted", "allow": [{"to": [_PEER]}]},
        ".allow",
        "allow has no use while egress is 'Open'; set egress: Restricted, or remove allow",
    ),
    _policy(
        "peer of two kinds",
        {"edgeFrom": [{**_PEER, "podSelector": {}}]},
        {"edgeFrom": [{"namespaceSelector": {}, "podSelector": {}}]},
        ".edgeFrom[0]",
        "peer needs either ipBlock or selectors;"
        " keep ipBlock, or podSelector and namespaceSelector",
    ),
    _policy(
        "address without a length",
        {"metricsFrom": [{"ipBlock": {"cidr": "10.0.0.1"}}]},
        {"metricsFrom": [{"ipBlock": {"cidr": "fd00::/8"}}]},
        ".metricsFrom[0].ipBlock.cidr",
        "'10.0.0.1' is not a range of addresses; write for example 10.0.0.0/8",
    ),
    _policy(
        "exception outside",
        {"edgeFrom": [{"ipBlock": {"cidr": "10.0.0.0/8", "except": ["11.0.0.0/16"]}}]},
        {"edgeFrom": [{"ipBlock": {"cidr": "10.0.0.0/8", "except": ["10.1.0.0/16"]}}]},
        ".edgeFrom[0].ipBlock.except",
        "except '11.0.0.0/16' is no smaller range inside '10.0.0.0/8'; write a part of it, or remove it",
    ),
    _allow(
        "rule without a word",
        {},
        {"ports": [{"port": 443}]},
        "",
        "a rule with neither to nor ports allows everything; name peers or ports, or set egress: Open",
    ),
    _allow(
        "range that ends before it begins",
        {"ports": [{"port": 443, "endPort": 80}]},
        {"ports": [{"port": 80, "endPort": 443}]},
        ".ports[0].endPort",
        "endPort has no port at or below it; set port to the first of the range, or remove endPort",
    ),
)
