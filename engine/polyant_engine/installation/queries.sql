-- name: state
SELECT i.id, i.owner, k.key_id AS active_key_id, s.head, s.min_head
FROM installation AS i
CROSS JOIN schema_compat AS s
JOIN key_ring AS k ON k.is_active;

-- name: active_key_id
SELECT key_id FROM key_ring WHERE is_active;

-- name: identity
SELECT id, owner FROM installation;

-- name: compatibility
SELECT head, min_head FROM schema_compat;

-- name: found_installation
INSERT INTO installation (id, owner) VALUES ($1, $2)
ON CONFLICT (singleton) DO NOTHING;

-- name: set_owner
UPDATE installation SET owner = $1, updated_at = now();

-- name: found_key
-- The first key of an empty ring becomes the active one.
INSERT INTO key_ring (key_id, is_active)
SELECT $1, true WHERE NOT EXISTS (SELECT FROM key_ring WHERE is_active);

-- name: note_key
INSERT INTO key_ring (key_id, is_active) VALUES ($1, false)
ON CONFLICT (key_id) DO UPDATE SET last_seen_at = now();

-- name: found_fence
-- The row that fences leaders; $1 is a random term that no leader ever held.
INSERT INTO fence (epoch, term) VALUES (0, $1)
ON CONFLICT (singleton) DO NOTHING;
