-- The pieces of predictions, and of the models that make them. An incidence has 35 places: for each of the 7 bins that
-- end 1, 3, 7, 14, 30, 60 and 90 days ahead, the chances of the 5 exits (next, further, edge, backward, out).

-- name: prediction
(SELECT p.customer_id, p.racetrack, p.version, p.model, p.stage, p.tier, p.computed_at, p.position, p.days_in_stage,
        p.incidence, p.incidence[1] AS within_day, p.incidence[11] AS within_week, p.incidence[21] AS within_month,
        p.expected_days, p.median_days, p.expected_days_if_next
 FROM {predictions} AS p
 WHERE p.customer_id = {parent}.customer_id AND p.racetrack = {parent}.racetrack) AS {row}

-- name: prediction_note
-- The model in force is that of the newest decision about the racetrack, as of the position of the answer.
CASE WHEN EXISTS (SELECT FROM {predictions} AS p
                  WHERE p.customer_id = {row}.customer_id AND p.racetrack = {row}.racetrack) THEN NULL
     WHEN {row}.status = 'outside' THEN 'The customer is in no stage of this racetrack yet.'
     WHEN {row}.status = 'left' THEN 'The customer has left the racetrack.'
     ELSE (SELECT CASE WHEN m.version IS NULL THEN 'No model is in force for this racetrack.'
                       WHEN m.racetrack_version <> {row}.version
                       THEN 'The model in force, ' || m.racetrack || '#' || m.version || ', was trained for version '
                            || m.racetrack_version || ' of the racetrack, and this answer is by version '
                            || {row}.version || '.'
                       WHEN m.unreadable IS NOT NULL
                       THEN 'The model in force, ' || m.racetrack || '#' || m.version || ', cannot be read: '
                            || m.unreadable
                       ELSE 'The prediction has not been computed yet.' END
           FROM (SELECT (SELECT d.in_force FROM given_model_decisions AS d
                         WHERE d.racetrack = {row}.racetrack AND d.position <= {position}
                         ORDER BY d.position DESC LIMIT 1) AS version) AS f
           LEFT JOIN given_models AS m ON m.racetrack = {row}.racetrack AND m.version = f.version) END

-- name: likelihood
CASE WHEN {value} < 0.2 THEN 'LOW' WHEN {value} < 0.5 THEN 'MEDIUM' ELSE 'HIGH' END

-- name: exits
(SELECT u.exit, {parent}.incidence[u.i] AS within_day, {parent}.incidence[u.i + 10] AS within_week,
        {parent}.incidence[u.i + 20] AS within_month, u.i
 FROM unnest(ARRAY['NEXT', 'FURTHER', 'EDGE', 'BACKWARD', 'OUT']) WITH ORDINALITY AS u(exit, i)
 WHERE {parent}.incidence IS NOT NULL) AS {row}

-- name: prediction_curve
(SELECT u.days, {parent}.incidence[u.i * 5 - 4] AS next, {parent}.incidence[u.i * 5 - 3] AS further,
        {parent}.incidence[u.i * 5 - 2] AS edge, {parent}.incidence[u.i * 5 - 1] AS backward,
        {parent}.incidence[u.i * 5] AS out, u.i
 FROM unnest(ARRAY[1, 3, 7, 14, 30, 60, 90]::float8[]) WITH ORDINALITY AS u(days, i)) AS {row}

-- name: predicted_range
(SELECT v.low, v.high
 FROM {prediction_intervals} AS v
 WHERE v.customer_id = {parent}.customer_id AND v.racetrack = {parent}.racetrack AND v.name = '{figure}') AS {row}

-- name: factors
(SELECT f.customer_id, f.racetrack, f.n, f."group", f.title, f.contribution, f.events,
        row_number() OVER (ORDER BY abs(f.contribution) DESC, f.n) AS i
 FROM {factors} AS f
 WHERE f.customer_id = {parent}.customer_id AND f.racetrack = {parent}.racetrack AND f.horizon = {horizon}) AS {row}

-- name: base_rate
(SELECT f.base
 FROM {factors} AS f
 WHERE f.customer_id = {row}.customer_id AND f.racetrack = {row}.racetrack AND f.horizon = {horizon} LIMIT 1)

-- name: factor_features
(SELECT v.feature, v.title, v.value, v.typical, v.said, v.m AS i
 FROM {factor_features} AS v
 WHERE v.customer_id = {parent}.customer_id AND v.racetrack = {parent}.racetrack AND v.n = {parent}.n) AS {row}

-- name: factor_events
(SELECT {columns}, v.m AS i
 FROM {factor_events} AS v
 JOIN raceline.event AS e ON e.position = v.position
 WHERE v.customer_id = {parent}.customer_id AND v.racetrack = {parent}.racetrack AND v.n = {parent}.n) AS {row}

