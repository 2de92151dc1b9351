"""Contacts of channels, and how far a sent message came.

A contact is who writes to a number of ours: when they were last heard (WhatsApp answers freely for a
day after that) and whether they opted out. No foreign keys: an opt-out outlives the channel, so that
one that is deleted and made again does not write to somebody who said STOP.
"""

from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None
min_head = "0001"  # only adds a table and columns

STATEMENTS = (
    """
    CREATE TABLE channel_contacts (
        kind text NOT NULL CHECK (kind IN ('telegram', 'slack', 'whatsapp', 'agent')),
        account text NOT NULL,
        chat text NOT NULL,
        heard_at timestamptz,
        last_message text,
        opted_out_at timestamptz,
        PRIMARY KEY (kind, account, chat)
    ) WITH (fillfactor = 70)
    """,
    # What the vendor tells later of a message it took; `delivery_of` is the message's id there.
    """
    ALTER TABLE outbox
        ADD COLUMN delivery text,
        ADD COLUMN delivery_of text,
        ADD CONSTRAINT outbox_delivery_check CHECK (delivery IN ('queued', 'sent', 'delivered',
            'read', 'undelivered', 'failed')) NOT VALID
    """,
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)


def downgrade() -> None:
    raise NotImplementedError("migrations only go forward")
