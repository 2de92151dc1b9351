"""Conditions: what is true about an instance, in words that are API.

Types and reasons never change their meaning; messages are for people and may. Each reason carries
its cause and its cure, from which the reference page is written.
"""

from enum import StrEnum
from typing import Literal, Self

from polyant_operator.api.model import Reported

Truth = Literal["True", "False", "Unknown"]


class ConditionType(StrEnum):
    """What a condition is about."""

    READY = "Ready"
    RECONCILING = "Reconciling"  # only while True
    STALLED = "Stalled"  # only while True, never together with Reconciling
    SECRETS_READY = "SecretsReady"
    DATABASE_READY = "DatabaseReady"
    MIGRATED = "Migrated"
    ENGINE_AVAILABLE = "EngineAvailable"
    WEB_AVAILABLE = "WebAvailable"
    CHANNELS_ACTIVE = "ChannelsActive"
    EDGE_READY = "EdgeReady"
    PAUSED = "Paused"


class Condition(Reported):
    """One observation, in the shape of `metav1.Condition`."""

    type: str
    status: Truth
    reason: str
    message: str = ""
    observed_generation: int = 0
    last_transition_time: str | None = None  # set by who writes the status, which has a clock


class Reason(StrEnum):
    """Why a condition has its status, with cause and cure."""

    cause: str
    cure: str

    def __new__(cls, value: str, cause: str, cure: str) -> Self:
        """Attach cause and cure to the word."""
        reason = str.__new__(cls, value)
        reason._value_ = value
        reason.cause = cause
        reason.cure = cure
        return reason

    # Everything is as asked.
    READY = "Ready", "Everything runs as the spec asks.", "Nothing to do."
    PROGRESSING = (
        "Progressing",
        "The operator is carrying out the spec.",
        "Wait; the other conditions say for what.",
    )
    PENDING = (
        "Pending",
        "This step waits for an earlier one.",
        "Look at the condition that the message names.",
    )
    PAUSED = (
        "Paused",
        "spec.paused is true: the operator writes nothing but the status.",
        "Set spec.paused to false to go on.",
    )
    CHANGES_PENDING = (
        "ChangesPending",
        "The spec has changed while paused.",
        "Set spec.paused to false to carry the changes out.",
    )
    NOT_REQUESTED = (
        "NotRequested",
        "The spec asks for none.",
        "Nothing to do.",
    )

    # The object itself.
    INVALID_SPEC = (
        "InvalidSpec",
        "The spec breaks a rule, for example because it is older than the rule.",
        "Correct the fields that the message names.",
    )
    NAME_CONFLICT = (
        "NameConflict",
        "An object of a name the operator needs exists and isn't its own.",
        "Remove or rename that object, or give the instance another name.",
    )
    DRIFT_REPEATS = (
        "DriftRepeats",
        "Somebody changes an object of the instance again and again.",
        "Stop whoever the message names, or ask for the change in the spec.",
    )
    FORBIDDEN = (
        "Forbidden",
        "The API server refused a request of the operator, by permission, quota or policy.",
        "Read the message: grant the permission, raise the quota or change the policy.",
    )
    REJECTED = (
        "Rejected",
        "The API server refused an object as invalid, for example an immutable field.",
        "Correct the field of the spec that the message names.",
    )
    NAMESPACE_TERMINATING = (
        "NamespaceTerminating",
        "The namespace is being deleted, and the instance with it; nothing more is written into it.",
        "Nothing to do. If it doesn't end, `kubectl get namespace NAME -o yaml` says what holds it.",
    )
    API_UNAVAILABLE = (
        "ApiUnavailable",
        "The API server doesn't answer.",
        "Nothing to do here; the operator tries again by itself.",
    )

    # Secrets.
    SECRETS_PRESENT = (
        "SecretsPresent",
        "Every Secret that is used exists and has the right form.",
        "Nothing to do.",
    )
    SECRET_MISSING = (
        "SecretMissing",
        "A Secret or ConfigMap named by the spec, or one of its keys, doesn't exist.",
        "Create it with the key that the message names.",
    )
    SECRET_INVALID = (
        "SecretInvalid",
        "A value in a Secret has the wrong form.",
        "Write a value of the form that the message names.",
    )
    SECRETS_ROTATING = (
        "SecretsRotating",
        "A secret of engine and panel is being changed; old and new value count meanwhile.",
        "Wait: it takes three rollouts, and nothing is interrupted.",
    )
    ENCRYPTION_KEY_LOST = (
        "EncryptionKeyLost",
        "The data is encrypted with a key whose Secret is gone; a new one would not fit.",
        "Restore the Secret, or name one with that key in spec.secrets.encryptionKeySecretRef.",
    )
    ENCRYPTION_KEY_MISMATCH = (
        "EncryptionKeyMismatch",
        "The encryption key isn't the one the database was encrypted with.",
        "Restore the Secret with the key id that the message names.",
    )

    # Database and migration.
    DATABASE_REACHABLE = (
        "DatabaseReachable",
        "The database answers and is fit for use.",
        "Nothing to do.",
    )
    DATABASE_STARTING = (
        "DatabaseStarting",
        "The embedded database isn't ready yet.",
        "Wait; the message says what its pod waits for.",
    )
    DATABASE_UNREACHABLE = (
        "DatabaseUnreachable",
        "Nothing answers under the connection URL, or it refuses the log-in.",
        "Check the URL, the network and the password; it is tried again every minute.",
    )
    DATABASE_NOT_SUPPORTED = (
        "DatabaseNotSupported",
        "PostgreSQL, pgvector, the rights or the tables found aren't those Polyant needs.",
        "Do what the message says; for a missing extension it holds the SQL to run.",
    )
    DATABASE_NEWER = (
        "DatabaseNewer",
        "A newer version has already migrated the database.",
        "Run the version the database was migrated with, or a newer one.",
    )
    DATABASE_MAJOR_DIFFERS = (
        "DatabaseMajorDiffers",
        "The image of the embedded database is of another PostgreSQL major than its data.",
        "Name an image of the major that the message names; dump and restore to move to another.",
    )
    INSTALLATION_MISMATCH = (
        "InstallationMismatch",
        "The database belongs to another installation.",
        "Use the right database, or set polyant.ai/take-over to the id that the message names.",
    )
    MIGRATION_RUNNING = (
        "MigrationRunning",
        "The migration Job is at work.",
        "Wait; the old version serves on.",
    )
    MIGRATION_FAILED = (
        "MigrationFailed",
        "The migration failed; the old version serves on.",
        "Read the message; then change the annotation polyant.ai/retry-migration.",
    )
    INVALID_CONFIGURATION = (
        "InvalidConfiguration",
        "A process refused its environment.",
        "Correct the values that the message names.",
    )
    MIGRATED = (
        "Migrated",
        "The database has the schema of this version.",
        "Nothing to do.",
    )

    # Workloads.
    ROLLOUT_QUEUED = (
        "RolloutQueued",
        "The operator's own rollout waits: so many instances roll at one time, and no more.",
        "Wait; if the ones that the message names never become ready, mend them or roll back.",
    )
    AVAILABLE = ("Available", "All replicas are ready.", "Nothing to do.")
    ROLLING_OUT = (
        "RollingOut",
        "New pods are starting; old ones serve until they are ready.",
        "Wait; the message says what a pod waits for.",
    )
    SCALED_TO_ZERO = (
        "ScaledToZero",
        "The spec asks for 0 replicas.",
        "Raise the replicas to serve again.",
    )
    IMAGE_PULL_FAILED = (
        "ImagePullFailed",
        "A node can't fetch the image.",
        "Check the image's name, the registry and spec.imagePullSecrets.",
    )
    UNSCHEDULABLE = (
        "Unschedulable",
        "No node takes a pod.",
        "Read the message: add nodes, lower the requests or change the placement.",
    )
    CRASH_LOOPING = (
        "CrashLooping",
        "A container ends again and again.",
        "Read its exit code and last words in the message.",
    )
    CONTAINER_NOT_CREATED = (
        "ContainerNotCreated",
        "A node can't make a container, for example because a Secret or a key it names is missing.",
        "Create what the message names.",
    )
    POD_NOT_CREATED = (
        "PodNotCreated",
        "Kubernetes refuses to create pods, by quota, policy or Pod Security.",
        "Read the message and change the quota, the policy or the pod settings.",
    )
    NOT_READY = (
        "NotReady",
        "Pods run but don't say that they are ready.",
        "Read their logs.",
    )

    # Channels.
    LEADER_ELECTED = (
        "LeaderElected",
        "One engine pod leads: it alone runs channels, whichever there are.",
        "Nothing to do.",
    )
    LEADER_CHANGING = (
        "LeaderChanging",
        "The leader is gone for less than a minute; another pod is being elected.",
        "Wait: it takes a second after an orderly end, up to 13 after a crash.",
    )
    NO_LEADER = (
        "NoLeader",
        "Engines are ready, and none of them has become leader.",
        "Wait some seconds; if it stays, see the runbook PolyantLeaderMissing.",
    )
    LEADER_LOST = (
        "LeaderLost",
        "For a minute no engine has led: channels rest, chat over API and panel works.",
        "See the runbook PolyantLeaderMissing.",
    )
    DISABLED = (
        "Disabled",
        "spec.channels.enabled is false.",
        "Set it to true to run the channels.",
    )

    # Edge.
    EDGE_APPLIED = ("EdgeApplied", "The edge object is in place.", "Nothing to do.")
    EXTERNAL = (
        "External",
        "Somebody else's edge leads here; the operator can't see it.",
        "Nothing to do.",
    )
    CLASS_MISSING = (
        "ClassMissing",
        "There is no IngressClass of that name, or none is the default.",
        "Install an ingress controller or correct spec.edge.className.",
    )
    EDGE_API_MISSING = (
        "EdgeApiMissing",
        "The cluster doesn't have the API that the edge is asked to use.",
        "Install the API that the message names; it is found within a minute, without a restart.",
    )
    ROUTE_ACCEPTED = (
        "RouteAccepted",
        "Every parent has accepted the HTTPRoutes.",
        "Nothing to do.",
    )
    ROUTE_PENDING = (
        "RoutePending",
        "A parent of an HTTPRoute has not said yet whether it accepts it.",
        "Wait; if it stays, check spec.edge.parentRefs and the Gateway's controller.",
    )
    ROUTE_REFUSED = (
        "RouteRefused",
        "A parent refuses an HTTPRoute or cannot resolve what it refers to.",
        "Read the controller's words in the message; correct the Gateway or spec.edge.parentRefs.",
    )
    CERTIFICATE_PENDING = (
        "CertificatePending",
        "cert-manager has not issued the certificate yet.",
        "Wait; if it stays, run `cmctl status certificate` and check spec.edge.tls.issuerRef.",
    )
    CERTIFICATE_FAILED = (
        "CertificateFailed",
        "cert-manager could not issue the certificate and will try again later.",
        "Read cert-manager's words in the message; correct the issuer or the host's DNS.",
    )
    ADDRESS_PENDING = (
        "AddressPending",
        "The ingress controller has given no address yet.",
        "Wait, or look at the controller; the instance doesn't wait for it.",
    )
