-- The pieces of racetracks as a whole: definitions, stages, dry runs, and companies.

-- name: racetracks
(SELECT t.racetrack, t.version, t.hash, t.title, t.documentation, t.time_zone, t.start, t.status, t.is_default, t.text,
        t.published_at, t.position, t.i
 FROM given_registry AS t) AS {row}

-- name: racetrack_stages
(SELECT s.stage, s.title, s.documentation, s.revenue, s.n, s.n AS i
 FROM {racetrack_stages} AS s WHERE s.racetrack = {parent}.racetrack) AS {row}

-- name: racetrack_rules
(SELECT u.racetrack, u.rule, u.title, u.stage, u.origins, u.documentation, u.source_system, u.source_database,
        u.source_table, u.source_attributes, u.owner, u.confidence, u.coverage, u.types, u.n AS i
 FROM {racetrack_rules} AS u WHERE u.racetrack = {parent}.racetrack) AS {row}

-- name: stage_rules
(SELECT u.racetrack, u.rule, u.title, u.stage, u.origins, u.documentation, u.source_system, u.source_database,
        u.source_table, u.source_attributes, u.owner, u.confidence, u.coverage, u.types, u.n AS i
 FROM {racetrack_rules} AS u WHERE u.racetrack = {parent}.racetrack AND u.stage = {parent}.stage) AS {row}

-- name: stages
(SELECT s.racetrack, t.version, s.stage, s.title, s.n, s.n AS i
 FROM {racetrack_stages} AS s
 JOIN {racetracks} AS t ON t.racetrack = s.racetrack
 WHERE s.racetrack = {racetrack} AND {filter}) AS {row}

-- name: or_null
-- Nothing is null, so that it is asked for elsewhere.
NULLIF({list}::text, '[]')::json

-- name: customers_now
-- Whoever entered a stage and did not depart from it is there now, so that nobody has to count journeys.
(SELECT COALESCE(sum(d.entered - d.departed), 0)::bigint
 FROM {stage_days} AS d WHERE d.racetrack = {row}.racetrack AND d.stage = {row}.stage)

-- name: stage_sum
(SELECT COALESCE(sum(d.{amount}), 0)::bigint
 FROM {stage_days} AS d WHERE d.racetrack = {row}.racetrack AND d.stage = {row}.stage)

-- name: stage_days
-- Who is in the stage at the end of a day: all that ever entered, less all that left.
(SELECT d.day, d.entered, d.departed, d.customers, d.i
 FROM (SELECT a.day, a.entered, a.departed, (sum(a.entered - a.departed) OVER (ORDER BY a.day))::bigint AS customers,
              row_number() OVER (ORDER BY a.day) AS i
       FROM {stage_days} AS a
       WHERE a.racetrack = {parent}.racetrack AND a.stage = {parent}.stage) AS d
 WHERE {filter}) AS {row}

-- name: stage_length
(SELECT l.stays, l.open, l.horizon_days, l.mean_days, l.mean_lower, l.mean_upper, l.median_days, l.median_lower,
        l.median_upper, l.q25_days, l.q25_lower, l.q25_upper, l.q75_days, l.q75_lower, l.q75_upper, l.p90_days,
        l.p90_lower, l.p90_upper, l.stalled_after_days, l.curve_days, l.curve_survival, l.curve_lower, l.curve_upper,
        l.curve_left_out
 FROM {stage_lengths} AS l WHERE l.racetrack = {parent}.racetrack AND l.stage = {parent}.stage) AS {row}

-- name: estimate
(SELECT {parent}.{figure}_days AS days, {parent}.{figure}_lower AS lower, {parent}.{figure}_upper AS upper
 WHERE {parent}.{figure}_days IS NOT NULL) AS {row}

-- name: curve
(SELECT u.days, u.survival, u.lower, u.upper, u.i
 FROM unnest({parent}.curve_days, {parent}.curve_survival, {parent}.curve_lower, {parent}.curve_upper)
     WITH ORDINALITY AS u(days, survival, lower, upper, i)) AS {row}

