-- The statements of the API's rate limits.

-- name: reserve
INSERT INTO rate_counters AS r (bucket, window_start, used)
VALUES ($1, date_trunc('minute', now()), least($2::int, $3::int))
ON CONFLICT (bucket, window_start) DO UPDATE SET used = least(r.used + $2::int, $3::int)
    WHERE r.used < $3::int
RETURNING used;

-- name: forget_old_windows
DELETE FROM rate_counters WHERE window_start < now() - interval '10 minutes';
