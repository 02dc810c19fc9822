-- What `raceline export` reads. The tables are those of the live generation, by the search path and not through the
-- views of `live`: so a long export is in no replay's way. All of one export is read in one snapshot.

-- name: generation
SELECT g.name, g.position, COALESCE(NULLIF(g.clock, '-infinity'), timestamptz 'epoch') AS clock
FROM raceline.generation AS g
WHERE g.status = 'live'

-- name: read_tables_of
SELECT set_config('search_path', current_setting('raceline.generation'), true) AS generation

-- name: racetracks
SELECT r.racetrack, r.version, r.title, r.time_zone
FROM racetracks AS r
ORDER BY r.place

-- name: stages
SELECT s.stage
FROM racetrack_stages AS s
WHERE s.racetrack = current_setting('raceline.racetrack')
ORDER BY s.n

-- name: span
-- The moments at which the days begin and end, in a time zone; without a day there is no bound.
SELECT
    (COALESCE(NULLIF(current_setting('raceline.from'), '')::date, '-infinity')::timestamp
        AT TIME ZONE current_setting('raceline.zone'))::text AS begins,
    (COALESCE(NULLIF(current_setting('raceline.to'), '')::date + 1, 'infinity')::timestamp
        AT TIME ZONE current_setting('raceline.zone'))::text AS ends

-- name: stays
SELECT m.customer_id, c.account_id, m.racetrack, m.version, m.n, m.to_stage AS stage, s.title, s.n AS stage_n,
    m.entered_at, m.left_at, (extract(epoch FROM m.left_at - m.entered_at) / 86400)::float8 AS days, m.kind, m.rule,
    m.from_stage, o.to_stage, o.kind AS left_by
FROM moves AS m
JOIN customers AS c ON c.customer_id = m.customer_id
JOIN racetrack_stages AS s ON s.racetrack = m.racetrack AND s.stage = m.to_stage
LEFT JOIN moves AS o ON o.customer_id = m.customer_id AND o.racetrack = m.racetrack AND o.n = m.n + 1
WHERE m.racetrack = current_setting('raceline.racetrack')
    AND m.to_stage IS NOT NULL
    AND m.entered_at >= (SELECT current_setting('raceline.begins')::timestamptz)
    AND m.entered_at < (SELECT current_setting('raceline.ends')::timestamptz)
    AND (current_setting('raceline.stages') = ''
        OR m.to_stage = ANY (string_to_array(current_setting('raceline.stages'), ',')))

-- name: moves
SELECT m.customer_id, c.account_id, m.racetrack, m.version, m.n, m.kind, m.edge, m.from_stage, m.to_stage,
    m.entered_at AS moved_at, m.known_at, m.rule, m.trigger AS trigger_event, m.evidence, m.evidence_node
FROM moves AS m
JOIN customers AS c ON c.customer_id = m.customer_id
WHERE m.racetrack = current_setting('raceline.racetrack')
    AND m.entered_at >= (SELECT current_setting('raceline.begins')::timestamptz)
    AND m.entered_at < (SELECT current_setting('raceline.ends')::timestamptz)
    AND (current_setting('raceline.stages') = ''
        OR m.from_stage = ANY (string_to_array(current_setting('raceline.stages'), ','))
        OR m.to_stage = ANY (string_to_array(current_setting('raceline.stages'), ',')))

-- name: paths
SELECT p.path_id, p.customer_id, c.account_id, p.n, p.started_at, p.ended_at, p.resolved, p.length, p.turnarounds,
    p.pages, p.step_events, p.implied, p.events, COALESCE(p.turn_index, '{}') AS turn_index,
    COALESCE(p.turn_depth, '{}') AS turn_depth, COALESCE(p.ping_pong_index, '{}') AS ping_pong_index,
    COALESCE(p.ping_pong_bounces, '{}') AS ping_pong_bounces, COALESCE(p.loop_index, '{}') AS loop_index,
    COALESCE(p.loop_distance, '{}') AS loop_distance
FROM paths AS p
JOIN customers AS c ON c.customer_id = p.customer_id
WHERE p.started_at >= (SELECT current_setting('raceline.begins')::timestamptz)
    AND p.started_at < (SELECT current_setting('raceline.ends')::timestamptz)

