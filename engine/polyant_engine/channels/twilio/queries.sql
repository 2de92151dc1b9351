-- Contacts of channels, and what a vendor tells of messages it took.

-- name: hear
-- $4: the vendor's id of the message, $5: the word that it is. Only a message that the inbox does not
-- know yet counts; it is stored there after this, so that a STOP is not lost between the two.
WITH fresh AS (
    SELECT WHERE NOT EXISTS (
        SELECT FROM inbox WHERE kind = $1 AND account = $2 AND dedupe_key = $4::text)
), heard AS (
    INSERT INTO channel_contacts AS c (kind, account, chat, heard_at, last_message, opted_out_at)
    SELECT $1, $2, $3, now(), $4::text, CASE WHEN $5::text = 'stop' THEN now() END FROM fresh
    ON CONFLICT (kind, account, chat) DO UPDATE
        SET heard_at = now(), last_message = excluded.last_message,
            opted_out_at = CASE $5::text WHEN 'stop' THEN coalesce(c.opted_out_at, now())
                WHEN 'start' THEN NULL ELSE c.opted_out_at END
    RETURNING opted_out_at
)
SELECT opted_out_at IS NOT NULL FROM heard
UNION ALL
SELECT opted_out_at IS NOT NULL FROM channel_contacts
WHERE kind = $1 AND account = $2 AND chat = $3 AND NOT EXISTS (SELECT FROM fresh);

-- name: standing
SELECT opted_out_at IS NOT NULL AS is_opted_out,
    coalesce(heard_at > now() - interval '24 hours', false) AS is_heard, last_message
FROM channel_contacts WHERE kind = $1 AND account = $2 AND chat = $3;

-- name: opt_out
INSERT INTO channel_contacts AS c (kind, account, chat, opted_out_at) VALUES ($1, $2, $3, now())
ON CONFLICT (kind, account, chat) DO UPDATE
    SET opted_out_at = coalesce(c.opted_out_at, excluded.opted_out_at);

-- name: tell_delivery
-- $3: the message's id at the vendor, $4: the status, $5: its rank, $6: whether the message failed, $7:
-- why. A status proves that the vendor has the part, so doubt ends and nothing is sent again; also one
-- that waits for a further try. Only forward, and never about an earlier message of the same part.
UPDATE outbox AS o SET
    delivery = $4::text, delivery_of = $3::text, external_id = $3::text,
    state = CASE WHEN $6::boolean THEN 'dead' ELSE 'sent' END,
    reason = CASE WHEN $6::boolean THEN $7::text ELSE '' END,
    finished_at = coalesce(o.finished_at, now())
WHERE o.id = $2 AND o.channel_id = $1
    AND (o.state IN ('queued', 'sending', 'unknown')
        OR (o.state = 'sent' AND o.external_id = $3::text))
    AND $5::integer > CASE WHEN o.delivery_of = $3::text THEN
        CASE o.delivery WHEN 'queued' THEN 1 WHEN 'sent' THEN 2 WHEN 'delivered' THEN 3
            WHEN 'read' THEN 4 ELSE 5 END
        ELSE 0 END
RETURNING o.id;
