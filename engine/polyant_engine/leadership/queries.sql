-- name: guard
-- Around every leader-only statement. No row: refused. `is_row` is null: held, nothing to do.
WITH guard AS MATERIALIZED (
  SELECT true AS holds FROM fence WHERE epoch = $1 AND term = $2 FOR SHARE
), work AS (
  {body}
)
SELECT done.* FROM guard LEFT JOIN (SELECT true AS is_row, work.* FROM work) AS done ON true;

-- name: promote
SELECT promote_fence($1, $2, $3);

-- name: show_leader
-- What `polyant-engine leader` prints; ages are of the database's clock.
SELECT f.epoch, f.term, f.holder, f.promoted_at,
  extract(epoch FROM clock_timestamp() - f.promoted_at)::float8 AS leading_seconds,
  extract(epoch FROM clock_timestamp() - h.beaten_at)::float8 AS heartbeat_seconds,
  h.epoch AS heartbeat_epoch
FROM fence AS f CROSS JOIN leader_heartbeat AS h;

-- name: read_election
SELECT holder, version, lease_seconds, epoch, transitions,
  extract(epoch FROM clock_timestamp() - renewed_at)::float8 AS age
FROM election;

-- name: write_election
-- $1 is the version that was read; nothing comes back when somebody was faster.
UPDATE election SET holder = $2, lease_seconds = $3, epoch = $4,
  acquired_at = CASE WHEN transitions = $5 THEN acquired_at ELSE clock_timestamp() END,
  transitions = $5, version = version + 1, renewed_at = clock_timestamp()
WHERE version = $1
RETURNING holder, version, lease_seconds, epoch, transitions, 0::float8 AS age;
