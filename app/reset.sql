-- name: schemas
-- The log, the stable names of the read models, and every generation of them; nothing else of a shared database.
SELECT n.nspname AS name
FROM pg_namespace AS n
WHERE n.nspname IN ('raceline', 'live') OR n.nspname ~ '^views_[0-9]+$'
ORDER BY n.nspname

-- name: others
-- Raceline processes that are connected to this database: a server or projector would go on without its tables.
SELECT count(*) AS others
FROM pg_stat_activity AS a
WHERE a.datname = current_database() AND a.application_name LIKE 'raceline%%' AND a.pid <> pg_backend_pid()

-- name: give_up_soon
-- Whoever still reads or writes is not interrupted; we are.
SET LOCAL lock_timeout = '5s'
