-- The statements of channels that any replica may run: all of them are idempotent or take row locks.

-- name: take_in
-- Store a batch with its offset, and let its messages join the burst of their conversation. What is
-- known already changes nothing. Locks are taken in one order: dedupe keys, conversations, turns.
-- A turn that runs starts anew with the late message, unless it did so too often or a tool wrote:
-- `attempt` grows, so what its runner still says is refused. The burst slides up to a cap.
-- Rows are sorted before they are written, so that two batches never wait for each other.
WITH agent AS (
    SELECT a.id FROM channels AS ch JOIN agents AS a ON a.id = ch.agent_id
    WHERE ch.id = $1 AND ch.enabled AND a.deleted_at IS NULL AND a.status = 'active'
), given AS (
    SELECT * FROM jsonb_to_recordset($4) AS e (n integer, id uuid, message_id uuid, dedupe_key text,
        is_message boolean, reason text, external_id text, chat text, thread text, content text,
        attachments jsonb, sender_id text, sender_name text, reply_to text, occurred_at timestamptz)
), judged AS (
    SELECT given.*, is_message AND EXISTS (SELECT FROM agent) AS is_accepted FROM given
), fresh AS (
    INSERT INTO inbox (id, channel_id, kind, account, dedupe_key, state, reason, message_id,
        external_id, sender_id, sender_name, attachments, occurred_at)
    SELECT id, $1, $2, $3, dedupe_key, CASE WHEN is_accepted THEN 'accepted' ELSE 'ignored' END,
        CASE WHEN is_message AND NOT is_accepted THEN 'agent-inactive' ELSE reason END,
        CASE WHEN is_accepted THEN message_id END,
        external_id, sender_id, sender_name, attachments, occurred_at
    FROM judged ORDER BY dedupe_key
    ON CONFLICT (kind, account, dedupe_key) DO NOTHING
    RETURNING id
), accepted AS (
    SELECT judged.*, row_number() OVER (PARTITION BY external_id ORDER BY n) AS place
    FROM judged JOIN fresh USING (id) WHERE is_accepted
), bundle AS (
    SELECT external_id, chat, thread, count(*) AS size,
        (array_agg(reply_to ORDER BY n DESC))[1] AS reply_to
    FROM accepted GROUP BY external_id, chat, thread
), conversation AS (
    INSERT INTO conversations AS c (id, agent_id, channel, external_id, last_seq, channel_id, chat,
        thread)
    SELECT uuid_v7(), agent.id, $2, external_id, size, $1, chat, thread
    FROM bundle, agent ORDER BY external_id
    ON CONFLICT (agent_id, channel, external_id) DO UPDATE
        SET last_seq = c.last_seq + excluded.last_seq, channel_id = excluded.channel_id,
            chat = excluded.chat, thread = excluded.thread, updated_at = now()
    RETURNING c.id, c.external_id, c.last_seq, c.running_turn
), restarted AS (
    UPDATE turns AS t
    SET state = 'collecting', attempt = t.attempt + 1, restarts = t.restarts + 1, runner = NULL,
        lease_until = NULL, last_seq = conversation.last_seq, reply_to = bundle.reply_to,
        collecting_since = clock_timestamp(),
        due_at = clock_timestamp() + make_interval(secs => $6::float8)
    FROM conversation JOIN bundle USING (external_id)
    WHERE t.id = conversation.running_turn AND t.state = 'running' AND t.channel_id IS NOT NULL
        AND NOT t.has_effects AND t.restarts < $8::integer
        AND NOT EXISTS (SELECT FROM turns AS other
            WHERE other.conversation_id = conversation.id AND other.state = 'collecting')
    RETURNING t.id, t.conversation_id
), collected AS (
    INSERT INTO turns AS t (id, conversation_id, state, first_seq, last_seq, channel_id, reply_to,
        collecting_since, due_at)
    SELECT uuid_v7(), id, 'collecting', last_seq - size + 1, last_seq, $1, reply_to,
        clock_timestamp(), clock_timestamp() + make_interval(secs => $6::float8)
    FROM conversation JOIN bundle USING (external_id)
    WHERE NOT EXISTS (SELECT FROM restarted WHERE restarted.conversation_id = conversation.id)
    ORDER BY id
    ON CONFLICT (conversation_id) WHERE state = 'collecting' DO UPDATE
        SET last_seq = excluded.last_seq, reply_to = excluded.reply_to,
            due_at = least(excluded.due_at,
                t.collecting_since + make_interval(secs => $7::float8))
    RETURNING t.id, t.conversation_id
), turn AS (
    SELECT * FROM restarted UNION ALL SELECT * FROM collected
), written AS (
    INSERT INTO messages (id, conversation_id, seq, turn_id, role, content)
    SELECT accepted.message_id, conversation.id, conversation.last_seq - bundle.size + place,
        turn.id, 'user', accepted.content
    FROM accepted JOIN bundle USING (external_id) JOIN conversation USING (external_id)
    JOIN turn ON turn.conversation_id = conversation.id
), moved AS (
    INSERT INTO channel_offsets AS o (channel_id, account, next_offset)
    SELECT $1, $3, $5 WHERE $5::bigint IS NOT NULL
    ON CONFLICT (channel_id, account) DO UPDATE
        SET next_offset = excluded.next_offset, moved_at = now()
        WHERE o.next_offset < excluded.next_offset OR o.moved_at < now() - interval '6 days'
)
SELECT (SELECT count(*) FROM fresh) AS new, (SELECT count(*) FROM restarted) AS restarted;

