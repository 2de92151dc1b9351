"""Accounts of people at identity providers, by the provider's own unchanging id of the account.

An e-mail address may be given to somebody else later; the subject never is. So the first sign-in
finds the person by address, and every later one by subject.
"""

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None
min_head = "0001"  # only adds a table

STATEMENTS = (
    """
    CREATE TABLE identities (
        provider text NOT NULL CHECK (provider IN ('google')),
        subject text NOT NULL CHECK (length(subject) BETWEEN 1 AND 255),
        user_id uuid NOT NULL REFERENCES users ON DELETE CASCADE,
        created_at timestamptz NOT NULL DEFAULT now(),
        PRIMARY KEY (provider, subject),
        UNIQUE (user_id, provider)
    )
    """,
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)


def downgrade() -> None:
    raise NotImplementedError("migrations only go forward")
