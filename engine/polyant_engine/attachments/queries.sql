-- name: add
INSERT INTO attachments (id, agent_id, turn_id, digest, media_type, size)
VALUES ($1, $2, $3, $4, $5, $6);

-- name: find
SELECT a.id, a.agent_id, a.turn_id, a.digest, a.media_type, a.size
FROM attachments AS a JOIN agents ON agents.id = a.agent_id AND agents.deleted_at IS NULL
WHERE a.id = $1;