-- name: read_offset
-- Vendors begin anew after an idle week; an offset that old could hide messages.
SELECT next_offset FROM channel_offsets
WHERE channel_id = $1 AND account = $2 AND moved_at > now() - interval '6 days';

-- name: count_waiting
SELECT count(*) FROM (
    SELECT FROM turns WHERE state IN ('collecting', 'queued') LIMIT $1
) AS waiting;

-- name: next_due
SELECT extract(epoch FROM min(due_at) - clock_timestamp())::float8 FROM turns
WHERE state = 'collecting';

-- name: resend
-- Somebody decided: send it (again).
UPDATE outbox SET state = 'queued', failures = 0, not_before = now(), finished_at = NULL, reason = ''
WHERE id = $1 AND state IN ('unknown', 'dead')
RETURNING id;

-- name: forget_inbox
DELETE FROM inbox WHERE id IN (
    SELECT id FROM inbox WHERE received_at < now() - interval '30 days'
    LIMIT $1 FOR UPDATE SKIP LOCKED
);

-- name: forget_outbox
-- What was sent is of no use after a week; trouble stays to be seen for a month.
DELETE FROM outbox WHERE id IN (
    SELECT id FROM outbox
    WHERE (state = 'sent' AND finished_at < now() - interval '7 days')
        OR (state IN ('unknown', 'dead') AND finished_at < now() - interval '30 days')
    LIMIT $1 FOR UPDATE SKIP LOCKED
);

-- name: list_accounts
-- The channels that should be at work.
SELECT ch.id, ch.agent_id, ch.kind, ch.account AS name, ch.version, ch.settings, ch.box, ch.key_id
FROM channels AS ch JOIN agents AS a ON a.id = ch.agent_id
WHERE ch.enabled AND a.deleted_at IS NULL AND a.status = 'active';

-- name: list_versions
SELECT ch.id, ch.version
FROM channels AS ch JOIN agents AS a ON a.id = ch.agent_id
WHERE ch.enabled AND a.deleted_at IS NULL AND a.status = 'active';

-- name: list_kinds
SELECT DISTINCT ch.kind
FROM channels AS ch JOIN agents AS a ON a.id = ch.agent_id
WHERE ch.enabled AND a.deleted_at IS NULL AND a.status = 'active';

-- name: find_account_of_agent
SELECT ch.id, ch.agent_id, ch.kind, ch.account AS name, ch.version, ch.settings, ch.box, ch.key_id
FROM channels AS ch JOIN agents AS a ON a.id = ch.agent_id
WHERE a.slug = $1 AND ch.kind = $2 AND ch.enabled AND a.deleted_at IS NULL AND a.status = 'active';

