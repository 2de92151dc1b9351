"""Two instances, the smallest and the fullest, and what their containers are told.

A Secret's value is taken from the samples of the recipes, so that a container's environment can be
loaded like in a real pod.
"""

from collections.abc import Mapping
from typing import Any

from polyant_operator.api import instance as instances
from polyant_operator.desired import tree
from polyant_operator.desired.context import Context
from support import authority, recipes
from support.environment import Process

INSTALLATION = "0198c2f4-7a54-7b52-9d1e-6a3f0c1d2e3f"
CONTAINERS: Mapping[str, Process] = {"engine": "engine", "web": "web", "migrate": "migrate"}

SMALLEST: Mapping[str, Any] = {
    "apiVersion": "polyant.ai/v1alpha1",
    "kind": "PolyantInstance",
    "metadata": {"name": "acme", "namespace": "demo"},
    "spec": {"database": {"embedded": {}}, "edge": {"type": "None"}},
}
FULLEST: Mapping[str, Any] = {
    "apiVersion": "polyant.ai/v1alpha1",
    "kind": "PolyantInstance",
    "metadata": {
        "name": "acme",
        "namespace": "demo",
        "annotations": {"polyant.ai/take-over": INSTALLATION},
    },
    "spec": {
        "database": {
            "urlSecretRef": {"name": "db", "key": "uri"},
            "migrationUrlSecretRef": {"name": "db-admin", "key": "uri"},
            "poolSize": 20,
        },
        "secrets": {
            "encryptionKeySecretRef": {"name": "key", "key": "ENCRYPTION_KEY"},
            "previousEncryptionKeySecretRef": {"name": "old-key", "key": "ENCRYPTION_KEY"},
            "authSecretRef": {"name": "auth", "key": "AUTH_SECRET"},
            "internalAuthSecretRef": {"name": "auth", "key": "AUTH_INTERNAL_SECRET"},
        },
        "admin": {"email": "ops@example.com"},
        "models": [
            {
                "name": "main-model",
                "provider": "openai",
                "baseUrl": "http://model.demo.svc:8081/v1",
                "apiKeySecretRef": {"name": "model", "key": "key"},
            }
        ],
        "engine": {
            "tunables": {
                "messageSoftDebounceMs": 3000,
                "messageTypingDelayMs": 1000,
                "messageMaxRestarts": 2,
                "agentCallTimeoutMs": 90000,
                "sseMaxConnections": 100,
                "sseMaxConnectionsPerUser": 10,
                "analyticsRetentionDays": 30,
                "knowledgeMaxDocsPerAgent": 100,
                "dedupSimilarityThreshold": "0.95",
                "datetimeTimezone": "Europe/Rome",
                "datetimeLocale": "it-IT",
            }
        },
        "caBundleRef": {"configMap": "authorities"},
        "egressProxy": {
            "httpsProxy": "http://proxy.example.com:3128",
            "httpProxy": "http://proxy.example.com:3128",
            "noProxy": [".example.com"],
        },
        "signIn": {
            "google": {
                "clientIdSecretRef": {"name": "google", "key": "clientId"},
                "clientSecretSecretRef": {"name": "google", "key": "clientSecret"},
            },
            "allowedDomains": ["example.com"],
        },
        "attachments": {
            "bucket": "acme-attachments",
            "region": "eu-central-1",
            "endpoint": "https://s3.example.com",
            "accessKeyIdSecretRef": {"name": "s3", "key": "accessKeyId"},
            "secretAccessKeySecretRef": {"name": "s3", "key": "secretAccessKey"},
        },
        "channels": {"enabled": False},
        "edge": {
            "type": "Ingress",
            "host": "chat.example.com",
            "engineHost": "api.example.com",
            "className": "contour",
            "trustedProxyHops": 2,
            "additionalCorsOrigins": ["https://intranet.example.com"],
        },
    },
    "status": {"installationId": INSTALLATION},
}


def manifests(body: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Give every object of an instance."""
    instance, context = instances.parse(body), Context(migration_hash="0123456789abcdef")
    job = tree.migration_job(instance, context)
    return [*tree.always(instance, context), job, *tree.workloads(instance, context)]


def containers(body: Mapping[str, Any]) -> dict[Process, dict[str, Any]]:
    """Give the containers of our own programs."""
    found: dict[Process, dict[str, Any]] = {}
    for manifest in manifests(body):
        template = manifest.get("spec", {}).get("template", {})
        for container in template.get("spec", {}).get("containers", []):
            if container["name"] in CONTAINERS:
                found[CONTAINERS[container["name"]]] = container
    return found


def environment(container: Mapping[str, Any]) -> dict[str, str]:
    """Give the variables as the process would see them."""
    return {variable["name"]: _value(variable) for variable in container["env"]}


def _value(variable: Mapping[str, Any]) -> str:
    if variable["name"] == "EXTRA_CA_FILE":
        return str(authority.sample())
    if "value" in variable:
        return str(variable["value"]).replace("$$(", "$(")
    if "fieldRef" in variable["valueFrom"]:
        return "acme-engine-0"
    if variable["name"] == "ENCRYPTION_KEY_PREVIOUS":
        return "fedcba9876543210" * 4
    if variable["name"].endswith("_PREVIOUS"):
        return "an-earlier-secret-of-the-tests-0123456789"
    return recipes.SAMPLES.get(variable["name"], "key")
