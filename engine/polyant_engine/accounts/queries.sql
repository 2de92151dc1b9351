-- name: credentials
SELECT id, email, name, role, must_change_password, created_at, updated_at, password_hash
FROM users WHERE email = $1;

-- name: credentials_of
SELECT id, email, name, role, must_change_password, created_at, updated_at, password_hash
FROM users WHERE id = $1;

-- name: has_users
SELECT EXISTS (SELECT FROM users);

-- name: create_user
INSERT INTO users (id, email, name, role, password_hash, must_change_password)
VALUES ($1, $2, $3, $4, $5, $6);

-- name: person_of_identity
SELECT u.id, u.email, u.name, u.role, u.must_change_password, u.created_at, u.updated_at
FROM identities AS i JOIN users AS u ON u.id = i.user_id
WHERE i.provider = $1 AND i.subject = $2;

-- name: link_identity
-- Nothing for a person who has another account there, and for a subject that was linked meanwhile.
INSERT INTO identities (provider, subject, user_id) VALUES ($1, $2, $3)
ON CONFLICT DO NOTHING RETURNING user_id;

-- name: join_user
INSERT INTO users (id, email, name, role, password_hash, must_change_password)
VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (email) DO NOTHING RETURNING id;

-- name: open_session
INSERT INTO sessions (id, user_id, token_hash, client_address, expires_at)
VALUES ($1, $2, $3, $4, now() + $5::interval);

-- name: forget_ended_sessions
-- Sessions that ended some time ago tell nothing the audit log does not.
DELETE FROM sessions
WHERE user_id = $1 AND (expires_at < now() OR revoked_at < now() - interval '1 day');

-- name: session
SELECT s.id AS session_id, u.id, u.email, u.name, u.role, u.must_change_password,
       u.created_at, u.updated_at, s.last_seen_at < now() - interval '5 minutes' AS is_stale
FROM sessions AS s
JOIN users AS u ON u.id = s.user_id
WHERE s.token_hash = $1 AND s.revoked_at IS NULL
  AND s.expires_at > now() AND s.last_seen_at > now() - $2::interval;

-- name: touch_session
UPDATE sessions SET last_seen_at = now()
WHERE id = $1 AND last_seen_at < now() - interval '5 minutes';

-- name: close_session
UPDATE sessions SET revoked_at = now()
WHERE token_hash = $1 AND revoked_at IS NULL
RETURNING id, user_id;

-- name: change_password
UPDATE users SET password_hash = $2, must_change_password = false, updated_at = now()
WHERE id = $1;

-- name: close_other_sessions
UPDATE sessions SET revoked_at = now()
WHERE user_id = $1 AND id <> $2 AND revoked_at IS NULL;

-- name: reset_password
UPDATE users SET password_hash = $2, must_change_password = true, updated_at = now()
WHERE email = $1 RETURNING id;

-- name: close_sessions
UPDATE sessions SET revoked_at = now() WHERE user_id = $1 AND revoked_at IS NULL;

-- name: renew_hash
UPDATE users SET password_hash = $3 WHERE id = $1 AND password_hash = $2;

-- name: record_audit
INSERT INTO audit_log
  (id, actor_id, action, object_kind, object_id, details, client_address, request_id)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8);

-- name: count_attempt
-- One statement under the row's lock, so that the count is exact over all replicas.
INSERT INTO login_limits AS l (bucket, attempts, window_started_at)
VALUES ($1, 1, now())
ON CONFLICT (bucket) DO UPDATE SET
  attempts = CASE WHEN l.window_started_at <= now() - $2::interval THEN 1 ELSE l.attempts + 1 END,
  window_started_at = CASE
    WHEN l.window_started_at <= now() - $2::interval THEN now() ELSE l.window_started_at END
RETURNING attempts,
  ceil(extract(epoch FROM window_started_at + $2::interval - now()))::int AS retry_after_seconds;

-- name: clear_attempts
DELETE FROM login_limits WHERE bucket = $1 OR window_started_at < now() - 10 * $2::interval;
