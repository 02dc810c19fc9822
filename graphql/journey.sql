-- The pieces of journeys: where a customer stands on a racetrack, how they came there, and why.

-- name: default_racetrack
(SELECT d.racetrack FROM {racetracks} AS d WHERE d.place = 1)

-- name: racers
-- How many customers each racetrack has; counted once for a statement.
racers AS MATERIALIZED (SELECT j.racetrack, count(*) AS customers FROM live.journeys AS j GROUP BY j.racetrack)

-- name: journeys
(SELECT j.customer_id, j.racetrack, j.version, j.account_id, j.status, j.stage, j.stage_n, j.since, j.moves, j.laps,
        j.regressions, j.skips, j.revisions_left_out, t.place AS i
 FROM {journeys} AS j
 JOIN {racetracks} AS t ON t.racetrack = j.racetrack
 WHERE j.customer_id = {parent}.customer_id) AS {row}

-- name: racetrack_title
(SELECT t.title FROM {racetracks} AS t WHERE t.racetrack = {row}.racetrack)

-- name: racetrack_name
-- In the registry the version is part of the name.
split_part({row}.racetrack, '@', 1)

-- name: stage_title
(SELECT s.title FROM {racetrack_stages} AS s WHERE s.racetrack = {row}.racetrack AND s.stage = {row}.{stage})

-- name: days_in_stage
-- A source's clock may be ahead of ours, so a stay can begin after the tick.
CASE WHEN {row}.status = 'in_stage'
     THEN extract(epoch FROM GREATEST({clock}, {row}.since) - {row}.since)::float8 / 86400 END

-- name: days_of_stay
extract(epoch FROM COALESCE({row}.left_at, GREATEST({clock}, {row}.entered_at)) - {row}.entered_at)::float8 / 86400

-- name: stalled
-- Null when it cannot be said: in no stage, too few stays that ended, a curve that does not come down to a tenth, or a
-- version that is not live.
(SELECT {row}.since < {clock} - make_interval(secs => l.stalled_after_days * 86400)
 FROM given_stage_lengths AS l
 JOIN live.racetracks AS t ON t.racetrack = l.racetrack AND t.version = {row}.version
 WHERE {row}.status = 'in_stage' AND l.racetrack = {row}.racetrack AND l.stage = {row}.stage)

-- name: moves
(SELECT m.customer_id, m.racetrack, m.version, m.kind, m.edge, m.from_stage, m.to_stage, m.entered_at, m.left_at,
        m.known_at, m.rule, m.trigger, m.satisfied, m.observed, m.evidence, m.evidence_node, m.n AS i
 FROM {moves} AS m
 WHERE m.customer_id = {parent}.customer_id AND m.racetrack = {parent}.racetrack) AS {row}

-- name: stays
-- A stay is what a move into a stage begins.
(SELECT m.customer_id, m.racetrack, m.version, m.kind, m.edge, m.from_stage, m.to_stage, m.entered_at, m.left_at,
        m.known_at, m.rule, m.trigger, m.satisfied, m.observed, m.evidence, m.evidence_node, m.n AS i
 FROM {moves} AS m
 WHERE m.customer_id = {parent}.customer_id AND m.racetrack = {parent}.racetrack AND m.to_stage IS NOT NULL) AS {row}

-- name: caused_moves
(SELECT m.customer_id, m.racetrack, m.version, m.kind, m.edge, m.from_stage, m.to_stage, m.entered_at, m.left_at,
        m.known_at, m.rule, m.trigger, m.satisfied, m.observed, m.evidence, m.evidence_node, t.place AS i
 FROM {moves} AS m
 JOIN {racetracks} AS t ON t.racetrack = m.racetrack
 WHERE m.customer_id = {parent}.customer_id AND m.trigger = {parent}.position) AS {row}

