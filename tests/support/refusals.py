"""Every rule of the custom resource as a pair of objects: one it refuses, one it accepts.

One table for both sides: the API server must refuse with exactly these words at exactly this field,
and so must `polyant_operator.api`, which repeats the rules for objects that are older than them.
"""

from support.container_refusals import CONTAINER_REFUSALS
from support.edge_refusals import EDGE_REFUSALS
from support.outside_refusals import OUTSIDE_REFUSALS
from support.pod_refusals import POD_REFUSALS
from support.refusal import Refusal, case

DATABASES = (
    "database needs exactly one of urlSecretRef, cnpgClusterRef and embedded; name the Secret of your"
    " PostgreSQL in urlSecretRef, your Cluster of CloudNativePG in cnpgClusterRef, or write"
    " embedded: {} for one pod of our own"
)
NAMES = "use lower-case letters, digits, '-' and '.'"


def _named(refused: str, accepted: str) -> Refusal:
    return Refusal(
        name=f"instance name {refused[:12]}",
        refused={},
        accepted={},
        instance=refused,
        accepted_instance=accepted,
        path="metadata.name",
        text=f"name '{refused}' is not usable; use at most 35 lower-case letters, digits and '-',"
        " starting with a letter: the names of all objects are derived from it",
    )


def _generated(field: str, secret: str) -> Refusal:
    group, reference = field.split(".")
    base = {"urlSecretRef": {"name": "db"}} if reference == "migrationUrlSecretRef" else {}
    return case(
        f"{field} names a generated Secret",
        {group: {**base, reference: {"name": secret}}},
        {group: {**base, reference: {"name": f"my-{secret}"}}},
        f"spec.{field}",
        f"'{secret}' is a Secret the operator generates; leave the reference out to use it,"
        " or name a Secret of your own",
    )


def _reserved(component: str, name: str) -> Refusal:
    return case(
        f"{component} sets {name}",
        {component: {"env": [{"name": name, "value": "x"}]}},
        {component: {"env": [{"name": f"MY_{name}", "value": "x"}]}},
        f"spec.{component}.env[0]",
        f"{name} is set by the operator; remove it and use the field of spec that stands for it"
        " (docs/reference/polyantinstance.md)",
    )


def _tunable(field: str, refused: str, accepted: str, text: str) -> Refusal:
    return case(
        f"tunable {field}",
        {"engine": {"tunables": {field: refused}}},
        {"engine": {"tunables": {field: accepted}}},
        f"spec.engine.tunables.{field}",
        text,
    )


_SOURCE = {"configMapKeyRef": {"name": "a", "key": "b"}}

