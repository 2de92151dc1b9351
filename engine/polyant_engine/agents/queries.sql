-- The statements of agents.

-- name: all_agents
SELECT id, slug, name, description, status, provider, model, auth_enabled,
    api_key_hash IS NOT NULL AS has_api_key, memory_enabled, knowledge_enabled,
    created_at, updated_at
FROM agents WHERE deleted_at IS NULL ORDER BY name, slug;

-- name: agent_by_slug
SELECT id, slug, name, description, status, provider, model, auth_enabled,
    api_key_hash IS NOT NULL AS has_api_key, memory_enabled, knowledge_enabled,
    created_at, updated_at
FROM agents WHERE slug = $1 AND deleted_at IS NULL;

-- name: agent_by_key
SELECT id, slug, name, description, status, provider, model, auth_enabled,
    true AS has_api_key, memory_enabled, knowledge_enabled, created_at, updated_at
FROM agents WHERE api_key_hash = $1;

-- name: create_agent
INSERT INTO agents (id, slug, name, description, provider, model)
VALUES ($1, $2, $3, $4, $5, $6)
RETURNING id, slug, name, description, status, provider, model, auth_enabled,
    false AS has_api_key, memory_enabled, knowledge_enabled, created_at, updated_at;

-- name: change_agent
-- A change is an object of columns: what it names is set, even to null, the rest stays.
UPDATE agents SET
    name = CASE WHEN $2::jsonb ? 'name' THEN $2 ->> 'name' ELSE name END,
    description = CASE WHEN $2 ? 'description' THEN $2 ->> 'description' ELSE description END,
    status = CASE WHEN $2 ? 'status' THEN $2 ->> 'status' ELSE status END,
    provider = CASE WHEN $2 ? 'provider' THEN $2 ->> 'provider' ELSE provider END,
    model = CASE WHEN $2 ? 'model' THEN $2 ->> 'model' ELSE model END,
    auth_enabled = coalesce(($2 ->> 'auth_enabled')::boolean, auth_enabled),
    memory_enabled = coalesce(($2 ->> 'memory_enabled')::boolean, memory_enabled),
    knowledge_enabled = coalesce(($2 ->> 'knowledge_enabled')::boolean, knowledge_enabled),
    updated_at = now()
WHERE slug = $1 AND deleted_at IS NULL
RETURNING id, slug, name, description, status, provider, model, auth_enabled,
    api_key_hash IS NOT NULL AS has_api_key, memory_enabled, knowledge_enabled,
    created_at, updated_at;

-- name: mark_agent_deleted
UPDATE agents SET deleted_at = now(), api_key_hash = NULL, status = 'inactive', updated_at = now()
WHERE slug = $1 AND deleted_at IS NULL
RETURNING id;

-- name: delete_all_secrets
DELETE FROM agent_secrets WHERE agent_id = $1;

-- name: set_key_hash
UPDATE agents SET api_key_hash = $2, updated_at = now()
WHERE slug = $1 AND deleted_at IS NULL
RETURNING id;

-- name: agent_id
-- Lock the agent, so that it cannot be deleted under a change of its parts.
SELECT id FROM agents WHERE slug = $1 AND deleted_at IS NULL FOR SHARE;

-- name: sections
SELECT section, content FROM agent_prompts WHERE agent_id = $1;

-- name: set_section
INSERT INTO agent_prompts (agent_id, section, content) VALUES ($1, $2, $3)
ON CONFLICT (agent_id, section) DO UPDATE SET content = excluded.content, updated_at = now();

-- name: secrets
SELECT id, key FROM agent_secrets WHERE agent_id = $1 ORDER BY key;

-- name: set_secret
-- The row is replaced as a whole: a box opens only under the id it was sealed for.
INSERT INTO agent_secrets (id, agent_id, key, key_id, box) VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (agent_id, key) DO UPDATE
    SET id = excluded.id, key_id = excluded.key_id, box = excluded.box, updated_at = now();

-- name: delete_secret
DELETE FROM agent_secrets WHERE agent_id = $1 AND key = $2 RETURNING id;
