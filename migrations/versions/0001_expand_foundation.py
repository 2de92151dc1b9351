"""What every installation stands on: identity, keys, schema compatibility, fence, people, audit.

Ids are UUIDs of version 7 made by the application; `uuid_v7()` is the default for rows that SQL makes.
Tables with one row hold it by a `singleton` key. Log tables have no foreign keys in or out.
"""

from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

STATEMENTS = (
    # A random UUID whose first 48 bits are the time; bits 52 and 53 turn version 4 into 7.
    """
    CREATE FUNCTION uuid_v7() RETURNS uuid LANGUAGE sql VOLATILE PARALLEL SAFE AS $$
      SELECT encode(set_bit(set_bit(
        overlay(uuid_send(gen_random_uuid())
          PLACING substring(int8send((extract(epoch FROM clock_timestamp()) * 1000)::bigint) FROM 3)
          FROM 1 FOR 6), 52, 1), 53, 1), 'hex')::uuid
    $$
    """,
    """
    CREATE TABLE installation (
        singleton boolean PRIMARY KEY DEFAULT true CHECK (singleton),
        id uuid NOT NULL,
        owner text CHECK (owner ~ '^[^/]+/[^/]+$'),
        created_at timestamptz NOT NULL DEFAULT now(),
        updated_at timestamptz NOT NULL DEFAULT now()
    )
    """,
    """
    CREATE TABLE schema_compat (
        singleton boolean PRIMARY KEY DEFAULT true CHECK (singleton),
        head text NOT NULL CHECK (head ~ '^[0-9]{4}$'),
        min_head text NOT NULL CHECK (min_head ~ '^[0-9]{4}$'),
        updated_at timestamptz NOT NULL DEFAULT now(),
        CHECK (min_head <= head)
    )
    """,
    """
    CREATE TABLE key_ring (
        key_id text PRIMARY KEY CHECK (key_id ~ '^[0-9a-f]{16}$'),
        is_active boolean NOT NULL,
        created_at timestamptz NOT NULL DEFAULT now(),
        last_seen_at timestamptz NOT NULL DEFAULT now()
    )
    """,
    "CREATE UNIQUE INDEX key_ring_one_active ON key_ring (is_active) WHERE is_active",
    """
    CREATE TABLE fence (
        singleton boolean PRIMARY KEY DEFAULT true CHECK (singleton),
        epoch bigint NOT NULL CHECK (epoch >= 0),
        term uuid NOT NULL,
        holder text,
        promoted_at timestamptz,
        heartbeat_at timestamptz
    )
    """,
    """
    CREATE TABLE users (
        id uuid PRIMARY KEY DEFAULT uuid_v7(),
        email text NOT NULL UNIQUE CHECK (email = lower(email) AND length(email) <= 254),
        name text NOT NULL CHECK (length(name) BETWEEN 1 AND 200),
        role text NOT NULL CHECK (role IN ('superadmin', 'admin', 'editor', 'viewer')),
        password_hash text NOT NULL,
        must_change_password boolean NOT NULL,
        created_at timestamptz NOT NULL DEFAULT now(),
        updated_at timestamptz NOT NULL DEFAULT now()
    )
    """,
    """
    CREATE TABLE sessions (
        id uuid PRIMARY KEY DEFAULT uuid_v7(),
        user_id uuid NOT NULL REFERENCES users ON DELETE CASCADE,
        token_hash bytea NOT NULL UNIQUE CHECK (length(token_hash) = 32),
        client_address text NOT NULL,
        created_at timestamptz NOT NULL DEFAULT now(),
        last_seen_at timestamptz NOT NULL DEFAULT now(),
        expires_at timestamptz NOT NULL,
        revoked_at timestamptz,
        CHECK (expires_at > created_at)
    )
    """,
    "CREATE INDEX sessions_user_id ON sessions (user_id)",
    """
    CREATE TABLE audit_log (
        id uuid PRIMARY KEY DEFAULT uuid_v7(),
        created_at timestamptz NOT NULL DEFAULT now(),
        actor_id uuid,
        action text NOT NULL CHECK (action ~ '^[a-z-]+\\.[a-z-]+$'),
        object_kind text NOT NULL,
        object_id text NOT NULL,
        details jsonb NOT NULL DEFAULT '{}' CHECK (jsonb_typeof(details) = 'object'),
        client_address text NOT NULL DEFAULT '',
        request_id text NOT NULL DEFAULT ''
    )
    """,
    "CREATE INDEX audit_log_created_at ON audit_log (created_at)",
    "CREATE INDEX audit_log_object ON audit_log (object_kind, object_id)",
    # Lost in a crash of the server on purpose: the counters are of minutes.
    """
    CREATE UNLOGGED TABLE login_limits (
        bucket bytea PRIMARY KEY,
        attempts integer NOT NULL CHECK (attempts > 0),
        window_started_at timestamptz NOT NULL
    )
    """,
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)


def downgrade() -> None:
    raise NotImplementedError("migrations only go forward")
