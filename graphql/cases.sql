-- The pieces of support cases: their state, their events, and the stage that their customer was in.

-- name: case_by_id
{row}.customer_id = {customer} AND {row}.case_id = {case}

-- name: case_node_key
-- A case is known by its customer and its own identifier; the length says where that ends.
'Case:' || length({row}.case_id) || '/' || {row}.case_id || '/' || {row}.customer_id

-- name: open_days
-- The open times that ended, and the one that goes on until now. A source's clock may be ahead of ours.
(({row}.open_microseconds / 1000000.0
  + COALESCE(extract(epoch FROM GREATEST({clock}, {row}.open_since) - {row}.open_since), 0)) / 86400)::float8

-- name: open_cases
-- The first that were heard of. A case belongs to the racetracks that its first event is about; those have a spell of it.
(SELECT {columns}, c.n AS i
 FROM {cases} AS c
 WHERE c.customer_id = {parent}.customer_id AND c.status = 'open' AND EXISTS (
     SELECT FROM {case_spells} AS s
     WHERE s.customer_id = c.customer_id AND s.racetrack = {parent}.racetrack AND s.case_n = c.n AND s.side = 'open'
         AND s.to_day = date '9999-12-31')
 ORDER BY c.n LIMIT {first}) AS {row}

-- name: open_case_count
(SELECT count(*) FROM {cases} AS c
 WHERE c.customer_id = {row}.customer_id AND c.status = 'open' AND EXISTS (
     SELECT FROM {case_spells} AS s
     WHERE s.customer_id = c.customer_id AND s.racetrack = {row}.racetrack AND s.case_n = c.n AND s.side = 'open'
         AND s.to_day = date '9999-12-31'))

-- name: case_events
-- The arrays are parallel. Microseconds since 1970 are below 2^53, so nothing is rounded on the way.
(SELECT {parent}.customer_id, {racetrack} AS racetrack, u.position, u.does, u.open, u.severity, u.problem, u.cause,
        u.assignment_group, u.assigned_to, u.score, u.language, u.sentiment, u.survey,
        timestamptz 'epoch' + u.at * interval '1 microsecond' AS at, u.i
 FROM unnest({parent}.events, {parent}.event_at, {parent}.event_does, {parent}.event_open, {parent}.event_severity,
             {parent}.event_problem, {parent}.event_cause, {parent}.event_group, {parent}.event_engineer,
             {parent}.event_score, {parent}.event_language, {parent}.event_sentiment, {parent}.event_survey)
     WITH ORDINALITY AS u(position, at, does, open, severity, problem, cause, assignment_group, assigned_to, score,
                          language, sentiment, survey, i)
 WHERE u.i <= {first}) AS {row}

-- name: case_event_count
cardinality({row}.events)

-- name: case_text
-- An event with a text of the customer has its language, also where the scorer cannot read it.
CASE WHEN {row}.language IS NOT NULL THEN {object} END

-- name: stay_at
-- The move that began the stay at an instant; at the instant of a move it is the new stay.
{row}.customer_id = {parent}.customer_id AND {row}.racetrack = {parent}.racetrack AND {row}.to_stage IS NOT NULL
AND {row}.entered_at <= {at} AND ({row}.left_at > {at} OR {row}.left_at IS NULL)

-- name: stage_at
(SELECT m.to_stage FROM {moves} AS m WHERE {stay})

-- name: ten_thousandths
{row}.{figure} / 10000.0::float8

-- name: millionths
{row}.{figure} / 1000000.0::float8

-- name: surveys_mean
COALESCE(({prefix}survey_score::float8 / NULLIF({prefix}surveys * 1000000::float8, 0))::text, 'null')
