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
UPDATE turns SET lease_until = now() + make_interval(secs => $3::float8)
FROM unnest($1::uuid[], $2::integer[]) AS ours (id, attempt)
WHERE turns.id = ours.id AND turns.attempt = ours.attempt AND turns.state = 'running'
RETURNING turns.id;

-- name: abandon_expired
-- Free the conversations of engines that vanished. The turn of a channel runs again, unless a tool
-- wrote or it was lost too often ($1): then an apology ($2) is sent. It keeps its conversation.
WITH lost AS (
    SELECT t.id, t.conversation_id,
        t.channel_id IS NOT NULL AND NOT t.has_effects AND t.losses < $1::integer AS is_again
    FROM turns AS t JOIN conversations AS c ON c.id = t.conversation_id
    WHERE t.state = 'running' AND t.lease_until < now()
    FOR UPDATE OF t, c SKIP LOCKED
), again AS (
    UPDATE turns SET state = 'queued', attempt = attempt + 1, losses = losses + 1, runner = NULL,
        lease_until = NULL
    FROM lost WHERE turns.id = lost.id AND lost.is_again
), ended AS (
    UPDATE turns SET state = 'abandoned', finished_at = now(), error = 'lease_expired'
    FROM lost WHERE turns.id = lost.id AND NOT lost.is_again
    RETURNING turns.id, turns.conversation_id, turns.channel_id, turns.reply_to
), freed AS (
    UPDATE conversations AS c SET running_turn = NULL
    FROM ended WHERE c.id = ended.conversation_id AND c.running_turn = ended.id
), apology AS (
    INSERT INTO outbox (id, key, channel_id, kind, conversation_id, turn_id, chat, thread, content,
        reply_to)
    SELECT uuid_v7(), ended.id || ':abandoned', ch.id, ch.kind, c.id, ended.id, c.chat, c.thread,
        $2::jsonb, ended.reply_to
    FROM ended JOIN conversations AS c ON c.id = ended.conversation_id
    JOIN channels AS ch ON ch.id = ended.channel_id
)
SELECT count(*) FROM lost;

-- name: claim_turns
-- Take turns that wait, oldest first, one of each conversation: the one that already held it, or the
-- first. Nobody waits here: what another replica looks at is skipped.
WITH candidate AS (
    SELECT t.id, c.id AS conversation_id
    FROM turns AS t JOIN conversations AS c ON c.id = t.conversation_id
    WHERE t.state = 'queued' AND (c.running_turn IS NULL OR c.running_turn = t.id)
        AND NOT EXISTS (SELECT FROM turns AS earlier
            WHERE earlier.conversation_id = t.conversation_id
                AND earlier.state IN ('collecting', 'queued') AND earlier.first_seq < t.first_seq)
    ORDER BY t.due_at LIMIT $3
    FOR UPDATE OF t, c SKIP LOCKED
), turn AS (
    UPDATE turns SET state = 'running', runner = $1,
        lease_until = now() + make_interval(secs => $2::float8)
    FROM candidate WHERE turns.id = candidate.id
    RETURNING turns.id, turns.attempt, turns.conversation_id, turns.channel_id, turns.last_seq
), held AS (
    UPDATE conversations AS c SET running_turn = candidate.id
    FROM candidate WHERE c.id = candidate.conversation_id
)
SELECT turn.id, turn.attempt, turn.conversation_id, turn.channel_id, c.channel, c.chat,
    agent.id AS agent_id, agent.slug, agent.provider, agent.model,
    agent.deleted_at IS NULL AND agent.status = 'active' AS is_active,
    (SELECT jsonb_object_agg(section, content) FROM agent_prompts
        WHERE agent_id = agent.id) AS sections,
    secret.id AS secret_id, secret.box, secret.key_id,
    asked.texts, asked.attachments, history.items
FROM turn
JOIN conversations AS c ON c.id = turn.conversation_id
JOIN agents AS agent ON agent.id = c.agent_id
LEFT JOIN agent_secrets AS secret
    ON secret.agent_id = agent.id AND secret.key = agent.provider || '_api_key'
