"""Files that came with turns; their contents are in object storage, by agent and digest."""

from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None
min_head = "0001"  # only adds a table

STATEMENTS = (
    """
    CREATE TABLE attachments (
        id uuid PRIMARY KEY DEFAULT uuid_v7(),
        agent_id uuid NOT NULL REFERENCES agents ON DELETE CASCADE,
        turn_id uuid NOT NULL REFERENCES turns ON DELETE CASCADE,
        digest bytea NOT NULL CHECK (octet_length(digest) = 32),
        media_type text NOT NULL CHECK (length(media_type) BETWEEN 3 AND 100),
        size integer NOT NULL CHECK (size >= 0),
        created_at timestamptz NOT NULL DEFAULT now(),
        UNIQUE (turn_id, digest)
    )
    """,
    "CREATE INDEX attachments_agent_idx ON attachments (agent_id)",
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)


def downgrade() -> None:
    raise NotImplementedError("migrations only go forward")