-- name: evidence_of
(SELECT m.customer_id, m.racetrack, m.version, m.kind, m.edge, m.from_stage, m.to_stage, m.entered_at, m.left_at,
        m.known_at, m.rule, m.trigger, m.satisfied, m.observed, m.evidence, m.evidence_node, (t.place, m.n) AS i
 FROM {moves} AS m
 JOIN {racetracks} AS t ON t.racetrack = m.racetrack
 WHERE m.customer_id = {parent}.customer_id AND {parent}.position = ANY (m.evidence)) AS {row}

-- name: move_by_key
{row}.customer_id = {customer} AND {row}.racetrack = {racetrack} AND {row}.version = {version}
AND {row}.entered_at = timestamptz 'epoch' + {entered_at} * interval '1 microsecond'
AND COALESCE({row}.trigger, 0) = {trigger}

-- name: move_id
-- A definition that changes makes other moves, and the same move has the same id after every replay.
{row}.racetrack || '@' || {row}.version || '/' || (extract(epoch FROM {row}.entered_at) * 1000000)::bigint
|| '/' || COALESCE({row}.trigger, 0) || '/' || {row}.customer_id

-- name: rule_by_name
{row}.racetrack = {parent}.racetrack AND {row}.rule = {parent}.rule

-- name: conditions
-- What was observed is parallel to the rule's conditions.
(SELECT c.node, c.depth, c.kind, c.says, c.needed, c.unit, {parent}.satisfied[c.node + 1] AS satisfied,
        {parent}.observed[c.node + 1] AS observed, {parent}.evidence AS evidence,
        {parent}.evidence_node AS evidence_node, c.node AS i
 FROM {rule_conditions} AS c
 WHERE c.racetrack = {parent}.racetrack AND c.rule = {parent}.rule) AS {row}

-- name: missing
-- What stands between the customer and the rule: leaves that do not hold, and under a `not` those that do. A leaf below
-- an `any` that holds by another branch is not missing. An ancestor comes before in the order, is less deep, and nothing
-- as shallow as itself stands between.
(SELECT c.node, c.depth, c.kind, c.says, c.needed, c.unit, {parent}.satisfied[c.node + 1] AS satisfied,
        {parent}.observed[c.node + 1] AS observed, {parent}.evidence AS evidence,
        {parent}.evidence_node AS evidence_node, c.node AS i
 FROM {rule_conditions} AS c
 CROSS JOIN LATERAL (
     SELECT mod(count(*) FILTER (WHERE a.kind = 'not'), 2) = 0 AS plain,
            COALESCE(bool_or(a.kind = 'any' AND {parent}.satisfied[a.node + 1]), false) AS met
     FROM {rule_conditions} AS a
     WHERE a.racetrack = c.racetrack AND a.rule = c.rule AND a.node < c.node AND a.depth < c.depth
         AND NOT EXISTS (
             SELECT FROM {rule_conditions} AS b
             WHERE b.racetrack = c.racetrack AND b.rule = c.rule AND b.node > a.node AND b.node <= c.node
                 AND b.depth <= a.depth)) AS above
 WHERE c.racetrack = {parent}.racetrack AND c.rule = {parent}.rule AND c.kind IN ('event', 'none')
     AND NOT {parent}.satisfied[1] AND {parent}.satisfied[c.node + 1] <> above.plain
     AND NOT (above.plain AND above.met)) AS {row}

-- name: amount
-- As people read it: events, days and values as they are, sums from millionths, silence in days.
CASE {row}.unit WHEN 'millionths' THEN {row}.{amount} / 1000000.0 WHEN 'microseconds' THEN {row}.{amount} / 86400000000.0
                ELSE {row}.{amount} END::float8

-- name: unit
CASE {row}.unit WHEN 'millionths' THEN 'AMOUNT' WHEN 'microseconds' THEN 'DURATION_DAYS' ELSE upper({row}.unit) END

-- name: condition_evidence
(SELECT u.position, CASE WHEN {parent}.kind = 'none' OR NOT {parent}.satisfied THEN 'LAST_BEFORE' ELSE 'COUNTED' END
            AS role, {parent}.says AS note, u.i
 FROM unnest({parent}.evidence, {parent}.evidence_node) WITH ORDINALITY AS u(position, node, i)
 WHERE u.node = {parent}.node) AS {row}