-- name: moves_of_kind
(SELECT COALESCE(sum(t.moves), 0)::bigint
 FROM {transitions} AS t
 WHERE t.racetrack = {row}.racetrack AND t.from_stage = {row}.stage AND t.kind = {kind})

-- name: share_left
(SELECT (sum(t.moves) FILTER (WHERE t.kind = 'left') / NULLIF(sum(t.moves), 0))::float8
 FROM (SELECT a.kind, a.moves FROM {transitions} AS a
       WHERE a.racetrack = {row}.racetrack AND a.from_stage = {row}.stage
       UNION ALL SELECT 'left', 0) AS t)

-- name: transitions
(SELECT NULLIF(t.to_stage, '') AS to_stage, t.kind, sum(t.moves)::bigint AS moves,
        (sum(t.moves) / sum(sum(t.moves)) OVER ())::float8 AS share,
        row_number() OVER (ORDER BY sum(t.moves) DESC, t.to_stage, t.kind) AS i
 FROM {transitions} AS t
 WHERE t.racetrack = {parent}.racetrack AND t.from_stage = {parent}.stage
 GROUP BY t.to_stage, t.kind) AS {row}

-- name: stalled_now
COALESCE((SELECT l.stalled FROM {stage_lengths} AS l
          WHERE l.racetrack = {row}.racetrack AND l.stage = {row}.stage), 0)

-- name: of_stage
c.customer_id IN (SELECT j.customer_id FROM live.journeys AS j WHERE j.racetrack = {racetrack} AND j.stage = {stage})

-- name: of_stalled
(c.customer_id IN (
    SELECT j.customer_id
    FROM live.journeys AS j
    JOIN given_stage_lengths AS l ON l.racetrack = j.racetrack AND l.stage = j.stage
    WHERE j.racetrack = {racetrack} AND j.since < {clock} - make_interval(secs => l.stalled_after_days * 86400))) = {stalled}

-- name: on_racetrack
c.customer_id IN (SELECT j.customer_id FROM live.journeys AS j WHERE j.racetrack = {racetrack})

-- name: account
(SELECT c.account_id, count(*) AS customers, {racetrack} AS racetrack
 FROM live.customers AS c WHERE c.account_id = {account} GROUP BY c.account_id) AS {row}

-- name: account_stages
(SELECT s.stage, s.title, count(*) AS customers, s.n AS i
 FROM live.customers AS c
 JOIN live.journeys AS j ON j.customer_id = c.customer_id AND j.racetrack = {parent}.racetrack
 JOIN live.racetrack_stages AS s ON s.racetrack = j.racetrack AND s.stage = j.stage
 WHERE c.account_id = {parent}.account_id
 GROUP BY s.stage, s.title, s.n) AS {row}

-- name: account_stage
(SELECT j.stage
 FROM live.customers AS c
 JOIN live.journeys AS j ON j.customer_id = c.customer_id AND j.racetrack = {row}.racetrack
 WHERE c.account_id = {row}.account_id AND j.stage IS NOT NULL
 ORDER BY j.stage_n {direction} LIMIT 1)

-- name: account_history
(SELECT h.entered_at, h.left_at, h.furthest, h.earliest, h.customers, h.n AS i
 FROM given_account_history AS h WHERE h.account_id = {parent}.account_id) AS {row}

-- name: dry_run
(SELECT d.racetrack, d.version, d.against, d.position, d.customers, d.moved FROM given_dry_run AS d) AS {row}

-- name: dry_run_stages
(SELECT d.stage, d.now, d."then", d.i FROM given_dry_run_stages AS d) AS {row}

-- name: dry_run_transitions
(SELECT d.from_stage, d.to_stage, d.customers, d.rule, d.i FROM given_dry_run_transitions AS d) AS {row}
