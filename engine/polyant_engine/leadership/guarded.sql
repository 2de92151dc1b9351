-- name: beat
-- The leader's proof that its term still writes.
UPDATE leader_heartbeat SET epoch = $1, beaten_at = clock_timestamp()
FROM guard
RETURNING beaten_at;
