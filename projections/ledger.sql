-- The ledger of predictions as it is kept in memory (kept_ledger.py), and what has been counted for drift. {views} is
-- the schema of the live generation, as in paths.sql.

-- name: standing
-- Up to where the live read models are true, and the newest row of the ledger.
SELECT g.name, g.position, COALESCE(EXTRACT(epoch FROM NULLIF(g.clock, '-infinity')) * 1000000, 0)::bigint AS clock,
       (SELECT COALESCE(max(p.id), 0) FROM raceline.prediction AS p) AS last
FROM raceline.generation AS g
WHERE g.status = 'live'

-- name: beyond
-- Up to which day there is no room for the rows; nothing when there is room for all. The newest day is kept anyhow.
SELECT LEAST(p.day, (SELECT n.day - 1 FROM raceline.prediction AS n ORDER BY n.id DESC LIMIT 1)) AS day
FROM raceline.prediction AS p
ORDER BY p.id DESC
OFFSET current_setting('raceline.most')::bigint
LIMIT 1

-- name: left_out
SELECT count(*) AS rows FROM raceline.prediction AS p WHERE p.day <= current_setting('raceline.after_day')::date

-- name: ledger
-- Of the incidences those of the move to the next stage by a day, a week and a month, and of leaving by a month: the
-- ends of the first, third and fifth bin. Element by element they are read in half the time of the array. One runner
-- at a time writes the ledger, so rows become visible in the order of their ids.
SELECT p.id, p.racetrack, p.customer_id, p.day, p.computed_at, p.racetrack_version AS version, p.model, p.stage,
    p.incidence[1] AS within_day, p.incidence[11] AS within_week, p.incidence[21] AS within_month,
    p.incidence[25] AS left_within_month
FROM raceline.prediction AS p
WHERE p.id > (SELECT current_setting('raceline.after')::bigint)
    AND p.day > (SELECT current_setting('raceline.after_day')::date)

-- name: versions
-- The definitions that the stays are derived by.
SELECT r.racetrack, r.version FROM {views}.racetracks AS r

-- name: moves
SELECT m.customer_id, m.racetrack, m.n, m.kind, COALESCE(m.to_stage, '') AS stage, m.entered_at, m.left_at
FROM {views}.moves AS m
WHERE m.racetrack = ANY (string_to_array(current_setting('raceline.racetracks'), ','))

-- name: drift
-- The newest days that were counted, at most as many as are asked for, between two days.
SELECT d.racetrack, d.model, d.stage, d.feature, d.bin, sum(d.rows)::bigint AS rows,
    -- Not every bin has rows on every day: the days are those of the model's rows together.
    min(min(d.day)) OVER (PARTITION BY d.racetrack, d.model) AS from_day,
    max(max(d.day)) OVER (PARTITION BY d.racetrack, d.model) AS to_day
FROM raceline.prediction_drift AS d
JOIN (
    SELECT c.racetrack, c.model, c.day,
        row_number() OVER (PARTITION BY c.racetrack, c.model ORDER BY c.day DESC) AS n
    FROM (
        SELECT DISTINCT a.racetrack, a.model, a.day
        FROM raceline.prediction_drift AS a
        WHERE a.day >= (SELECT current_setting('raceline.from')::date)
            AND a.day <= (SELECT current_setting('raceline.to')::date)
            AND a.racetrack = COALESCE(NULLIF(current_setting('raceline.racetrack'), ''), a.racetrack)
            AND a.model = COALESCE(NULLIF(current_setting('raceline.model'), '')::bigint, a.model)
    ) AS c
) AS w ON w.racetrack = d.racetrack AND w.model = d.model AND w.day = d.day
    AND w.n <= current_setting('raceline.days')::bigint
GROUP BY d.racetrack, d.model, d.stage, d.feature, d.bin
