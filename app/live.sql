-- What the live read models are derived by.

-- name: live_racetracks
SELECT r.racetrack, r.version FROM live.racetracks AS r

-- name: has_paths
-- Whether anything was ever derived.
SELECT to_regclass('live.paths') IS NOT NULL

-- name: visited_pages
-- How many pages of the page table are on a path, and one that is on a path.
SELECT (SELECT count(*) FROM raceline.site_page AS s WHERE s.page IN (SELECT unnest(p.pages) FROM live.paths AS p)),
       (SELECT p.pages[1] FROM live.paths AS p LIMIT 1)