-- name: move_evidence
-- The event at which the customer was moved is told too, when it is none of those counted.
(SELECT u.position, CASE WHEN c.kind = 'none' OR NOT {parent}.satisfied[c.node + 1] THEN 'LAST_BEFORE' ELSE 'COUNTED' END
            AS role, c.says AS note, u.i
 FROM unnest({parent}.evidence, {parent}.evidence_node) WITH ORDINALITY AS u(position, node, i)
 JOIN {rule_conditions} AS c ON c.racetrack = {parent}.racetrack AND c.rule = {parent}.rule AND c.node = u.node
 UNION ALL
 SELECT {parent}.trigger, 'TRIGGER',
        CASE WHEN {parent}.rule IS NULL THEN 'the first event of the customer' ELSE 'the event at which the rule held' END,
        cardinality({parent}.evidence) + 1
 WHERE {parent}.trigger IS NOT NULL AND {parent}.trigger <> ALL ({parent}.evidence)) AS {row}

-- name: prospects
(SELECT p.racetrack, p.rule, p.to_stage, p.kind, p.fires_at, p.satisfied, p.observed, p.evidence, p.evidence_node, p.n AS i
 FROM {prospects} AS p
 WHERE p.customer_id = {parent}.customer_id AND p.racetrack = {parent}.racetrack) AS {row}

-- name: stalled_prospects
-- What would have moved the customer on, if the stay is one that lasts too long.
(SELECT p.racetrack, p.rule, p.to_stage, p.kind, p.fires_at, p.satisfied, p.observed, p.evidence, p.evidence_node, p.n AS i
 FROM {prospects} AS p
 WHERE p.customer_id = {parent}.customer_id AND p.racetrack = {parent}.racetrack AND p.kind IN ('forward', 'skip')
     AND {stalled}) AS {row}

-- name: revisions
(SELECT v.known_at, v.causes, v.before_stages, v.before_at, v.after_stages, v.after_at, v.n AS i
 FROM {revisions} AS v
 WHERE v.customer_id = {parent}.customer_id AND v.racetrack = {parent}.racetrack) AS {row}

-- name: causes
(SELECT {columns}, p.i
 FROM unnest({parent}.causes) WITH ORDINALITY AS p(position, i)
 JOIN raceline.event AS e ON e.position = p.position) AS {row}

-- name: revised_stays
-- Microseconds since 1970; below 2^53, so nothing is rounded on the way.
(SELECT NULLIF(u.stage, '') AS stage, timestamptz 'epoch' + u.at * interval '1 microsecond' AS entered_at,
        timestamptz 'epoch' + lead(u.at) OVER (ORDER BY u.i) * interval '1 microsecond' AS left_at, u.i
 FROM unnest({parent}.{stages}, {parent}.{moments}) WITH ORDINALITY AS u(stage, at, i)) AS {row}

-- name: rule_conditions
(SELECT c.node, c.depth, c.kind, c.says, c.needed, c.unit, c.node AS i
 FROM {rule_conditions} AS c
 WHERE c.racetrack = {parent}.racetrack AND c.rule = {parent}.rule) AS {row}

-- name: rule_source
(SELECT {parent}.source_system AS system, {parent}.source_database AS database, {parent}.source_table AS "table",
        {parent}.source_attributes AS attributes
 WHERE {parent}.source_system IS NOT NULL) AS {row}

-- name: measured_coverage
-- The share of the racetrack's customers who have any event of the types that the rule looks at, under the version that
-- everybody was counted by.
(SELECT COALESCE(s.customers, 0)::float8 / NULLIF(n.customers, 0)
 FROM {counted} AS t
 JOIN {racetracks} AS k ON k.racetrack = {row}.racetrack AND k.version = t.version
 LEFT JOIN {racers} AS n ON n.racetrack = t.racetrack
 LEFT JOIN {rule_sources} AS s ON s.racetrack = t.racetrack AND s.rule = {row}.rule
 WHERE t.racetrack = split_part({row}.racetrack, '@', 1))
