"""Who answers which path, once: for builders, for every front door, and through a real Envoy.

Both edge APIs match whole path elements and let the longest prefix win.
"""

from collections.abc import Iterator, Mapping
from typing import Any, Final, Literal

Who = Literal["engine", "web", "nobody"]

ENGINE: Final = (
    "/v1",
    "/v1/",
    "/v1/chat/completions",
    "/v1/models?x=1",
    "/api",
    "/api/",
    "/api/instances",
    "/api/authors",
    "/api/authentication/x",
    "/memories",
    "/memories/1",
    "/webhooks/twilio/acme/whatsapp",
    "/webhooks/twilio/acme/whatsapp?a=b%2Fc&d=%20",
    "/health",
    "/health/live",
)
# On the panel's host.
WEB: Final = (
    "/",
    "/agents",
    "/static/app.js",
    "/signin?next=%2Fagents",
    "/api/auth",
    "/api/auth/",
    "/api/auth/session",
    "/api/auth/credentials/verify",
    "/apiary",
    "/api2",
    "/v10",
    "/v1beta",
    "/healthy",
    "/healthz",
    "/memories-of-us",
    "/webhooksx",
    "/V1",
    "/API/instances",
)

# Ways to write the path of an internal route. A proxy may normalise any of them or none, so they
# may reach the panel or nobody; on the engine each has to end in 404.
FORBIDDEN: Final = (
    "/api/auth/credentials/verify",
    "/api/auth/credentials/verify/",
    "/api/auth/credentials/verify?x=/health",
    "/api/auth%2Fcredentials%2Fverify",
    "/api/auth%2fcredentials/verify",
    "/api%2Fauth%2Fcredentials%2Fverify",
    "/api%2Fauth/credentials/verify",
    "/api%252Fauth/credentials/verify",
    "/api/auth%252Fcredentials%252Fverify",
    "/%61pi/auth/credentials/verify",
    "/%61%70%69/%61%75%74%68/credentials/verify",
    "/api/%61uth/credentials/verify",
    "/api/aut%68/credentials/verify",
    "//api/auth/credentials/verify",
    "/api//auth/credentials/verify",
    "/api///auth//credentials//verify",
    "/v1//../api/auth/credentials/verify",
    "/API/AUTH/credentials/verify",
    "/api/Auth/credentials/verify",
    "/api/auth/Credentials/Verify",
    "/api/./auth/credentials/verify",
    "/api/instances/../auth/credentials/verify",
    "/api/instances/%2e%2e/auth/credentials/verify",
    "/api/instances/.%2e/auth/credentials/verify",
    "/api/instances/%2E%2E%2Fauth/credentials/verify",
    "/api/instances/..%2fauth/credentials/verify",
    "/v1/../api/auth/credentials/verify",
    "/v1/%2e%2e/api/auth/credentials/verify",
    "/webhooks/../api/auth/credentials/verify",
    "/api/auth./credentials/verify",
    "/api./auth/credentials/verify",
    "/api/auth/credentials/verify.",
    "/api/auth%2e/credentials/verify",
    "/api;x/auth/credentials/verify",
    "/api/auth;x=1/credentials/verify",
    "/api/;/auth/credentials/verify",
    "/api/instances/..;/auth/credentials/verify",
    "/api%5Cauth%5Ccredentials%5Cverify",
    "/api\\auth\\credentials\\verify",
    "/api/instances\\..\\auth/credentials/verify",
    "/api/auth%00/credentials/verify",
    "/api/auth%20/credentials/verify",
    "/api/%20auth/credentials/verify",
    "/api/auth%09/credentials/verify",
    "/api/auth%3Fx/credentials/verify",
    "/api/auth%23x/credentials/verify",
    "/api/%ef%bc%8fauth/credentials/verify",
    "/api/auth%c0%afcredentials/verify",
    "/api/auth/session",
    "/api/auth%2Ffingerprint",
)

# Who claims to be somebody else, by every header that some proxy believes.
SPOOFED: Final[Mapping[str, str]] = {
    "X-Forwarded-For": "203.0.113.66, 198.51.100.7",
    "X-Forwarded-Host": "evil.example",
    "X-Forwarded-Proto": "https",
    "X-Forwarded-Port": "1",
    "X-Forwarded-Prefix": "/evil",
    "X-Real-IP": "203.0.113.66",
    "X-Client-IP": "203.0.113.66",
    "True-Client-IP": "203.0.113.66",
    "Forwarded": 'for=203.0.113.66;host=evil.example;proto=https;by="[::1]"',
    "X-Envoy-External-Address": "203.0.113.66",
    "X-Client-Address": "203.0.113.66",
    "X-Internal-Auth": "not-the-secret-of-this-installation",
    "X-Original-URL": "/api/auth/credentials/verify",
    "X-Rewrite-URL": "/api/auth/credentials/verify",
}


def expected(path: str, *, engine_host: bool) -> Who:
    """Say who answers a path of the table."""
    if path in ENGINE:
        return "engine"
    if engine_host:
        # There is no panel there: sign-in falls to the engine, which has none on this port.
        return "engine" if path.startswith("/api/") else "nobody"
    return "web"


def routes(manifests: list[dict[str, Any]]) -> dict[str, dict[str, str]]:
    """Read host -> path -> service out of Ingresses and HTTPRoutes alike."""
    found: dict[str, dict[str, str]] = {}
    for manifest in manifests:
        for host, path, service in _rows(manifest):
            found.setdefault(host, {})[path] = service
    return found


def ports(manifests: list[dict[str, Any]]) -> set[str | int]:
    """Read the ports of Services, by name or number."""
    by_name = [
        row["backend"]["service"]["port"]["name"]
        for manifest in manifests
        for rule in manifest["spec"]["rules"]
        for row in rule.get("http", {}).get("paths", [])
    ]
    by_number = [
        backend["port"]
        for manifest in manifests
        for rule in manifest["spec"]["rules"]
        for backend in rule.get("backendRefs", [])
    ]
    return {*by_name, *by_number}


def who(table: Mapping[str, str], path: str) -> Who:
    """Let the longest prefix of whole elements win."""
    bare = path.partition("?")[0]
    fitting = [prefix for prefix in table if _is_below(bare, prefix)]
    if not fitting:
        return "nobody"
    service = table[max(fitting, key=len)]
    return "engine" if service.endswith("-engine") else "web"


def _is_below(path: str, prefix: str) -> bool:
    return prefix in {"/", path} or path.startswith(f"{prefix}/")


def _rows(manifest: dict[str, Any]) -> Iterator[tuple[str, str, str]]:
    spec = manifest["spec"]
    if manifest["kind"] == "Ingress":
        for rule in spec["rules"]:
            for row in rule["http"]["paths"]:
                yield rule["host"], row["path"], row["backend"]["service"]["name"]
    if manifest["kind"] == "HTTPRoute":
        for host in spec["hostnames"]:
            for rule in spec["rules"]:
                for match in rule["matches"]:
                    yield host, match["path"]["value"], rule["backendRefs"][0]["name"]
