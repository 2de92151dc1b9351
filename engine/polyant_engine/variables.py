"""Every variable the engine reads: the contract, in one table.

The operator's output, the recipes and the documentation are held to it by tests. `settings` makes
values of it; nobody else reads it at run time.
"""

from collections.abc import Mapping

from polyant_engine.core.configuration import Variable

GENERATE = "openssl rand -hex 32"


def _whole(default: str, doc: str, form: str = "a whole number >= 1") -> Variable:
    return Variable(form=form, default=default, doc=doc)


def _secret(form: str, doc: str, cure: str = "", *, required: bool = False) -> Variable:
    return Variable(form=form, doc=doc, cure=cure, required=required, secret=True)


PORT_FORM = "a port number from 1 to 65535"
SERVICE_FORM = "http(s)://host[:port]"
FROM_ZERO = "a whole number >= 0"
YES_NO = "true or false"

VARIABLES: Mapping[str, Variable] = {
    # database
    "DATABASE_URL": _secret(
        "postgresql://user:password@host:5432/database[?sslmode=...]",
        "PostgreSQL >= 16 with pgvector >= 0.7. Wins over POSTGRES_*.",
        "Write postgresql://user:password@host:5432/database with special characters of the"
        " password percent-encoded, or set POSTGRES_HOST, _DB, _USER and _PASSWORD instead.",
    ),
    "DATABASE_CA_FILE": Variable(
        form="a path to a PEM file", doc="Certificate authority of the database."
    ),
    "DATABASE_POOL_SIZE": _whole(
        "10",
        "Connections per process for requests; the election has 2 more, a leader another 2.",
        "a whole number, 2 to 200",
    ),
    "POSTGRES_HOST": Variable(form="a host name", default="localhost", doc="Without DATABASE_URL."),
    "POSTGRES_PORT": _whole("5432", "Without DATABASE_URL.", PORT_FORM),
    "POSTGRES_DB": Variable(form="a name", default="polyant", doc="Without DATABASE_URL."),
    "POSTGRES_USER": Variable(form="a name", default="polyant", doc="Without DATABASE_URL."),
    "POSTGRES_PASSWORD": _secret(
        "the password of the database role",
        "Without DATABASE_URL.",
        "Set DATABASE_URL, or POSTGRES_PASSWORD together with POSTGRES_HOST, _DB and _USER.",
    ),
    # secrets
    "ENCRYPTION_KEY": _secret(
        "64 hexadecimal characters",
        "Encrypts stored secrets. Lost key = unreadable secrets.",
        f"Make one with `{GENERATE}` and keep it safe: it must never change by accident.",
        required=True,
    ),
    "ENCRYPTION_KEY_PREVIOUS": _secret("64 hexadecimal characters", "Only while rotating keys."),
    "AUTH_SECRET": _secret(
        "at least 32 characters",
        "Keys the hashes of what could be guessed. The same as the panel's.",
        f"Make one with `{GENERATE}`; engine and panel must share it.",
        required=True,
    ),
    "AUTH_INTERNAL_SECRET": _secret(
        "at least 16 characters",
        "Lets the panel use internal routes. The same as the panel's. Unset: no sign-in.",
        f"Make one with `{GENERATE}`; engine and panel must share it.",
    ),
    "AUTH_INTERNAL_SECRET_PREVIOUS": _secret(
        "at least 16 characters", "Accepted beside AUTH_INTERNAL_SECRET while that is changed."
    ),
    # addresses
    "API_PORT": Variable(form=PORT_FORM, doc="Main port; else PORT, else 4000."),
    "PORT": Variable(form=PORT_FORM, default="4000", doc="Main port where API_PORT is unset."),
    "INTERNAL_PORT": Variable(
        form=PORT_FORM, doc="Port of internal routes; unset = on the main port, never via a proxy."
    ),
    "LISTEN_ADDRESS": Variable(
        form="an IPv4 or IPv6 address", doc="Where all ports listen; unset = on every address."
    ),
    "METRICS_PORT": _whole("9090", "Port of /metrics, /livez, /readyz.", PORT_FORM),
    "BASE_URL": Variable(
        form="http(s)://host[:port]", doc="Public address of the engine, for webhook URLs."
    ),
    "CORS_ORIGINS": Variable(
        form="a comma list of origins such as https://app.example.com, without * and paths",
        doc="Origins whose scripts may call the API. Unset in production = none.",
    ),
    "TRUST_PROXY": Variable(
        form="the number of trusted proxies (0, 1, 2, ...), or true or false",
        default="0",
        doc="How many entries of X-Forwarded-For our own proxies wrote.",
    ),
    "NODE_ENV": Variable(
        form="production, development or test", default="production", doc="Strictness of CORS."
    ),
    # start
    "INITIAL_ADMIN_EMAIL": Variable(
        form="an e-mail address", default="administrator@local", doc="First administrator."
    ),
    "INITIAL_ADMIN_PASSWORD": _secret(
        "8 to 1024 characters", "Unset outside Kubernetes: generated and printed once."
    ),
    "MIGRATE_ON_START": Variable(form=YES_NO, default="true", doc="Migrate before serving."),
    "MIGRATE_TIMEOUT_SECONDS": _whole("300", "How long to wait for the database."),
    "INSTALLATION_ID": Variable(form="a UUID", doc="The id this installation is known to have."),
    "INSTALLATION_OWNER": Variable(form="namespace/name", doc="Whose database this is."),
    "INSTALLATION_TAKE_OVER": Variable(form="a UUID", doc="Id of the installation to take over."),
    "TERMINATION_MESSAGE_PATH": Variable(
        form="a path", default="/dev/termination-log", doc="Where migrate leaves its report."
    ),
    # models
    "MODELS": Variable(
        form='a JSON list of {"name", "provider": "openai", "baseUrl"?, "apiKeyEnv"?}',
        doc="Model providers of the whole installation.",
    ),
    "MODEL_API_KEY_*": _secret("an API key", "Key of the model whose upper-cased name follows."),
    "MODEL_PRIVATE_HOSTS": Variable(
        form="a comma list of host or host:port", doc="Model hosts that may have private addresses."
    ),
    # the way out
    "EXTRA_CA_FILE": Variable(
        form="a path to a PEM file",
        doc="Certificate authorities that are trusted besides those of the system.",
    ),
    "HTTPS_PROXY": Variable(
        form="http(s)://[user:password@]host[:port]", doc="Proxy to https addresses outside."
    ),
    "HTTP_PROXY": Variable(
        form="http(s)://[user:password@]host[:port]", doc="Proxy to http addresses outside."
    ),
    "NO_PROXY": Variable(
        form="a comma list of hosts, .domains, addresses or ranges, or *",
        doc="What is reached without the proxies.",
    ),
    # channels and leadership
    "CHANNELS_ENABLED": Variable(form=YES_NO, default="true", doc="Run channel adapters."),
    "OUTBOUND_POLICY": Variable(
        form="AtMostOnce or AtLeastOnce",
        default="AtMostOnce",
        doc="What a vanished leader was sending: unknown until a person decides, or sent again.",
    ),
    "TELEGRAM_API_URL": Variable(
        form=SERVICE_FORM,
        default="https://api.telegram.org",
        doc="Where the Bot API is; a server of your own may have a private address.",
    ),
    "SLACK_API_URL": Variable(
        form=SERVICE_FORM, default="https://slack.com", doc="Where Slack's Web API is."
    ),
    "TWILIO_API_URL": Variable(
        form=SERVICE_FORM, default="https://api.twilio.com", doc="Where Twilio's API is."
    ),
    "ELECTION_BACKEND": Variable(
        form="kubernetes or postgres", default="postgres", doc="Where leadership is decided."
    ),
    "ELECTION_LEASE": Variable(form="the name of a Lease", doc="With ELECTION_BACKEND=kubernetes."),
    "ELECTION_LEASE_SECONDS": _whole("10", "Life of a leadership without renewal."),
    "ELECTION_RENEW_SECONDS": _whole("7", "Deadline of a renewal."),
    "ELECTION_RETRY_SECONDS": _whole("2", "Pause between tries."),
    "POD_NAME": Variable(form="a pod name", doc="With ELECTION_BACKEND=kubernetes."),
    "POD_NAMESPACE": Variable(form="a namespace", doc="With ELECTION_BACKEND=kubernetes."),
    "KUBERNETES_SERVICE_HOST": Variable(
        form="an address", doc="Set by Kubernetes; tells we run there."
    ),
    "KUBERNETES_SERVICE_PORT": Variable(
        form=PORT_FORM, default="443", doc="Set by Kubernetes; where its API answers."
    ),
    "LOG_LEVEL": Variable(form="debug, info, warning or error", default="info", doc="Verbosity."),
    # tunables
    "MESSAGE_SOFT_DEBOUNCE_MS": _whole("2000", "Window that joins message fragments.", FROM_ZERO),
    "MESSAGE_TYPING_DELAY_MS": _whole(
        "1500", "Delay of the typing indicator.", f"{FROM_ZERO}, at most MESSAGE_SOFT_DEBOUNCE_MS"
    ),
    "MESSAGE_MAX_RESTARTS": _whole("3", "Restarts of a turn by late fragments.", FROM_ZERO),
    "AGENT_CALL_TIMEOUT_MS": _whole("60000", "Longest call of one agent by another."),
    "SSE_MAX_CONNECTIONS": _whole("50", "Live streams per installation."),
    "SSE_MAX_CONNECTIONS_PER_USER": _whole("5", "Live streams per person."),
    "ANALYTICS_RETENTION_DAYS": _whole("90", "Days that call logs and traces are kept."),
    "KNOWLEDGE_MAX_DOCS_PER_INSTANCE": _whole("500", "Documents per agent."),
    "DEDUP_SIMILARITY_THRESHOLD": _whole("0.90", "Likeness of equal memories.", "a number, 0 to 1"),
    "DATETIME_TIMEZONE": Variable(
        form="a time zone such as Europe/Rome", default="UTC", doc="Zone of {{datetime}}."
    ),
    "DATETIME_LOCALE": Variable(
        form="a language tag such as en-US", default="en-US", doc="Language of {{datetime}}."
    ),
    # attachments
    "PLATFORM_S3_BUCKET": Variable(
        form="a bucket name", doc="Keeps images that come with messages."
    ),
    "PLATFORM_S3_REGION": Variable(form="a region", doc="Required with PLATFORM_S3_BUCKET."),
    "PLATFORM_S3_ENDPOINT": Variable(form="a URL", doc="Of storage that is not at AWS."),
    "PLATFORM_S3_ACCESS_KEY_ID": Variable(form="a key id", doc="Together with its secret."),
    "PLATFORM_S3_SECRET_ACCESS_KEY": _secret("a secret key", "Together with its id."),
}