REFUSALS: tuple[Refusal, ...] = (
    _named("a" * 36, "a" * 35),
    _named("1acme", "acme1"),
    _named("a.b", "a-b"),
    _generated("database.urlSecretRef", "acme-database"),
    _generated("database.migrationUrlSecretRef", "acme-admin"),
    _generated("secrets.encryptionKeySecretRef", "acme-encryption-key"),
    _generated("secrets.authSecretRef", "acme-auth-secrets"),
    _generated("secrets.internalAuthSecretRef", "acme-auth-in-use"),
    _generated("admin.passwordSecretRef", "acme-admin"),
    case(
        "version and images",
        {"version": "0.1.0", "images": {"engine": "r/e:1"}},
        {"images": {"engine": "r/e:1"}},
        "spec",
        "version '0.1.0' and images exclude each other; keep version for a release,"
        " or images for images of your own",
    ),
    case(
        "version with a space",
        {"version": "0 1"},
        {"version": "0.1.0"},
        "spec.version",
        "'0 1' is not a version; write a release such as 0.1.0",
    ),
    case(
        "image with a space",
        {"images": {"engine": "r/e 1"}},
        {"images": {"engine": "r/e@sha256:0a"}},
        "spec.images.engine",
        "'r/e 1' is not an image reference; write registry/repository:tag"
        " or registry/repository@sha256:digest",
    ),
    case(
        "Secret name in capitals",
        {"imagePullSecrets": [{"name": "Pull"}]},
        {"imagePullSecrets": [{"name": "pull"}]},
        "spec.imagePullSecrets[0].name",
        f"'Pull' is not a valid object name; {NAMES}",
    ),
    case(
        "Secret key with a slash",
        {"database": {"urlSecretRef": {"name": "db", "key": "a/b"}}},
        {"database": {"urlSecretRef": {"name": "db", "key": "a.b"}}},
        "spec.database.urlSecretRef.key",
        "'a/b' is not a valid key; use letters, digits, '-', '_' and '.'",
    ),
    case(
        "no database",
        {"database": {"poolSize": 5}},
        {"database": {"poolSize": 5, "embedded": {}}},
        "spec.database",
        DATABASES,
    ),
    case(
        "two databases",
        {"database": {"urlSecretRef": {"name": "db"}, "embedded": {}}},
        {"database": {"urlSecretRef": {"name": "db"}}},
        "spec.database",
        DATABASES,
    ),
    case(
        "migration URL beside embedded",
        {"database": {"embedded": {}, "migrationUrlSecretRef": {"name": "db"}}},
        {"database": {"urlSecretRef": {"name": "a"}, "migrationUrlSecretRef": {"name": "b"}}},
        "spec.database.migrationUrlSecretRef",
        "migrationUrlSecretRef has no use beside embedded;"
        " remove it: the embedded database has one role",
    ),
    case(
        "storage of nothing",
        {"database": {"embedded": {"storage": "0Gi"}}},
        {"database": {"embedded": {"storage": "0.5Gi"}}},
        "spec.database.embedded.storage",
        "'0Gi' is not a positive amount; write for example 8Gi",
    ),
    case(
        "storage in words",
        {"database": {"embedded": {"storage": "8 GB"}}},
        {"database": {"embedded": {"storage": "8G"}}},
        "spec.database.embedded.storage",
        "'8 GB' is not a positive amount; write for example 8Gi",
    ),
    case(
        "the previous key is the current one",
        {
            "secrets": {
                "encryptionKeySecretRef": {"name": "key"},
                "previousEncryptionKeySecretRef": {"name": "key"},
            }
        },
        {
            "secrets": {
                "encryptionKeySecretRef": {"name": "key"},
                "previousEncryptionKeySecretRef": {"name": "acme-encryption-key"},
            }
        },
        "spec.secrets.previousEncryptionKeySecretRef",
        "previousEncryptionKeySecretRef names the current key, key/ENCRYPTION_KEY;"
        " name the key you rotate away from, or remove the field",
    ),
    case(
        "e-mail address without @",
        {"admin": {"email": "ops"}},
        {"admin": {"email": "administrator@local"}},
        "spec.admin.email",
        "'ops' is not an e-mail address; write for example ops@example.com",
    ),
    case(
        "model name in capitals",
        {"models": [{"name": "Main", "provider": "openai", "baseUrl": "http://m"}]},
        {"models": [{"name": "main", "provider": "openai", "baseUrl": "http://m"}]},
        "spec.models[0].name",
        "'Main' is not a model name; use lower-case letters, digits and '-', starting with a letter",
    ),
    case(
        "base URL with a password",
        {"models": [{"name": "main", "provider": "openai", "baseUrl": "https://u:p@m/v1"}]},
        {"models": [{"name": "main", "provider": "openai", "baseUrl": "https://m:8443/v1"}]},
        "spec.models[0].baseUrl",
        "'https://u:p@m/v1' is not a base URL; write for example https://api.example.com/v1,"
        " without user, query or fragment",
    ),
    case(
        "model without a way to reach it",
        {"models": [{"name": "main", "provider": "openai"}]},
        {"models": [{"name": "main", "provider": "openai", "apiKeySecretRef": {"name": "k"}}]},
        "spec.models[0]",
        "model 'main' has neither baseUrl nor apiKeySecretRef; the provider's own address asks"
        " for a key: set apiKeySecretRef, or baseUrl",
    ),
    _reserved("engine", "DATABASE_URL"),
    _reserved("engine", "DATABASE_URL_FILE"),
    _reserved("engine", "ELECTION_LEASE"),
    _reserved("engine", "POD_NAME"),
    _reserved("engine", "TRUST_PROXY"),
    _reserved("web", "AUTH_TRUST_HOST"),
    case(
        "variable name with a dash",
        {"web": {"env": [{"name": "A-B", "value": "x"}]}},
        {"web": {"env": [{"name": "A_B", "value": "x"}]}},
        "spec.web.env[0].name",
        "'A-B' is not a variable name; use letters, digits and '_', not starting with a digit",
    ),
    case(
        "value and valueFrom",
        {"engine": {"env": [{"name": "A", "value": "x", "valueFrom": _SOURCE}]}},
        {"engine": {"env": [{"name": "A", "valueFrom": _SOURCE}]}},
        "spec.engine.env[0]",
        "A has both value and valueFrom; keep one of them",
    ),
    case(
        "two sources of a variable",
        {
            "engine": {
                "env": [
                    {
                        "name": "A",
                        "valueFrom": {**_SOURCE, "fieldRef": {"fieldPath": "status.podIP"}},
                    }
                ]
            }
        },
        {
            "engine": {
                "env": [{"name": "A", "valueFrom": {"fieldRef": {"fieldPath": "status.podIP"}}}]
            }
        },
        "spec.engine.env[0].valueFrom",
        "valueFrom needs exactly one source;"
        " keep one of secretKeyRef, configMapKeyRef and fieldRef",
    ),
    case(
        "field that a container may not know",
        {"web": {"env": [{"name": "A", "valueFrom": {"fieldRef": {"fieldPath": "spec.x"}}}]}},
        {
            "web": {
                "env": [
                    {"name": "A", "valueFrom": {"fieldRef": {"fieldPath": "metadata.labels['a']"}}}
                ]
            }
        },
        "spec.web.env[0].valueFrom.fieldRef.fieldPath",
        "'spec.x' is not a field of a pod that containers may know; write for example status.podIP",
    ),
    case(
        "envFrom without a source",
        {"engine": {"envFrom": [{"prefix": "A_"}]}},
        {"engine": {"envFrom": [{"prefix": "A_", "secretRef": {"name": "x"}}]}},
        "spec.engine.envFrom[0]",
        "envFrom needs exactly one source; keep one of secretRef and configMapRef",
    ),
    case(
        "typing after the answer",
        {"engine": {"tunables": {"messageSoftDebounceMs": 1000}}},
        {"engine": {"tunables": {"messageSoftDebounceMs": 1000, "messageTypingDelayMs": 1000}}},
        "spec.engine.tunables",
        "messageTypingDelayMs (default 1500) is longer than messageSoftDebounceMs (default 2000);"
        " lower the first or raise the second:"
        " a person would see typing only after the answer has begun",
    ),
    _tunable(
        "dedupSimilarityThreshold",
        "1.5",
        "0.90",
        "'1.5' is not between 0 and 1; write for example \"0.90\"",
    ),
    _tunable(
        "datetimeTimezone",
        "Europe Rome",
        "Europe/Rome",
        "'Europe Rome' is not a time zone; write for example UTC or Europe/Rome",
    ),
    _tunable(
        "datetimeLocale", "en_US", "en-US", "'en_US' is not a locale; write for example en-US"
    ),
    *POD_REFUSALS,
    *CONTAINER_REFUSALS,
    *OUTSIDE_REFUSALS,
    *EDGE_REFUSALS,
)