-- name: cases
-- A case of which only surveys are known has no time of opening; it belongs to the day of its first event.
SELECT a.customer_id, c.account_id, a.n, a.case_id, a.status, a.opened_at, a.closed_at,
    ((a.open_microseconds + COALESCE(GREATEST(extract(epoch FROM
        (SELECT current_setting('raceline.clock')::timestamptz) - a.open_since) * 1000000, 0), 0)) / 86400e6
    )::float8 AS open_days,
    a.reopened, a.reassigned, a.severity, a.problem, a.cause, a.assignment_group, a.assigned_to,
    (a.sentiment / 1e4)::float8 AS sentiment, a.texts, a.surveys,
    (a.survey_score / 1e6 / NULLIF(a.surveys, 0))::float8 AS survey_mean,
    -- The move before the case's own instant, or at it, says the stage.
    (SELECT m.to_stage FROM moves AS m
     WHERE m.customer_id = a.customer_id AND m.racetrack = current_setting('raceline.racetrack')
         AND m.entered_at <= a.opened_at
     ORDER BY m.n DESC LIMIT 1) AS opened_stage,
    (SELECT m.to_stage FROM moves AS m
     WHERE m.customer_id = a.customer_id AND m.racetrack = current_setting('raceline.racetrack')
         AND m.entered_at <= a.closed_at
     ORDER BY m.n DESC LIMIT 1) AS closed_stage,
    a.events,
    ARRAY(SELECT timestamptz 'epoch' + u.at * interval '1 microsecond'
          FROM unnest(a.event_at) WITH ORDINALITY AS u(at, i) ORDER BY u.i) AS event_at,
    a.event_does, a.event_open, a.event_severity, a.event_problem, a.event_cause, a.event_group, a.event_engineer,
    ARRAY(SELECT (u.score / 1e4)::float8
          FROM unnest(a.event_sentiment) WITH ORDINALITY AS u(score, i) ORDER BY u.i) AS event_sentiment,
    ARRAY(SELECT (u.score / 1e6)::float8
          FROM unnest(a.event_survey) WITH ORDINALITY AS u(score, i) ORDER BY u.i) AS event_survey
FROM cases AS a
JOIN customers AS c ON c.customer_id = a.customer_id
WHERE COALESCE(a.opened_at, timestamptz 'epoch' + a.event_at[1] * interval '1 microsecond')
        >= (SELECT current_setting('raceline.begins')::timestamptz)
    AND COALESCE(a.opened_at, timestamptz 'epoch' + a.event_at[1] * interval '1 microsecond')
        < (SELECT current_setting('raceline.ends')::timestamptz)

-- name: predictions
SELECT p.customer_id, c.account_id, p.racetrack, p.version, p.model, p.stage, s.title, s.n AS stage_n, p.tier,
    p.entered_at, p.days_in_stage, p.computed_at, p.day, p.position, p.incidence[1] AS within_day,
    p.incidence[11] AS within_week, p.incidence[21] AS within_month, p.incidence[22] AS further_within_month,
    p.incidence[23] AS edge_within_month, p.incidence[24] AS backward_within_month,
    p.incidence[25] AS out_within_month, p.expected_days, p.median_days, p.expected_days_if_next, p.incidence
FROM predictions AS p
JOIN customers AS c ON c.customer_id = p.customer_id
JOIN racetrack_stages AS s ON s.racetrack = p.racetrack AND s.stage = p.stage
WHERE p.racetrack = current_setting('raceline.racetrack')
    AND (current_setting('raceline.stages') = ''
        OR p.stage = ANY (string_to_array(current_setting('raceline.stages'), ',')))

-- name: ledger
-- The stay that holds the moment of the prediction says what came true; it is looked for by the key of the moves.
SELECT p.id, p.customer_id, c.account_id, p.racetrack, p.racetrack_version, p.model, p.stage, p.day, p.entered_at,
    p.computed_at, p.position, p.incidence[1]::float8 AS within_day, p.incidence[11]::float8 AS within_week,
    p.incidence[21]::float8 AS within_month, p.incidence[25]::float8 AS out_within_month,
    ARRAY(SELECT u.chance::float8 FROM unnest(p.incidence) WITH ORDINALITY AS u(chance, i) ORDER BY u.i) AS incidence,
    r.version IS NOT DISTINCT FROM p.racetrack_version AND m.to_stage IS DISTINCT FROM p.stage AS revised,
    r.version IS DISTINCT FROM p.racetrack_version AS other_version,
    GREATEST((extract(epoch FROM (SELECT current_setting('raceline.clock')::timestamptz) - p.computed_at) / 86400
        )::float8, 0) AS watched_days,
    CASE WHEN m.to_stage = p.stage THEN
        CASE o.kind WHEN 'forward' THEN 'NEXT' WHEN 'skip' THEN 'FURTHER' WHEN 'edge' THEN 'EDGE' WHEN 'lap' THEN 'EDGE'
            WHEN 'backward' THEN 'BACKWARD' WHEN 'left' THEN 'OUT' END END AS exit,
    CASE WHEN m.to_stage = p.stage THEN (extract(epoch FROM m.left_at - p.computed_at) / 86400)::float8 END
        AS left_after_days
FROM raceline.prediction AS p
LEFT JOIN racetracks AS r ON r.racetrack = p.racetrack
LEFT JOIN customers AS c ON c.customer_id = p.customer_id
LEFT JOIN LATERAL (
    SELECT s.n, s.to_stage, s.left_at
    FROM moves AS s
    WHERE s.customer_id = p.customer_id AND s.racetrack = p.racetrack AND s.entered_at <= p.computed_at
    ORDER BY s.n DESC
    LIMIT 1
) AS m ON r.version = p.racetrack_version
LEFT JOIN moves AS o ON o.customer_id = p.customer_id AND o.racetrack = p.racetrack AND o.n = m.n + 1
WHERE p.racetrack = current_setting('raceline.racetrack')
    AND p.day >= COALESCE(NULLIF(current_setting('raceline.from'), '')::date, '-infinity')
    AND p.day <= COALESCE(NULLIF(current_setting('raceline.to'), '')::date, 'infinity')
    AND (current_setting('raceline.stages') = ''
        OR p.stage = ANY (string_to_array(current_setting('raceline.stages'), ',')))
