-- Where the live read models stand, and the stays in stages of which lengths and the history of accounts are made. The
-- sums over moves are read by graphql/stages.sql.

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
