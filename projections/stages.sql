-- Stages as a whole, from the sums over moves. {name} is the place of a table: a view of the schema `live`, or the rows
-- of a race that is not stored. Where a sum has no row there was no such move.

-- name: summaries
-- Whoever entered a stage and did not depart from it is there now, so that nobody has to count journeys.
-- skipped: moves that passed this stage over. share_left: of the stays that ended, those that ended outside.
SELECT s.racetrack, s.n, s.stage, m.entered - m.departed AS customers, m.entered, m.departed, m.regressions_into,
    m.regressions_out, m.skips_into, m.skips_out, m.skipped, m.laps_into, m.laps_out, m.exits,
    m.exits::float8 / NULLIF(m.departed, 0) AS share_left
FROM {racetrack_stages} AS s
CROSS JOIN LATERAL (
    SELECT COALESCE(sum(t.moves) FILTER (WHERE t.to_stage = s.stage), 0)::bigint AS entered,
        COALESCE(sum(t.moves) FILTER (WHERE t.from_stage = s.stage), 0)::bigint AS departed,
        COALESCE(sum(t.moves) FILTER (WHERE t.to_stage = s.stage AND t.kind = 'backward'), 0)::bigint
            AS regressions_into,
        COALESCE(sum(t.moves) FILTER (WHERE t.from_stage = s.stage AND t.kind = 'backward'), 0)::bigint
            AS regressions_out,
        COALESCE(sum(t.moves) FILTER (WHERE t.to_stage = s.stage AND t.kind = 'skip'), 0)::bigint AS skips_into,
        COALESCE(sum(t.moves) FILTER (WHERE t.from_stage = s.stage AND t.kind = 'skip'), 0)::bigint AS skips_out,
        COALESCE(sum(t.moves) FILTER (WHERE t.kind = 'skip' AND a.n < s.n AND s.n < b.n), 0)::bigint AS skipped,
        COALESCE(sum(t.moves) FILTER (WHERE t.to_stage = s.stage AND t.kind = 'lap'), 0)::bigint AS laps_into,
        COALESCE(sum(t.moves) FILTER (WHERE t.from_stage = s.stage AND t.kind = 'lap'), 0)::bigint AS laps_out,
        COALESCE(sum(t.moves) FILTER (WHERE t.from_stage = s.stage AND t.kind = 'left'), 0)::bigint AS exits
    FROM {transitions} AS t
    LEFT JOIN {racetrack_stages} AS a ON a.racetrack = t.racetrack AND a.stage = t.from_stage
    LEFT JOIN {racetrack_stages} AS b ON b.racetrack = t.racetrack AND b.stage = t.to_stage
    WHERE t.racetrack = s.racetrack
) AS m
ORDER BY s.racetrack, s.n

-- name: days
-- Only days on which somebody moved. customers: in the stage at the end of the day.
SELECT d.racetrack, d.stage, d.day, d.entered, d.departed, d.customers
FROM (
    SELECT x.racetrack, x.stage, x.day, x.entered, x.departed,
        sum(x.entered - x.departed) OVER (PARTITION BY x.racetrack, x.stage ORDER BY x.day)::bigint AS customers
    FROM {stage_days} AS x
    WHERE x.day <= COALESCE(%(last)s::date, 'infinity')
) AS d
JOIN {racetrack_stages} AS s ON s.racetrack = d.racetrack AND s.stage = d.stage
WHERE d.day >= COALESCE(%(first)s::date, '-infinity')
ORDER BY d.racetrack, s.n, d.day

-- name: transitions
-- '' is outside. share: of the moves that leave from the same place.
SELECT t.racetrack, t.from_stage, t.to_stage, t.kind, sum(t.moves)::bigint AS moves,
    (sum(t.moves) / sum(sum(t.moves)) OVER (PARTITION BY t.racetrack, t.from_stage))::float8 AS share
FROM {transitions} AS t
LEFT JOIN {racetrack_stages} AS a ON a.racetrack = t.racetrack AND a.stage = t.from_stage
LEFT JOIN {racetrack_stages} AS b ON b.racetrack = t.racetrack AND b.stage = t.to_stage
GROUP BY t.racetrack, t.from_stage, t.to_stage, t.kind, a.n, b.n
ORDER BY t.racetrack, a.n NULLS FIRST, b.n NULLS LAST, t.kind

-- name: coverage
-- measured: of the customers with any event in the scope of the racetrack, those with one that the rule looks at.
SELECT r.racetrack, r.rule, r.confidence, r.coverage, COALESCE(c.customers, 0) AS customers,
    COALESCE(c.customers, 0)::float8 / j.customers AS measured
FROM {racetrack_rules} AS r
LEFT JOIN {rule_sources} AS c ON c.racetrack = r.racetrack AND c.rule = r.rule
LEFT JOIN {journeys} AS j ON j.racetrack = r.racetrack
ORDER BY r.racetrack, r.n

-- name: live_journeys
(SELECT l.racetrack, count(*) AS customers FROM live.journeys AS l GROUP BY l.racetrack)

-- name: given
jsonb_populate_recordset(NULL::live.{table}, %({table})s::jsonb)

-- name: given_journeys
(SELECT g.racetrack, g.customers FROM jsonb_to_recordset(%(journeys)s::jsonb) AS g(racetrack text, customers bigint))

-- name: checkpoint
-- A generation that never had a tick is true at its newest move.
SELECT g.name, g.position, COALESCE(EXTRACT(epoch FROM NULLIF(g.clock, '-infinity')) * 1000000, 0)::bigint AS clock
FROM raceline.generation AS g
WHERE g.status = 'live'

-- name: stays
SELECT m.racetrack, m.to_stage, m.entered_at, m.left_at
FROM live.moves AS m
WHERE m.to_stage IS NOT NULL

-- name: account_stays
-- The stays of an account's customers in the stages of one racetrack; an empty name is the default one.
SELECT m.racetrack, m.to_stage, s.n AS to_stage_n, m.entered_at, m.left_at
FROM live.journeys AS j
JOIN live.racetracks AS r ON r.racetrack = j.racetrack
JOIN live.moves AS m ON m.customer_id = j.customer_id AND m.racetrack = j.racetrack
JOIN live.racetrack_stages AS s ON s.racetrack = m.racetrack AND s.stage = m.to_stage
WHERE j.account_id = current_setting('raceline.account')
    AND CASE current_setting('raceline.racetrack') WHEN '' THEN r.place = 1
        ELSE r.racetrack = current_setting('raceline.racetrack') END
