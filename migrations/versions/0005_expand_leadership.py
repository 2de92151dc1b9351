"""Leadership: the lease row of the `postgres` store, the leader's heartbeat, and the promotion.

The fence row itself is of 0001. Nothing but `promote_fence` changes it: the heartbeat has a row of its
own, because an UPDATE of the fence would wait behind every guarded write.
"""

from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None
min_head = "0001"  # only adds tables and a function

STATEMENTS = (
    """
    CREATE TABLE election (
        singleton boolean PRIMARY KEY DEFAULT true CHECK (singleton),
        version bigint NOT NULL DEFAULT 0 CHECK (version >= 0),
        holder text NOT NULL DEFAULT '' CHECK (length(holder) <= 300),
        lease_seconds integer NOT NULL DEFAULT 1 CHECK (lease_seconds >= 1),
        epoch bigint NOT NULL DEFAULT 0 CHECK (epoch >= 0),
        transitions bigint NOT NULL DEFAULT 0 CHECK (transitions >= 0),
        acquired_at timestamptz,
        renewed_at timestamptz NOT NULL DEFAULT now()
    ) WITH (fillfactor = 50)
    """,
    "INSERT INTO election DEFAULT VALUES",
    """
    CREATE TABLE leader_heartbeat (
        singleton boolean PRIMARY KEY DEFAULT true CHECK (singleton),
        epoch bigint NOT NULL DEFAULT 0 CHECK (epoch >= 0),
        beaten_at timestamptz
    ) WITH (fillfactor = 50)
    """,
    # A test reads this mark: no statement but a guarded one may write such a table.
    "COMMENT ON TABLE leader_heartbeat IS 'leader-only'",
    "INSERT INTO leader_heartbeat DEFAULT VALUES",
    # One statement of the client, so that no client waits while it holds the fence. The table lock
    # makes later guarded writes queue up behind the promotion: a bare UPDATE would starve. The
    # statements of a volatile function see each its own snapshot, so the UPDATE reads what was
    # committed while the lock was waited for.
    """
    CREATE FUNCTION promote_fence(lease_epoch bigint, new_term uuid, new_holder text)
    RETURNS bigint LANGUAGE plpgsql VOLATILE SET lock_timeout = '4s' AS $$
    DECLARE
        won bigint;
    BEGIN
        LOCK TABLE fence IN EXCLUSIVE MODE;
        UPDATE fence SET epoch = greatest(epoch, lease_epoch) + 1, term = new_term,
            holder = new_holder, promoted_at = clock_timestamp()
        RETURNING epoch INTO STRICT won;
        RETURN won;
    END
    $$
    """,
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)


def downgrade() -> None:
    raise NotImplementedError("migrations only go forward")
