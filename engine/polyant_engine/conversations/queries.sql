-- The statements of conversations and turns. A plain turn runs `open_turn` and `close_turn`, no more.

-- name: open_turn
-- Check the caller against the agent, take the conversation, store the user's message, and return
-- all that the prompt needs. No row: no such agent for this caller. A row without conversation: a
-- turn is running there. The conversation's row lock orders turns; ON CONFLICT judges its newest
-- version, so two engines cannot both find it free.
WITH agent AS (
    SELECT id, slug, provider, model,
        CASE WHEN $3::uuid IS NOT NULL THEN 'user' WHEN api_key_hash = $2 THEN 'key' ELSE 'open' END
            AS admission,
        -- People, programs and strangers cannot continue each other's conversations.
        CASE
            WHEN $3::uuid IS NOT NULL THEN 'user-' || $3::uuid || '-'
            WHEN api_key_hash = $2 THEN 'api-'
            ELSE 'open-'
        END || $5::text AS external_id
    FROM agents
    WHERE slug = $1 AND deleted_at IS NULL AND status = 'active'
        AND (NOT auth_enabled OR api_key_hash = $2 OR $3::uuid IS NOT NULL)
), conversation AS (
    INSERT INTO conversations AS c (id, agent_id, channel, external_id, last_seq, running_turn)
    SELECT $4, id, 'web', external_id, cardinality($9::text[]) + 1, $6 FROM agent
    ON CONFLICT (agent_id, channel, external_id) DO UPDATE
        SET last_seq = c.last_seq + 1, running_turn = excluded.running_turn, updated_at = now()
        WHERE c.running_turn IS NULL
    RETURNING id, last_seq, id = $4 AS is_new
), turn AS (
    INSERT INTO turns (id, conversation_id, state, first_seq, last_seq, runner, lease_until,
        provider, model)
    SELECT $6, conversation.id, 'running', last_seq, last_seq, $8,
        now() + make_interval(secs => $12::float8), agent.provider, agent.model
    FROM conversation, agent
), imported AS (
    INSERT INTO messages (id, conversation_id, seq, role, content)
    SELECT earlier.id, conversation.id, earlier.seq, earlier.role, earlier.content
    FROM conversation,
        unnest($11::uuid[], $9::text[], $10::text[]) WITH ORDINALITY
            AS earlier (id, role, content, seq)
    WHERE conversation.is_new
), message AS (
    INSERT INTO messages (id, conversation_id, seq, turn_id, role, content)
    SELECT $7, id, last_seq, $6, 'user', $13 FROM conversation
)
SELECT agent.id AS agent_id, agent.slug, agent.provider, agent.model, agent.admission,
    conversation.id AS conversation_id, conversation.last_seq, conversation.is_new,
    (SELECT jsonb_object_agg(section, content) FROM agent_prompts
        WHERE agent_id = agent.id) AS sections,
    secret.id AS secret_id, secret.box, secret.key_id,
    history.items, history.newest
FROM agent
LEFT JOIN conversation ON true
LEFT JOIN agent_secrets AS secret
    ON secret.agent_id = agent.id AND secret.key = agent.provider || '_api_key'
LEFT JOIN LATERAL (
    SELECT max(seq) AS newest, jsonb_agg(jsonb_build_array(role, content) ORDER BY seq)
        FILTER (WHERE characters <= $15) AS items
    FROM (
        SELECT role, content, seq, sum(length(content)) OVER (ORDER BY seq DESC) AS characters
        FROM (
            SELECT role, content, seq FROM messages
            WHERE conversation_id = conversation.id ORDER BY seq DESC LIMIT $14
        ) AS latest
    ) AS counted
) AS history ON true;

-- name: is_key_known
-- Tell a caller with a key of another agent (404) from one with no valid key at all (401).
SELECT EXISTS (SELECT FROM agents WHERE api_key_hash = $1);

-- name: history
-- The messages before one, newest last: read apart only when `open_turn` had to wait for the lock
-- and so did not see what the turn before it committed.
SELECT role, content FROM (
    SELECT role, content, seq, sum(length(content)) OVER (ORDER BY seq DESC) AS characters
    FROM (
        SELECT role, content, seq FROM messages
        WHERE conversation_id = $1 AND seq < $2 ORDER BY seq DESC LIMIT $3
    ) AS latest
) AS counted
WHERE characters <= $4 ORDER BY seq;

-- name: close_turn
-- End a turn with everything it made, if it is still ours.
WITH turn AS (
    UPDATE turns SET state = $3, finished_at = now(), error = $4, provider = coalesce($5, provider),
        model = coalesce($6, model), input_tokens = $7, output_tokens = $8, cached_tokens = $9,
        usage_estimated = $10, cost_usd = $11
    WHERE id = $1 AND state = 'running' AND attempt = $2
    RETURNING id, conversation_id
), conversation AS (
    UPDATE conversations AS c
    SET last_seq = c.last_seq + $12::int, running_turn = NULL, updated_at = now()
    FROM turn WHERE c.id = turn.conversation_id
    RETURNING c.id, c.last_seq
), reply AS (
    INSERT INTO messages (id, conversation_id, seq, turn_id, role, content, is_partial)
    SELECT $13, id, last_seq, $1, 'assistant', $14, $15 FROM conversation WHERE $12::int = 1
)
SELECT 1 FROM turn;

-- name: has_ended
SELECT EXISTS (SELECT FROM turns WHERE id = $1 AND attempt = $2 AND state = $3);

-- name: renew_leases
UPDATE turns SET lease_until = now() + make_interval(secs => $2::float8)
WHERE id = ANY($1::uuid[]) AND state = 'running'
RETURNING id;

-- name: abandon_expired
-- Free the conversations of engines that vanished.
WITH lost AS (
    UPDATE turns SET state = 'abandoned', finished_at = now(), error = 'lease_expired'
    WHERE state = 'running' AND lease_until < now()
    RETURNING id, conversation_id
), freed AS (
    UPDATE conversations AS c SET running_turn = NULL
    FROM lost WHERE c.id = lost.conversation_id AND c.running_turn = lost.id
)
SELECT count(*) FROM lost;

-- name: ensure_log_partitions
SELECT ensure_log_partitions('ai_logs', $1::int);
