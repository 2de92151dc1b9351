-- What only the leader does. $1 is the epoch, $2 the term.

-- name: fire_bursts
-- The time of a burst has come, on the database's clock: any replica may run the turn now.
UPDATE turns SET state = 'queued'
FROM guard
WHERE state = 'collecting' AND due_at <= clock_timestamp()
RETURNING turns.id, turns.conversation_id;

-- name: settle
-- $3: whether parts are sent again, $4: what this leader is sending. What another term left in flight
-- may have been delivered. What this term claimed without hearing of it (the connection broke) was
-- never sent, so it waits again.
UPDATE outbox SET
    state = CASE WHEN $3::boolean OR claimed_term = $2 THEN 'queued' ELSE 'unknown' END,
    finished_at = CASE WHEN $3::boolean OR claimed_term = $2 THEN NULL ELSE now() END,
    reason = CASE WHEN claimed_term = $2 THEN '' ELSE 'The leader that was sending it vanished.' END
FROM guard
WHERE state = 'sending' AND (claimed_term <> $2 OR NOT outbox.id = ANY($4::uuid[]))
RETURNING outbox.id;

-- name: claim_parts
-- $3: the channels whose adapters work, $4: how many. The oldest open part of each conversation.
UPDATE outbox SET state = 'sending', attempt = outbox.attempt + 1, claimed_epoch = $1,
    claimed_term = $2, claimed_at = clock_timestamp()
FROM guard
WHERE outbox.state = 'queued' AND outbox.id IN (
    SELECT o.id FROM outbox AS o
    WHERE o.state = 'queued' AND o.not_before <= clock_timestamp() AND o.channel_id = ANY($3::uuid[])
        AND NOT EXISTS (SELECT FROM outbox AS earlier
            WHERE earlier.conversation_id = o.conversation_id AND earlier.seq < o.seq
                AND earlier.state IN ('queued', 'sending'))
        AND NOT EXISTS (SELECT FROM outbox AS busy
            WHERE busy.conversation_id = o.conversation_id AND busy.state = 'sending')
        AND NOT EXISTS (SELECT FROM channel_pauses AS p
            WHERE p.channel_id = o.channel_id AND p.paused_until > clock_timestamp())
    ORDER BY o.not_before, o.seq LIMIT $4
)
RETURNING outbox.id, outbox.key, outbox.channel_id, outbox.chat, outbox.thread, outbox.content,
    outbox.reply_to, outbox.attempt, outbox.failures,
    extract(epoch FROM clock_timestamp() - outbox.created_at)::float8 AS age;

-- name: mark_parts
-- $3: [{id, state, reason, external_id, failures, seconds}]. Only what this term itself claimed.
UPDATE outbox SET state = told.state, reason = told.reason, external_id = told.external_id,
    failures = told.failures,
    not_before = clock_timestamp() + make_interval(secs => told.seconds),
    finished_at = CASE WHEN told.state = 'queued' THEN NULL ELSE now() END
FROM guard, jsonb_to_recordset($3) AS told (id uuid, state text, reason text, external_id text,
    failures integer, seconds float8)
WHERE outbox.id = told.id AND outbox.state = 'sending' AND outbox.claimed_term = $2
RETURNING outbox.id;

-- name: pause_channel
INSERT INTO channel_pauses AS p (channel_id, paused_until, reason)
SELECT $3, clock_timestamp() + make_interval(secs => $4::float8), $5 FROM guard
ON CONFLICT (channel_id) DO UPDATE
    SET paused_until = greatest(p.paused_until, excluded.paused_until), reason = excluded.reason
RETURNING p.channel_id;

-- name: tell_states
-- $3: [{channel_id, state, reason, next_try}]: how the adapters are.
INSERT INTO channel_states AS s (channel_id, state, reason, next_try, epoch)
SELECT told.channel_id, told.state, told.reason, told.next_try, $1
FROM guard, jsonb_to_recordset($3)
    AS told (channel_id uuid, state text, reason text, next_try timestamptz)
JOIN channels ON channels.id = told.channel_id
ON CONFLICT (channel_id) DO UPDATE SET state = excluded.state, reason = excluded.reason,
    next_try = excluded.next_try, epoch = excluded.epoch, updated_at = now()
RETURNING s.channel_id;
