"""Channels: their configuration, what came in, what goes out, and turns that wait to be run.

Older engines go on beside it: every new column may be absent, and no state they know changed. A CHECK
of `turns` is widened without looking at the rows there are, which satisfied a narrower one.
Nothing here is partitioned: `inbox` and `outbox` are emptied in batches (30 and 7 days).
"""

from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None
min_head = "0001"  # only adds tables, columns and one state

KINDS = "('telegram', 'slack', 'whatsapp', 'agent')"

STATEMENTS = (
    f"""
    CREATE TABLE channels (
        id uuid PRIMARY KEY DEFAULT uuid_v7(),
        agent_id uuid NOT NULL REFERENCES agents ON DELETE CASCADE,
        kind text NOT NULL CHECK (kind IN {KINDS}),
        account text NOT NULL CHECK (length(account) BETWEEN 1 AND 200),
        enabled boolean NOT NULL DEFAULT true,
        settings jsonb NOT NULL DEFAULT '{{}}' CHECK (jsonb_typeof(settings) = 'object'),
        box bytea,
        key_id text CHECK (key_id ~ '^[0-9a-f]{{16}}$'),
        version bigint NOT NULL DEFAULT 1 CHECK (version >= 1),
        created_at timestamptz NOT NULL DEFAULT now(),
        updated_at timestamptz NOT NULL DEFAULT now(),
        UNIQUE (agent_id, kind),
        CHECK ((box IS NULL) = (key_id IS NULL))
    )
    """,
    # Two pollers of one bot would take each other's messages.
    "CREATE UNIQUE INDEX channels_account_key ON channels (kind, account) WHERE enabled",
    "CREATE INDEX channels_key_id_idx ON channels (key_id)",
    # The leader tells everybody how its adapters are.
    """
    CREATE TABLE channel_states (
        channel_id uuid PRIMARY KEY REFERENCES channels ON DELETE CASCADE,
        state text NOT NULL CHECK (state IN ('starting', 'running', 'degraded', 'failed')),
        reason text NOT NULL DEFAULT '' CHECK (length(reason) <= 1000),
        next_try timestamptz,
        epoch bigint NOT NULL,
        updated_at timestamptz NOT NULL DEFAULT now()
    ) WITH (fillfactor = 50)
    """,
    "COMMENT ON TABLE channel_states IS 'leader-only'",
    """
    CREATE TABLE channel_pauses (
        channel_id uuid PRIMARY KEY REFERENCES channels ON DELETE CASCADE,
        paused_until timestamptz NOT NULL,
        reason text NOT NULL CHECK (length(reason) <= 1000)
    ) WITH (fillfactor = 50)
    """,
    "COMMENT ON TABLE channel_pauses IS 'leader-only'",
    """
    CREATE TABLE channel_offsets (
        channel_id uuid NOT NULL REFERENCES channels ON DELETE CASCADE,
        account text NOT NULL,
        next_offset bigint NOT NULL,
        moved_at timestamptz NOT NULL DEFAULT now(),
        PRIMARY KEY (channel_id, account)
    ) WITH (fillfactor = 50)
    """,
    # What was delivered once is known for 30 days. No foreign keys: a log, kept when things go.
    f"""
    CREATE TABLE inbox (
        id uuid PRIMARY KEY,
        channel_id uuid NOT NULL,
        kind text NOT NULL CHECK (kind IN {KINDS}),
        account text NOT NULL,
        dedupe_key text NOT NULL CHECK (length(dedupe_key) BETWEEN 1 AND 300),
        state text NOT NULL CHECK (state IN ('accepted', 'ignored')),
        reason text NOT NULL DEFAULT '' CHECK (length(reason) <= 1000),
        message_id uuid,
        external_id text,
        sender_id text NOT NULL DEFAULT '',
        sender_name text NOT NULL DEFAULT '',
        attachments jsonb NOT NULL DEFAULT '[]' CHECK (jsonb_typeof(attachments) = 'array'),
        occurred_at timestamptz,
        received_at timestamptz NOT NULL DEFAULT now(),
        UNIQUE (kind, account, dedupe_key),
        CHECK ((state = 'accepted') = (message_id IS NOT NULL))
    )
    """,
    "CREATE INDEX inbox_received_at_idx ON inbox (received_at)",
    "CREATE INDEX inbox_message_idx ON inbox (message_id) WHERE attachments <> '[]'",
    """
    ALTER TABLE conversations
        ADD COLUMN channel_id uuid,
        ADD COLUMN chat text,
        ADD COLUMN thread text
    """,
    # A turn that is collecting is a burst: the messages of it are stored, its time is not yet come.
    """
    ALTER TABLE turns
        ADD COLUMN channel_id uuid,
        ADD COLUMN reply_to text,
        ADD COLUMN collecting_since timestamptz,
        ADD COLUMN due_at timestamptz,
        ADD COLUMN losses integer NOT NULL DEFAULT 0 CHECK (losses >= 0),
        ADD COLUMN has_effects boolean NOT NULL DEFAULT false,
        DROP CONSTRAINT turns_state_check,
        DROP CONSTRAINT turns_finished_have_a_time,
        ADD CONSTRAINT turns_state_check CHECK (state IN ('collecting', 'queued', 'running',
            'done', 'failed', 'cancelled', 'abandoned')) NOT VALID,
        ADD CONSTRAINT turns_finished_have_a_time CHECK
            ((state IN ('collecting', 'queued', 'running')) = (finished_at IS NULL)) NOT VALID,
        ADD CONSTRAINT turns_waiting_are_of_channels CHECK (state NOT IN ('collecting', 'queued')
            OR (channel_id IS NOT NULL AND collecting_since IS NOT NULL AND due_at IS NOT NULL))
            NOT VALID
    """,
    "CREATE UNIQUE INDEX turns_one_collecting ON turns (conversation_id) WHERE state = 'collecting'",
    "CREATE INDEX turns_due_idx ON turns (due_at) WHERE state = 'collecting'",
    "CREATE INDEX turns_queued_idx ON turns (due_at) WHERE state = 'queued'",
    """
    CREATE TABLE tool_effects (
        turn_id uuid NOT NULL REFERENCES turns ON DELETE CASCADE,
        key text NOT NULL CHECK (length(key) BETWEEN 1 AND 200),
        attempt integer NOT NULL CHECK (attempt >= 1),
        tool text NOT NULL CHECK (length(tool) BETWEEN 1 AND 100),
        state text NOT NULL CHECK (state IN ('started', 'done', 'failed')),
        result jsonb,
        started_at timestamptz NOT NULL DEFAULT now(),
        finished_at timestamptz,
        PRIMARY KEY (turn_id, key),
        CHECK ((state = 'started') = (finished_at IS NULL))
    )
    """,
    f"""
    CREATE TABLE outbox (
        id uuid PRIMARY KEY,
        seq bigint GENERATED ALWAYS AS IDENTITY,
        key text NOT NULL UNIQUE CHECK (length(key) BETWEEN 1 AND 200),
        channel_id uuid NOT NULL REFERENCES channels ON DELETE CASCADE,
        kind text NOT NULL CHECK (kind IN {KINDS}),
        conversation_id uuid NOT NULL REFERENCES conversations ON DELETE CASCADE,
        turn_id uuid,
        chat text NOT NULL,
        thread text NOT NULL DEFAULT '',
        content jsonb NOT NULL CHECK (jsonb_typeof(content) = 'object'),
        reply_to text,
        state text NOT NULL DEFAULT 'queued'
            CHECK (state IN ('queued', 'sending', 'sent', 'unknown', 'dead')),
        attempt integer NOT NULL DEFAULT 0 CHECK (attempt >= 0),
        failures integer NOT NULL DEFAULT 0 CHECK (failures >= 0),
        not_before timestamptz NOT NULL DEFAULT now(),
        claimed_epoch bigint,
        claimed_term uuid,
        claimed_at timestamptz,
        external_id text CHECK (length(external_id) <= 300),
        reason text NOT NULL DEFAULT '' CHECK (length(reason) <= 1000),
        created_at timestamptz NOT NULL DEFAULT now(),
        finished_at timestamptz,
        CONSTRAINT outbox_sending_is_claimed CHECK (state <> 'sending'
            OR (claimed_epoch IS NOT NULL AND claimed_term IS NOT NULL AND claimed_at IS NOT NULL)),
        CONSTRAINT outbox_finished_have_a_time
            CHECK ((state IN ('queued', 'sending')) = (finished_at IS NULL))
    ) WITH (fillfactor = 70)
    """,
    # The promise "one part of a conversation in flight", the queue itself, and what people look at.
    "CREATE UNIQUE INDEX outbox_one_sending ON outbox (conversation_id) WHERE state = 'sending'",
    "CREATE INDEX outbox_open_idx ON outbox (conversation_id, seq) WHERE state IN ('queued', 'sending')",
    "CREATE INDEX outbox_due_idx ON outbox (not_before) WHERE state = 'queued'",
    "CREATE INDEX outbox_trouble_idx ON outbox (finished_at) WHERE state IN ('unknown', 'dead')",
    "CREATE INDEX outbox_sent_idx ON outbox (finished_at) WHERE state = 'sent'",
    "CREATE INDEX outbox_channel_idx ON outbox (channel_id)",
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)


def downgrade() -> None:
    raise NotImplementedError("migrations only go forward")
