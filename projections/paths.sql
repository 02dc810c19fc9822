-- What paths are counted from, in the API's process (kept_paths.py). {views} is the schema of the live generation: a
-- switch replaces the views of `live` in between, also for those who read in one snapshot.

-- name: standing
-- Up to where the live read models are true, and when the page table was loaded.
SELECT g.name, g.position, COALESCE(EXTRACT(epoch FROM NULLIF(g.clock, '-infinity')) * 1000000, 0)::bigint AS clock,
       (SELECT EXTRACT(epoch FROM s.loaded_at) * 1000000 FROM raceline.site AS s)::bigint AS site_loaded_at
FROM raceline.generation AS g
WHERE g.status = 'live'

-- name: size
SELECT COALESCE(sum(p.length), 0)::bigint AS steps FROM {views}.paths AS p

-- name: racetracks
SELECT t.racetrack FROM {views}.racetracks AS t ORDER BY t.place

-- name: all_paths
-- In the order in which they lie; sorting them here would take longer than reading them.
SELECT {columns} FROM {views}.paths AS p

-- name: columns
p.customer_id, p.n, p.path_id, p.started_at, p.resolved, p.pages, p.step_at, p.step_events, p.stages, p.variants

-- name: all_accounts
SELECT c.customer_id, c.account_id FROM {views}.customers AS c WHERE c.account_id IS NOT NULL

-- name: touched
-- Who has events after a position: only their paths can have changed. A timer moves customers on, but never before
-- the start of a path that it was derived with.
SELECT DISTINCT e.customer_id
FROM raceline.event AS e
WHERE e.position > current_setting('raceline.after_position')::bigint
    AND e.position <= current_setting('raceline.up_to')::bigint
    AND e.customer_id IS NOT NULL

-- name: touched_paths
SELECT {columns} FROM ({touched}) AS t JOIN {views}.paths AS p ON p.customer_id = t.customer_id

-- name: touched_accounts
SELECT t.customer_id, c.account_id FROM ({touched}) AS t JOIN {views}.customers AS c ON c.customer_id = t.customer_id

-- name: site_pages
SELECT s.page, s.page_type, s.title FROM raceline.site_page AS s ORDER BY s.page

-- name: site_links
SELECT l.source, l.target FROM raceline.site_link AS l ORDER BY l.source, l.target
