-- name: server
SELECT current_setting('server_version_num')::int AS version,
       current_setting('server_version') AS version_text,
       current_setting('server_encoding') AS encoding,
       current_user AS role,
       current_database() AS name,
       current_schema() AS schema,
       coalesce(has_schema_privilege(current_schema(), 'CREATE'), false) AS may_create;

-- name: vector
SELECT (SELECT extversion FROM pg_extension WHERE extname = 'vector') AS installed,
       (SELECT default_version FROM pg_available_extensions WHERE name = 'vector') AS available;

-- name: tables
-- Tables of the schema we would write to, and Drizzle's journal wherever it is.
SELECT table_schema AS schema, table_name AS name
FROM information_schema.tables
WHERE table_schema = current_schema() OR table_name = '__drizzle_migrations';

-- name: try_lock
SELECT pg_try_advisory_lock($1);

-- name: lock_holder
SELECT a.pid, a.application_name, coalesce(host(a.client_addr), 'local') AS address, a.backend_start
FROM pg_locks AS l
JOIN pg_stat_activity AS a ON a.pid = l.pid
WHERE l.locktype = 'advisory' AND l.granted AND l.database = (
    SELECT oid FROM pg_database WHERE datname = current_database())
  AND ((l.classid::bigint << 32) | l.objid::bigint) = $1;