LEFT JOIN LATERAL (
    SELECT array_agg(m.content ORDER BY m.seq) AS texts,
        jsonb_agg(i.attachments ORDER BY m.seq) FILTER (WHERE i.attachments <> '[]') AS attachments
    FROM messages AS m LEFT JOIN inbox AS i ON i.message_id = m.id AND i.attachments <> '[]'
    WHERE m.turn_id = turn.id AND m.role = 'user'
) AS asked ON true
LEFT JOIN LATERAL (
    SELECT jsonb_agg(jsonb_build_array(role, content) ORDER BY seq)
        FILTER (WHERE characters <= $5) AS items
    FROM (
        SELECT role, content, seq, sum(length(content)) OVER (ORDER BY seq DESC) AS characters
        FROM (
            -- What came later for the next turn is not said yet; replies that came later are.
            SELECT role, content, seq FROM messages
            WHERE conversation_id = turn.conversation_id AND turn_id IS DISTINCT FROM turn.id
                AND (seq < turn.last_seq OR role = 'assistant')
            ORDER BY seq DESC LIMIT $4
        ) AS latest
    ) AS counted
) AS history ON true;

-- name: close_queued_turn
-- `close_turn` for a channel: the parts of the reply ($17, contents) are in the outbox with it. The
-- conversation is locked first, as everybody does who takes in messages.
WITH held AS MATERIALIZED (
    SELECT c.id, c.chat, c.thread FROM conversations AS c WHERE c.id = $16 FOR UPDATE
), turn AS (
    UPDATE turns SET state = $3, finished_at = now(), error = $4, provider = coalesce($5, provider),
        model = coalesce($6, model), input_tokens = $7, output_tokens = $8, cached_tokens = $9,
        usage_estimated = $10, cost_usd = $11
    FROM held
    WHERE turns.id = $1 AND turns.conversation_id = held.id AND turns.state = 'running'
        AND turns.attempt = $2
    RETURNING turns.id, turns.conversation_id, turns.channel_id, turns.reply_to
), conversation AS (
    UPDATE conversations AS c
    SET last_seq = c.last_seq + $12::int, running_turn = NULL, updated_at = now()
    FROM turn WHERE c.id = turn.conversation_id
    RETURNING c.id, c.last_seq
), reply AS (
    INSERT INTO messages (id, conversation_id, seq, turn_id, role, content, is_partial)
    SELECT $13, id, last_seq, $1, 'assistant', $14, $15 FROM conversation WHERE $12::int = 1
), parts AS (
    INSERT INTO outbox (id, key, channel_id, kind, conversation_id, turn_id, chat, thread, content,
        reply_to)
    SELECT uuid_v7(), turn.id || ':' || part.n, ch.id, ch.kind, held.id, turn.id, held.chat,
        held.thread, part.content, CASE WHEN part.n = 1 THEN turn.reply_to END
    FROM turn JOIN held ON true JOIN channels AS ch ON ch.id = turn.channel_id,
        jsonb_array_elements($17) WITH ORDINALITY AS part (content, n)
    ORDER BY part.n
)
SELECT 1 FROM turn;

-- name: release_turn
-- Give a turn back unfinished, without blame: the next replica runs it. Not after a tool wrote.
UPDATE turns SET state = 'queued', attempt = attempt + 1, runner = NULL, lease_until = NULL
WHERE id = $1 AND attempt = $2 AND state = 'running' AND channel_id IS NOT NULL AND NOT has_effects
RETURNING id;

-- name: begin_effect
-- Committed before a tool writes. From here on the turn is never run again.
WITH turn AS (
    UPDATE turns SET has_effects = true WHERE id = $1 AND attempt = $2 AND state = 'running'
    RETURNING id
), begun AS (
    INSERT INTO tool_effects (turn_id, key, attempt, tool, state)
    SELECT id, $3, $2, $4, 'started' FROM turn
    ON CONFLICT (turn_id, key) DO NOTHING
    RETURNING key
)
SELECT EXISTS (SELECT FROM begun) AS is_new, effect.state, effect.result
FROM turn LEFT JOIN tool_effects AS effect ON effect.turn_id = turn.id AND effect.key = $3;

-- name: end_effect
UPDATE tool_effects SET state = $3, result = $4, finished_at = now()
WHERE turn_id = $1 AND key = $2 AND state = 'started'
RETURNING key;

-- name: ensure_log_partitions
SELECT ensure_log_partitions('ai_logs', $1::int);