-- name: what_if
(SELECT w.key, w.customer_id, w.racetrack, w.within_day, w.within_week, w.within_month, w.expected_days, w.incidence,
        w.basis, w.note
 FROM {what_ifs} AS w
 WHERE w.key = {key} AND w.customer_id = {parent}.customer_id AND w.racetrack = {parent}.racetrack) AS {row}

-- name: what_if_refusals
(SELECT r.feature, r.reason, r.m AS i
 FROM {what_if_refusals} AS r
 WHERE r.key = {parent}.key AND r.customer_id = {parent}.customer_id AND r.racetrack = {parent}.racetrack) AS {row}

-- name: model_of_prediction
{row}.racetrack = {parent}.racetrack AND {row}.version = {parent}.model

-- name: models
(SELECT {columns}, t.i FROM given_models AS t WHERE {filter}) AS {row}

-- name: model_rows
-- What is told of a model; nothing is nobody's.
(SELECT {columns}, t.n AS i
 FROM given_{table} AS t WHERE t.racetrack = {parent}.racetrack AND t.model = {parent}.version) AS {row}

-- name: model_metrics
(SELECT {columns}, row_number() OVER (ORDER BY t.horizon, t.stage <> '', t.i) AS i
 FROM given_model_metrics AS t WHERE t.racetrack = {parent}.racetrack AND t.model = {parent}.version) AS {row}

-- name: model_bins
(SELECT t.n, t.predicted, t.observed, t.rows, t.low, t.high, t.n AS i
 FROM given_model_calibration AS t
 WHERE t.racetrack = {parent}.racetrack AND t.model = {parent}.model AND t.horizon = {parent}.horizon
     AND t.stage = {parent}.stage) AS {row}

-- name: ledger_rows
(SELECT {columns}, t.i
 FROM given_{table} AS t
 WHERE t.key = {key} AND t.racetrack = {parent}.racetrack AND t.model = {parent}.version) AS {row}

-- name: ledger_bins
(SELECT t.n, t.predicted, t.observed, t.rows, t.low, t.high, t.n AS i
 FROM given_ledger_bins AS t
 WHERE t.key = {parent}.key AND t.racetrack = {parent}.racetrack AND t.model = {parent}.model) AS {row}

-- name: ledger_fact
(SELECT t.{fact} FROM given_ledger_position AS t LIMIT 1)

-- name: of_drift
-- One row also where there is no drift to tell of; its features are found by the model.
(SELECT {key} AS key, {parent}.racetrack AS racetrack, {parent}.version AS model) AS {row}

-- name: drift_count
(SELECT count(*) FROM given_drift AS t
 WHERE t.key = {row}.key AND t.racetrack = {row}.racetrack AND t.model = {row}.model AND t.verdict = '{verdict}')

-- name: drift_features
(SELECT t.stage, t.feature, t.title, t.from_day, t.to_day, t.rows, t.stability, t.verdict, t.n AS i
 FROM given_drift AS t
 WHERE t.key = {parent}.key AND t.racetrack = {parent}.racetrack AND t.model = {parent}.model
 ORDER BY t.n LIMIT {first}) AS {row}

-- name: horizon_name
CASE {row}.horizon WHEN 1 THEN 'DAY' WHEN 7 THEN 'WEEK' ELSE 'MONTH' END

-- name: predicted_stages
-- All predictions at once; counted once for a statement.
predicted_stages AS MATERIALIZED (
    SELECT p.racetrack, p.version, p.stage, count(*) AS predicted, avg(p.incidence[1]) AS mean_day,
           avg(p.incidence[11]) AS mean_week, avg(p.incidence[21]) AS mean_month, avg(p.incidence[25]) AS mean_left_month,
           sum(p.incidence[1]) AS expected_day, sum(p.incidence[11]) AS expected_week,
           sum(p.incidence[21]) AS expected_month, sum(p.incidence[25]) AS expected_left_month,
           avg(p.expected_days) AS expected_days
    FROM live.predictions AS p GROUP BY p.racetrack, p.version, p.stage)

-- name: stage_predictions
(SELECT c.racetrack, c.stage, c.predicted, c.mean_day, c.mean_week, c.mean_month, c.mean_left_month, c.expected_day,
        c.expected_week, c.expected_month, c.expected_left_month, c.expected_days
 FROM predicted_stages AS c
 WHERE c.racetrack = {parent}.racetrack AND c.version = {parent}.version AND c.stage = {parent}.stage) AS {row}

-- name: came_true
(SELECT {columns} FROM given_ledger_stages AS t
 WHERE t.racetrack = {parent}.racetrack AND t.stage = {parent}.stage) AS {row}

-- name: forecasts
-- A cell has at most one.
(SELECT p.j * 10000000 + (t.day - {first_day}) AS i, 1 AS rank, {columns}
 FROM given_ledger_days AS t
 JOIN places AS p ON p.place = t.stage AND p.racetrack = t.racetrack
 WHERE t.day BETWEEN {first_day} AND {last_day}) AS {row}
