"""Agents, conversations, turns, the log of model calls, and rate counters.

Every state has its CHECK, entities are joined by foreign keys, the log by nothing: it is cut into
daily partitions that are dropped whole. Messages are ordered by a number per conversation, which
the conversation's row lock hands out.
"""

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None
min_head = "0001"  # only adds tables

STATEMENTS = (
    """
    CREATE TABLE agents (
        id uuid PRIMARY KEY DEFAULT uuid_v7(),
        slug text NOT NULL
            CHECK (slug ~ '^[a-z0-9]([a-z0-9_-]*[a-z0-9])?$' AND length(slug) <= 100),
        name text NOT NULL CHECK (length(name) BETWEEN 1 AND 255),
        description text CHECK (length(description) <= 2000),
        status text NOT NULL DEFAULT 'active' CHECK (status IN ('active', 'inactive')),
        provider text CHECK (length(provider) BETWEEN 1 AND 63),
        model text CHECK (length(model) BETWEEN 1 AND 200),
        memory_enabled boolean NOT NULL DEFAULT false,
        knowledge_enabled boolean NOT NULL DEFAULT false,
        auth_enabled boolean NOT NULL DEFAULT true,
        api_key_hash bytea CHECK (octet_length(api_key_hash) = 32),
        created_at timestamptz NOT NULL DEFAULT now(),
        updated_at timestamptz NOT NULL DEFAULT now(),
        deleted_at timestamptz,
        CONSTRAINT agents_deleted_have_no_key CHECK (deleted_at IS NULL OR api_key_hash IS NULL)
    )
    """,
    # A deleted agent waits for its purge, and its slug is free again at once.
    "CREATE UNIQUE INDEX agents_slug_key ON agents (slug) WHERE deleted_at IS NULL",
    "CREATE UNIQUE INDEX agents_api_key_hash_key ON agents (api_key_hash)",
    """
    CREATE TABLE agent_prompts (
        agent_id uuid NOT NULL REFERENCES agents ON DELETE CASCADE,
        section text NOT NULL CHECK (section IN ('01-identity', '02-soul', '03-tooling',
            '04-safety', '05-skills', '06-memory', '07-user-identity', '08-datetime')),
        content text NOT NULL CHECK (length(content) <= 32768),
        updated_at timestamptz NOT NULL DEFAULT now(),
        PRIMARY KEY (agent_id, section)
    )
    """,
    """
    CREATE TABLE agent_secrets (
        id uuid PRIMARY KEY DEFAULT uuid_v7(),
        agent_id uuid NOT NULL REFERENCES agents ON DELETE CASCADE,
        key text NOT NULL CHECK (key ~ '^[a-z0-9_]+$' AND length(key) <= 64),
        box bytea NOT NULL,
        key_id text NOT NULL CHECK (key_id ~ '^[0-9a-f]{16}$'),
        created_at timestamptz NOT NULL DEFAULT now(),
        updated_at timestamptz NOT NULL DEFAULT now(),
        UNIQUE (agent_id, key)
    )
    """,
    "CREATE INDEX agent_secrets_key_id_idx ON agent_secrets (key_id)",
    """
    CREATE TABLE conversations (
        id uuid PRIMARY KEY DEFAULT uuid_v7(),
        agent_id uuid NOT NULL REFERENCES agents ON DELETE CASCADE,
        channel text NOT NULL CHECK (channel IN
            ('telegram', 'slack', 'whatsapp', 'agent', 'web', 'scheduled', 'room')),
        external_id text NOT NULL CHECK (length(external_id) BETWEEN 1 AND 300),
        title text CHECK (length(title) <= 300),
        summary text,
        last_seq bigint NOT NULL DEFAULT 0 CHECK (last_seq >= 0),
        -- The turn that runs now; no foreign key, because the turn already points here.
        running_turn uuid,
        created_at timestamptz NOT NULL DEFAULT now(),
        updated_at timestamptz NOT NULL DEFAULT now(),
        UNIQUE (agent_id, channel, external_id)
    ) WITH (fillfactor = 80)
    """,
    """
    CREATE TABLE turns (
        id uuid PRIMARY KEY DEFAULT uuid_v7(),
        conversation_id uuid NOT NULL REFERENCES conversations ON DELETE CASCADE,
        state text NOT NULL CHECK (state IN
            ('queued', 'running', 'done', 'failed', 'cancelled', 'abandoned')),
        attempt integer NOT NULL DEFAULT 1 CHECK (attempt >= 1),
        restarts integer NOT NULL DEFAULT 0 CHECK (restarts >= 0),
        first_seq bigint NOT NULL,
        last_seq bigint NOT NULL,
        runner text,
        lease_until timestamptz,
        error text CHECK (length(error) <= 100),
        provider text,
        model text,
        input_tokens integer CHECK (input_tokens >= 0),
        output_tokens integer CHECK (output_tokens >= 0),
        cached_tokens integer CHECK (cached_tokens >= 0),
        usage_estimated boolean NOT NULL DEFAULT false,
        cost_usd numeric(14, 8) CHECK (cost_usd >= 0),
        created_at timestamptz NOT NULL DEFAULT now(),
        finished_at timestamptz,
        CHECK (first_seq <= last_seq),
        CONSTRAINT turns_running_have_a_lease
            CHECK (state <> 'running' OR (runner IS NOT NULL AND lease_until IS NOT NULL)),
        CONSTRAINT turns_finished_have_a_time
            CHECK ((state IN ('queued', 'running')) = (finished_at IS NULL))
    ) WITH (fillfactor = 80)
    """,
    # The promise "one running turn per conversation", and the small list that reapers read.
    "CREATE UNIQUE INDEX turns_one_running ON turns (conversation_id) WHERE state = 'running'",
    "CREATE INDEX turns_conversation_idx ON turns (conversation_id, first_seq)",
    """
    CREATE TABLE messages (
        id uuid PRIMARY KEY DEFAULT uuid_v7(),
        conversation_id uuid NOT NULL REFERENCES conversations ON DELETE CASCADE,
        seq bigint NOT NULL CHECK (seq >= 1),
        turn_id uuid REFERENCES turns ON DELETE SET NULL,
        role text NOT NULL CHECK (role IN ('system', 'user', 'assistant')),
        content text NOT NULL,
        is_partial boolean NOT NULL DEFAULT false,
        steps jsonb NOT NULL DEFAULT '[]',
        created_at timestamptz NOT NULL DEFAULT now(),
        UNIQUE (conversation_id, seq)
    )
    """,
    # For the cascade of a purge; messages of imported history have no turn.
    "CREATE INDEX messages_turn_idx ON messages (turn_id) WHERE turn_id IS NOT NULL",
    """
    CREATE TABLE ai_logs (
        id uuid NOT NULL,
        created_at timestamptz NOT NULL,
        agent_id uuid NOT NULL,
        conversation_id uuid,
        turn_id uuid,
        call_type text NOT NULL CHECK (call_type IN ('conversation', 'service')),
        outcome text NOT NULL CHECK (outcome IN ('ok', 'failed', 'cancelled')),
        error text,
        provider text NOT NULL,
        model text NOT NULL,
        is_streaming boolean NOT NULL,
        input_tokens integer,
        output_tokens integer,
        cached_tokens integer,
        usage_estimated boolean NOT NULL,
        cost_usd numeric(14, 8),
        first_token_ms integer,
        duration_ms integer NOT NULL
    ) PARTITION BY RANGE (created_at)
    """,
    "CREATE INDEX ai_logs_agent_idx ON ai_logs (agent_id, created_at)",
    # Called here and by every engine at start and once a day. Quiet when nothing is missing; the
    # lock keeps two replicas from making one partition twice.
    """
    CREATE FUNCTION ensure_log_partitions(parent text, days integer) RETURNS integer
    LANGUAGE plpgsql AS $$
    DECLARE
        today date := (now() AT TIME ZONE 'UTC')::date;
        day date;
        made integer := 0;
    BEGIN
        IF to_regclass(format('%I', parent || to_char(today + days, '_YYYYMMDD'))) IS NOT NULL
           AND to_regclass(format('%I', parent || to_char(today, '_YYYYMMDD'))) IS NOT NULL THEN
            RETURN 0;
        END IF;
        PERFORM pg_advisory_xact_lock(hashtextextended('polyant-log-partitions', 0));
        -- Yesterday too: rows of the last seconds before midnight arrive after it.
        FOR day IN SELECT today + n FROM generate_series(-1, days) AS n LOOP
            IF to_regclass(format('%I', parent || to_char(day, '_YYYYMMDD'))) IS NULL THEN
                EXECUTE format('CREATE TABLE %I PARTITION OF %I FOR VALUES FROM (%L) TO (%L)',
                    parent || to_char(day, '_YYYYMMDD'), parent,
                    day::text || ' 00:00:00+00', (day + 1)::text || ' 00:00:00+00');
                made := made + 1;
            END IF;
        END LOOP;
        RETURN made;
    END
    $$
    """,
    "SELECT ensure_log_partitions('ai_logs', 14)",
    # Counts may be lost in a crash: a limit is not a debt.
    """
    CREATE UNLOGGED TABLE rate_counters (
        bucket text NOT NULL,
        window_start timestamptz NOT NULL,
        used integer NOT NULL CHECK (used >= 0),
        PRIMARY KEY (bucket, window_start)
    )
    """,
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)


def downgrade() -> None:
    raise NotImplementedError("migrations only go forward")
