"""The rules of `spec.edge`; the other half of `support.refusals`."""

from support.refusal import Object, Refusal, case

_INGRESS = {"type": "Ingress", "host": "chat.example.com"}
_ROUTE = {"type": "HTTPRoute", "host": "chat.example.com", "parentRefs": [{"name": "public"}]}
_ORIGIN = "write scheme://host or scheme://host:port"


def _host(value: str) -> Refusal:
    return case(
        f"host {value}",
        {"edge": {"type": "Ingress", "host": value}},
        {"edge": {"type": "Ingress", "host": "chat.example.com"}},
        "spec.edge.host",
        f"'{value}' is not a host name; write for example chat.example.com,"
        " without scheme, port or path",
    )


def _edge(name: str, refused: Object, accepted: Object, field: str, text: str) -> Refusal:
    path = f"spec.edge.{field}" if field else "spec.edge"
    return case(name, {"edge": refused}, {"edge": accepted}, path, text)


EDGE_REFUSALS: tuple[Refusal, ...] = (
    _host("https://chat.example.com"),
    _host("*.example.com"),
    _host("Chat.example.com"),
    _edge(
        "host is an address",
        {"type": "Ingress", "host": "192.0.2.1"},
        {"type": "Ingress", "host": "192.0.2.1.example.com"},
        "host",
        "'192.0.2.1' is an address; write a name, for example chat.example.com",
    ),
    _edge(
        "engineHost is host",
        {**_INGRESS, "engineHost": "chat.example.com"},
        {**_INGRESS, "engineHost": "api.example.com"},
        "engineHost",
        "engineHost 'chat.example.com' equals host; choose a second name,"
        " or remove engineHost: host serves the API too",
    ),
    _edge(
        "public URL with a path",
        {**_INGRESS, "publicUrl": "https://chat.example.com/"},
        {**_INGRESS, "publicUrl": "https://chat.example.com:8443"},
        "publicUrl",
        "'https://chat.example.com/' is not a public URL; write scheme://host or"
        " scheme://host:port, for example https://chat.example.com",
    ),
    _edge(
        "public URL of the engine without a scheme",
        {**_INGRESS, "enginePublicUrl": "api.example.com"},
        {**_INGRESS, "enginePublicUrl": "http://api.example.com"},
        "enginePublicUrl",
        "'api.example.com' is not a public URL; write scheme://host or"
        " scheme://host:port, for example https://chat.example.com",
    ),
    _edge(
        "every site may call",
        {**_INGRESS, "additionalCorsOrigins": ["*"]},
        {**_INGRESS, "additionalCorsOrigins": ["https://shop.example.com"]},
        "additionalCorsOrigins[0]",
        f"'*' is not an origin; {_ORIGIN}; '*' would let every site call the engine",
    ),
    _edge(
        "Ingress without a host",
        {"type": "Ingress"},
        _INGRESS,
        "",
        "edge of type Ingress has no host; set edge.host, for example chat.example.com",
    ),
    _edge(
        "External without an address",
        {"type": "External"},
        {"type": "External", "publicUrl": "https://chat.example.com"},
        "",
        "edge of type External has neither host nor publicUrl;"
        " set edge.publicUrl, for example https://chat.example.com",
    ),
    _edge(
        "TLS without an Ingress",
        {"type": "External", "host": "chat.example.com", "tls": {"secretName": "tls"}},
        {**_INGRESS, "tls": {"secretName": "tls"}},
        "tls",
        "tls needs an edge of type Ingress, which is 'External';"
        " remove it or set edge.type: Ingress",
    ),
    _edge(
        "TLS of an HTTPRoute",
        {**_ROUTE, "tls": {"secretName": "tls"}},
        _ROUTE,
        "tls",
        "tls needs an edge of type Ingress, which is 'HTTPRoute';"
        " remove it: the certificate of an HTTPRoute belongs to the listener of its Gateway",
    ),
    _edge(
        "TLS from nowhere",
        {**_INGRESS, "tls": {}},
        {**_INGRESS, "tls": {"issuerRef": {"name": "letsencrypt", "kind": "ClusterIssuer"}}},
        "tls",
        "tls has neither secretName nor issuerRef;"
        " name the Secret of your certificate, or an issuer of cert-manager",
    ),
    _edge(
        "HTTPRoute without a host",
        {"type": "HTTPRoute", "parentRefs": [{"name": "public"}]},
        _ROUTE,
        "",
        "edge of type HTTPRoute has no host; set edge.host, for example chat.example.com",
    ),
    _edge(
        "HTTPRoute without a Gateway",
        {"type": "HTTPRoute", "host": "chat.example.com"},
        _ROUTE,
        "",
        "edge of type HTTPRoute has no parentRefs; name the Gateway it attaches to, for example"
        " parentRefs: [{name: public, namespace: gateways}]",
    ),
    _edge(
        "Gateway of an Ingress",
        {**_INGRESS, "parentRefs": [{"name": "public"}]},
        _ROUTE,
        "parentRefs",
        "parentRefs needs an edge of type HTTPRoute, which is 'Ingress';"
        " remove it or set edge.type: HTTPRoute",
    ),
    _edge(
        "class of an HTTPRoute",
        {**_ROUTE, "className": "contour"},
        {**_INGRESS, "className": "contour"},
        "className",
        "className needs an edge of type Ingress, which is 'HTTPRoute';"
        " remove it or set edge.type: Ingress",
    ),
    _edge(
        "annotations of nothing",
        {"type": "External", "host": "chat.example.com", "annotations": {"a": "b"}},
        {**_ROUTE, "annotations": {"a": "b"}},
        "annotations",
        "annotations need an edge of type Ingress or HTTPRoute, which is 'External';"
        " remove them or set edge.type",
    ),
    _edge(
        "kind of a Gateway with a slash",
        {**_ROUTE, "parentRefs": [{"name": "public", "kind": "a/b"}]},
        {**_ROUTE, "parentRefs": [{"name": "public", "kind": "Gateway"}]},
        "parentRefs[0].kind",
        "'a/b' is not a kind; write for example Gateway",
    ),
    _edge(
        "namespace of a Gateway with a dot",
        {**_ROUTE, "parentRefs": [{"name": "public", "namespace": "a.b"}]},
        {**_ROUTE, "parentRefs": [{"name": "public", "namespace": "a-b"}]},
        "parentRefs[0].namespace",
        "'a.b' is not a namespace; use lower-case letters, digits and '-'",
    ),
    _edge(
        "kind of an issuer with a slash",
        {**_INGRESS, "tls": {"issuerRef": {"name": "ca", "kind": "a/b"}}},
        {**_INGRESS, "tls": {"issuerRef": {"name": "ca", "kind": "ClusterIssuer"}}},
        "tls.issuerRef.kind",
        "'a/b' is not a kind; write for example Issuer",
    ),
    _edge(
        "no hop behind an edge",
        {**_INGRESS, "trustedProxyHops": 0},
        {"type": "None", "trustedProxyHops": 0},
        "trustedProxyHops",
        "trustedProxyHops 0 contradicts an edge of type Ingress; set the number of proxies in front"
        " (1 when the edge is the only one): with 0 every client would have the address of the edge",
    ),
    _edge(
        "http with TLS",
        {**_INGRESS, "publicUrl": "http://chat.example.com", "tls": {"secretName": "tls"}},
        {**_INGRESS, "publicUrl": "http://chat.example.com"},
        "publicUrl",
        "publicUrl 'http://chat.example.com' is http while tls is set;"
        " write https:// or remove tls",
    ),
)