-- name: find_account
SELECT ch.id, ch.agent_id, ch.kind, ch.account AS name, ch.version, ch.settings, ch.box, ch.key_id
FROM channels AS ch JOIN agents AS a ON a.id = ch.agent_id
WHERE ch.id = $1 AND ch.enabled AND a.deleted_at IS NULL AND a.status = 'active';

-- name: list_configured
-- An agent without channels is one row without a channel. What was told counts while the leader that
-- told it leads: its epoch is the fence's, and its heartbeat is younger than any lease.
SELECT a.id AS agent_id, ch.id, ch.kind, ch.account, ch.enabled, ch.version, ch.settings, ch.box,
    ch.key_id, ch.updated_at, s.state, s.next_try, s.updated_at AS told_at,
    CASE WHEN p.paused_until > clock_timestamp() AND s.reason = '' THEN p.reason ELSE s.reason END
        AS reason,
    EXISTS (SELECT FROM fence AS f, leader_heartbeat AS h
        WHERE h.epoch = f.epoch AND h.beaten_at > clock_timestamp() - interval '15 seconds'
            AND (s.epoch IS NULL OR s.epoch = f.epoch)) AS is_led
FROM agents AS a
LEFT JOIN channels AS ch ON ch.agent_id = a.id
LEFT JOIN channel_states AS s ON s.channel_id = ch.id
LEFT JOIN channel_pauses AS p ON p.channel_id = ch.id
WHERE a.slug = $1 AND a.deleted_at IS NULL
ORDER BY ch.kind;

-- name: lock_configurations
-- Changes of configurations are rare: one at a time, so that what is looked up stays true.
SELECT pg_advisory_xact_lock(hashtextextended('polyant channels', 0));

-- name: release_account
UPDATE channels AS ch SET enabled = false, version = ch.version + 1, updated_at = now()
FROM agents AS a
WHERE a.id = ch.agent_id AND a.deleted_at IS NOT NULL AND ch.enabled
    AND ch.kind = $1 AND ch.account = $2 AND ch.id <> $3;

-- name: account_holder
SELECT a.slug FROM channels AS ch JOIN agents AS a ON a.id = ch.agent_id
WHERE ch.enabled AND ch.kind = $1 AND ch.account = $2 AND ch.id <> $3;

-- name: create_channel
INSERT INTO channels (id, agent_id, kind, account, enabled, settings, box, key_id)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
ON CONFLICT (agent_id, kind) DO NOTHING
RETURNING id;

-- name: change_channel
UPDATE channels SET account = $3, enabled = $4, settings = $5, box = $6, key_id = $7,
    version = version + 1, updated_at = now()
WHERE id = $1 AND version = $2
RETURNING id;

-- name: delete_channel
DELETE FROM channels AS ch USING agents AS a
WHERE a.id = ch.agent_id AND a.slug = $1 AND a.deleted_at IS NULL AND ch.kind = $2
RETURNING ch.id;

-- name: count_parts
-- An agent without parts is one row without a state.
SELECT o.state, count(*) AS parts
FROM agents AS a
LEFT JOIN channels AS ch ON ch.agent_id = a.id
LEFT JOIN outbox AS o ON o.channel_id = ch.id AND o.state <> 'sent'
WHERE a.slug = $1 AND a.deleted_at IS NULL
GROUP BY o.state;

-- name: list_troubles
SELECT o.id, o.kind, o.chat, o.thread, left(o.content->>'text', 200) AS text, o.state, o.reason,
    o.attempt, o.conversation_id, o.created_at, o.finished_at
FROM outbox AS o
JOIN channels AS ch ON ch.id = o.channel_id
JOIN agents AS a ON a.id = ch.agent_id
WHERE a.slug = $1 AND a.deleted_at IS NULL AND o.state = ANY($2::text[])
ORDER BY o.finished_at DESC, o.seq DESC LIMIT $3 OFFSET $4;

-- name: channel_of_part
SELECT ch.id FROM outbox AS o
JOIN channels AS ch ON ch.id = o.channel_id
JOIN agents AS a ON a.id = ch.agent_id
WHERE a.slug = $1 AND a.deleted_at IS NULL AND o.id = $2;
