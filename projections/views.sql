-- The read models of one generation. {views} is the generation's schema (views_1, views_2 ...). They hold nothing that
-- the log could not give again, so they are rebuilt and never migrated.

-- name: create_tables
CREATE SCHEMA {views};

CREATE TABLE {views}.customers (
    customer_id       text COLLATE "C" NOT NULL,
    account_id        text,
    first_occurred_at timestamptz NOT NULL,
    last_occurred_at  timestamptz NOT NULL,
    events            bigint NOT NULL,
    paths             bigint NOT NULL
);

-- The events of a customer in their total order, as people read them. path_id: the path the event belongs to.
CREATE TABLE {views}.timeline (
    customer_id text COLLATE "C" NOT NULL,
    n           bigint NOT NULL,
    position    bigint NOT NULL,
    occurred_at timestamptz NOT NULL,
    type        text NOT NULL,
    title       text NOT NULL,
    path_id     bigint
);

-- path_id is the position of the path's first event. The step arrays are parallel; the indices below are 1-based
-- steps, as in design section 6. step_at: microseconds since 1970. events: the positions of every event of the path,
-- also those whose page collapsed. stages: where the customer was when it started, by place of the racetrack, '' for no
-- stage. variants: of experiments, in the order in which its events say them.
CREATE TABLE {views}.paths (
    path_id          bigint NOT NULL,
    customer_id      text COLLATE "C" NOT NULL,
    n                bigint NOT NULL,
    started_at       timestamptz NOT NULL,
    ended_at         timestamptz NOT NULL,
    resolved         boolean NOT NULL,
    length           bigint NOT NULL,
    turnarounds      bigint NOT NULL,
    pages            text[] NOT NULL,
    step_events      bigint[] NOT NULL,
    step_at          bigint[] NOT NULL,
    implied          boolean[] NOT NULL,
    events           bigint[] NOT NULL,
    turn_index       bigint[],
    turn_depth       bigint[],
    ping_pong_index  bigint[],
    ping_pong_bounces bigint[],
    loop_index       bigint[],
    loop_distance    bigint[],
    stages           text[],
    variants         text[]
);
-- Nobody looks for what is in these, and gathering statistics of arrays is dear.
ALTER TABLE {views}.paths ALTER step_events SET STATISTICS 0, ALTER step_at SET STATISTICS 0,
    ALTER implied SET STATISTICS 0, ALTER events SET STATISTICS 0, ALTER stages SET STATISTICS 0;

-- The definitions that these read models are derived by, so that every answer can say them. Written once, when the
-- generation is made. place: 1 is the default racetrack.
CREATE TABLE {views}.racetracks (
    racetrack     text NOT NULL PRIMARY KEY,
    place         bigint NOT NULL,
    version       bigint NOT NULL,
    hash          text NOT NULL,
    title         text NOT NULL,
    documentation text NOT NULL,
    time_zone     text NOT NULL,
    start         text
);
CREATE TABLE {views}.racetrack_stages (
    racetrack     text NOT NULL,
    n             bigint NOT NULL,
    stage         text NOT NULL,
    title         text NOT NULL,
    documentation text NOT NULL,
    revenue       boolean NOT NULL,
    PRIMARY KEY (racetrack, stage)
);
-- A rule without a stage is an exit. types: the types of the events that its conditions look at.
CREATE TABLE {views}.racetrack_rules (
    racetrack         text NOT NULL,
    n                 bigint NOT NULL,
    rule              text NOT NULL,
    title             text NOT NULL,
    stage             text,
    origins           text[] NOT NULL,
    documentation     text NOT NULL,
    source_system     text,
    source_database   text,
    source_table      text,
    source_attributes text[] NOT NULL,
    owner             text NOT NULL,
    confidence        float8,
    coverage          float8,
    types             text[] NOT NULL,
    PRIMARY KEY (racetrack, rule)
);
-- The tree of a rule's conditions in the order of the file; node counts from 0, depth is 0 for the root.
CREATE TABLE {views}.rule_conditions (
    racetrack text NOT NULL,
    rule      text NOT NULL,
    node      bigint NOT NULL,
    depth     bigint NOT NULL,
    kind      text NOT NULL,
    says      text NOT NULL,
    needed    bigint,
    unit      text,
    PRIMARY KEY (racetrack, rule, node)
);

-- The scale of severities, worst first, and the data that are laid over the stages (design, section 7).
CREATE TABLE {views}.racetrack_severities (
    racetrack text NOT NULL,
    n         bigint NOT NULL,
    severity  text NOT NULL,
    PRIMARY KEY (racetrack, n)
);
CREATE TABLE {views}.racetrack_overlays (
    racetrack     text NOT NULL,
    n             bigint NOT NULL,
    overlay       text NOT NULL,
    title         text NOT NULL,
    documentation text NOT NULL,
    aggregate     text NOT NULL,
    attribute     text,
    types         text[] NOT NULL,
    PRIMARY KEY (racetrack, overlay)
);

-- Where a customer stands on a racetrack. since: entered the stage, or left the racetrack. next_timer: when time alone
-- may move the customer, or change what is known of it.
CREATE TABLE {views}.journeys (
    customer_id        text COLLATE "C" NOT NULL,
    racetrack          text NOT NULL,
    version            bigint NOT NULL,
    account_id         text,
    status             text NOT NULL,
    stage              text,
    stage_n            bigint,
    since              timestamptz,
    first_at           timestamptz NOT NULL,
    moves              bigint NOT NULL,
    laps               bigint NOT NULL,
    regressions        bigint NOT NULL,
    skips              bigint NOT NULL,
    next_timer         timestamptz,
    revisions          bigint NOT NULL,
    revisions_left_out bigint NOT NULL
);
-- A move, and the stay [entered_at, left_at) that it begins when it leads into a stage. trigger: the position of the
-- event; null for a timer. satisfied and observed are parallel to the rule's conditions, evidence to evidence_node.
CREATE TABLE {views}.moves (
    customer_id   text COLLATE "C" NOT NULL,
    racetrack     text NOT NULL,
    version       bigint NOT NULL,
    n             bigint NOT NULL,
    kind          text NOT NULL,
    edge          text,
    from_stage    text,
    to_stage      text,
    entered_at    timestamptz NOT NULL,
    left_at       timestamptz,
    known_at      timestamptz NOT NULL,
    rule          text,
    trigger       bigint,
    satisfied     boolean[] NOT NULL,
    observed      bigint[] NOT NULL,
    evidence      bigint[] NOT NULL,
    evidence_node bigint[] NOT NULL
);
-- A late event changed what was known. The stays before and after are from the first difference on; '' is outside, and
-- the moments are microseconds since 1970.
CREATE TABLE {views}.revisions (
    customer_id   text COLLATE "C" NOT NULL,
    racetrack     text NOT NULL,
    n             bigint NOT NULL,
    known_at      timestamptz NOT NULL,
    causes        bigint[] NOT NULL,
    before_stages text[] NOT NULL,
    before_at     bigint[] NOT NULL,
    after_stages  text[] NOT NULL,
    after_at      bigint[] NOT NULL
);

-- A support case of a customer, as it is known now; the event_ arrays are parallel, one entry for each of its events:
-- what it did, and what was known after it; null where nothing is. sentiment and scores: ten-thousandths; surveys:
-- millionths.
CREATE TABLE {views}.cases (
    customer_id       text COLLATE "C" NOT NULL,
    n                 bigint NOT NULL,
    case_id           text COLLATE "C" NOT NULL,
    status            text NOT NULL,
    opened_at         timestamptz,
    closed_at         timestamptz,
    reopened          bigint NOT NULL,
    reassigned        bigint NOT NULL,
    severity          text,
    problem           text,
    cause             text,
    assignment_group  text,
    assigned_to       text,
    sentiment         bigint,
    texts             bigint NOT NULL,
    surveys           bigint NOT NULL,
    survey_score      bigint NOT NULL,
    open_microseconds bigint NOT NULL,
    open_since        timestamptz,
    events            bigint[] NOT NULL,
    event_at          bigint[] NOT NULL,
    event_does        text[] NOT NULL,
    event_open        boolean[] NOT NULL,
    event_severity    text[],
    event_problem     text[],
    event_cause       text[],
    event_group       text[],
    event_engineer    text[],
    event_language    text[],
    event_score       bigint[],
    event_sentiment   bigint[],
    event_survey      bigint[]
);
-- Nobody looks for what is in these, and gathering statistics of arrays is dear.
ALTER TABLE {views}.cases ALTER events SET STATISTICS 0, ALTER event_at SET STATISTICS 0,
    ALTER event_does SET STATISTICS 0, ALTER event_open SET STATISTICS 0, ALTER event_severity SET STATISTICS 0,
    ALTER event_problem SET STATISTICS 0, ALTER event_cause SET STATISTICS 0, ALTER event_group SET STATISTICS 0,
    ALTER event_engineer SET STATISTICS 0, ALTER event_language SET STATISTICS 0, ALTER event_score SET STATISTICS 0,
    ALTER event_sentiment SET STATISTICS 0, ALTER event_survey SET STATISTICS 0;
-- Where a case counts: the days [from_day, to_day) at whose end it is open, in the stage of its customer ('' is none); or,
-- on the side `closed`, the day on which it was closed. to_day 9999-12-31: it goes on. event: the position of the event
-- that made it so.
CREATE TABLE {views}.case_spells (
    customer_id  text COLLATE "C" NOT NULL,
    racetrack    text NOT NULL,
    n            bigint NOT NULL,
    case_n       bigint NOT NULL,
    case_id      text COLLATE "C" NOT NULL,
    side         text NOT NULL,
    stage        text NOT NULL,
    from_day     date NOT NULL,
    to_day       date NOT NULL,
    severity     text,
    problem      text,
    cause        text,
    sentiment    bigint,
    event        bigint NOT NULL,
    surveys      bigint NOT NULL,
    survey_score bigint NOT NULL
);

-- What the model in force predicts of a customer who is in a stage. computed_at: the landmark, the moment that it is
-- made of; day: the local day of it; position: the highest one of the events that were used; incidence: the chances to
-- have left by the end of each bin, by bin and then by exit (analytics/incidence.py). A row whose day is over, or whose
-- model is no longer the one in force, waits for its turn.
CREATE TABLE {views}.predictions (
    customer_id           text COLLATE "C" NOT NULL,
    racetrack             text NOT NULL,
    version               bigint NOT NULL,
    model                 bigint NOT NULL,
    stage                 text NOT NULL,
    tier                  text NOT NULL,
    entered_at            timestamptz NOT NULL,
    computed_at           timestamptz NOT NULL,
    day                   date NOT NULL,
    position              bigint NOT NULL,
    days_in_stage         float8 NOT NULL,
    incidence             float8[] NOT NULL,
    expected_days         float8 NOT NULL,
    median_days           float8,
    expected_days_if_next float8
);
ALTER TABLE {views}.predictions ALTER incidence SET STATISTICS 0;

-- Sums over all journeys. The day is of the racetrack's time zone; '' is outside of the racetrack, or no rule.
CREATE TABLE {views}.stage_days (
    racetrack text NOT NULL,
    stage     text NOT NULL,
    day       date NOT NULL,
    entered   bigint NOT NULL,
    departed  bigint NOT NULL,
    PRIMARY KEY (racetrack, stage, day)
);
CREATE TABLE {views}.transitions (
    racetrack  text NOT NULL,
    from_stage text NOT NULL,
    to_stage   text NOT NULL,
    kind       text NOT NULL,
    rule       text NOT NULL,
    moves      bigint NOT NULL,
    PRIMARY KEY (racetrack, from_stage, to_stage, kind, rule)
);
-- How many customers have any event of the types that a rule looks at: its measured coverage.
CREATE TABLE {views}.rule_sources (
    racetrack text NOT NULL,
    rule      text NOT NULL,
    customers bigint NOT NULL,
    PRIMARY KEY (racetrack, rule)
);
-- Changes: what counts on a day is the sum of all rows up to it. Stage '' is no stage, value '' is not said.
CREATE TABLE {views}.case_days (
    racetrack    text NOT NULL,
    side         text NOT NULL,
    stage        text NOT NULL,
    day          date NOT NULL,
    cases        bigint NOT NULL,
    scored       bigint NOT NULL,
    score        bigint NOT NULL,
    negative     bigint NOT NULL,
    neutral      bigint NOT NULL,
    positive     bigint NOT NULL,
    surveys      bigint NOT NULL,
    survey_score bigint NOT NULL,
    PRIMARY KEY (racetrack, side, stage, day)
);
CREATE TABLE {views}.case_buckets (
    racetrack text NOT NULL,
    side      text NOT NULL,
    stage     text NOT NULL,
    day       date NOT NULL,
    dimension text NOT NULL,
    value     text NOT NULL,
    cases     bigint NOT NULL,
    PRIMARY KEY (racetrack, dimension, side, stage, day, value)
);
-- The least and the greatest sentiment from this day on until the next row, which is where they change; null where no
-- case is scored. Not a sum: it is made again from the spells where these changed.
CREATE TABLE {views}.case_extremes (
    racetrack text NOT NULL,
    side      text NOT NULL,
    stage     text NOT NULL,
    day       date NOT NULL,
    minimum   bigint,
    maximum   bigint,
    PRIMARY KEY (racetrack, side, stage, day)
);
-- Amounts on a day.
CREATE TABLE {views}.stage_views (
    racetrack text NOT NULL,
    stage     text NOT NULL,
    day       date NOT NULL,
    kind      text NOT NULL,
    page      text NOT NULL,
    views     bigint NOT NULL,
    PRIMARY KEY (racetrack, kind, stage, day, page)
);
CREATE TABLE {views}.overlay_days (
    racetrack text NOT NULL,
    overlay   text NOT NULL,
    stage     text NOT NULL,
    day       date NOT NULL,
    value     text NOT NULL,
    events    bigint NOT NULL,
    counted   bigint NOT NULL,
    amount    bigint NOT NULL,
    PRIMARY KEY (racetrack, overlay, stage, day, value)
);

-- name: create_timeline_keys
-- Apart from the others, because it is as dear as all of them together and can be made beside them.
SET LOCAL maintenance_work_mem = '256MB';
ALTER TABLE {views}.timeline ADD PRIMARY KEY (customer_id, n);
ANALYZE {views}.timeline;

-- name: create_keys
-- After the bulk of a replay, because filling an indexed table is several times dearer.
SET LOCAL maintenance_work_mem = '256MB';
ALTER TABLE {views}.customers ADD PRIMARY KEY (customer_id);
CREATE INDEX customers_account ON {views}.customers (account_id, customer_id) WHERE account_id IS NOT NULL;
ALTER TABLE {views}.paths ADD PRIMARY KEY (path_id);
CREATE UNIQUE INDEX paths_customer ON {views}.paths (customer_id, n);
CREATE INDEX paths_started ON {views}.paths (started_at, path_id);
-- Without a pending list, which every reader would have to go through until the next VACUUM.
CREATE INDEX paths_pages ON {views}.paths USING gin (pages) WITH (fastupdate = off);
ALTER TABLE {views}.journeys ADD PRIMARY KEY (customer_id, racetrack);
CREATE INDEX journeys_stage ON {views}.journeys (racetrack, stage, customer_id);
CREATE INDEX journeys_account ON {views}.journeys (account_id, customer_id) WHERE account_id IS NOT NULL;
CREATE INDEX journeys_due ON {views}.journeys (next_timer) WHERE next_timer IS NOT NULL;
ALTER TABLE {views}.moves ADD PRIMARY KEY (customer_id, racetrack, n);
CREATE INDEX moves_trigger ON {views}.moves (trigger) WHERE trigger IS NOT NULL;
CREATE INDEX moves_known ON {views}.moves (known_at, customer_id, racetrack, n);
ALTER TABLE {views}.revisions ADD PRIMARY KEY (customer_id, racetrack, n);
CREATE INDEX revisions_known ON {views}.revisions (known_at, customer_id, racetrack, n);
ALTER TABLE {views}.cases ADD PRIMARY KEY (customer_id, n);
CREATE INDEX cases_case ON {views}.cases (case_id);
CREATE INDEX cases_opened ON {views}.cases (opened_at, customer_id, case_id);
ALTER TABLE {views}.case_spells ADD PRIMARY KEY (customer_id, racetrack, n);
-- What counts on a day ended after it; for the days that are looked at most, the last ones, that is little.
CREATE INDEX case_spells_day ON {views}.case_spells (racetrack, side, stage, to_day, from_day);
ALTER TABLE {views}.predictions ADD PRIMARY KEY (customer_id, racetrack);
ANALYZE {views}.customers;
ANALYZE {views}.paths;
ANALYZE {views}.journeys;
ANALYZE {views}.moves;
ANALYZE {views}.revisions;
ANALYZE {views}.cases;
ANALYZE {views}.case_spells;
ANALYZE {views}.predictions;
ANALYZE {views}.stage_days;
ANALYZE {views}.case_days;
ANALYZE {views}.case_buckets;
ANALYZE {views}.stage_views;
ANALYZE {views}.overlay_days;

-- name: replace_customers
-- Rows of the customers touched go; derivation gives them anew.
DELETE FROM {views}.customers AS c USING pg_temp.touched AS t WHERE c.customer_id = t.customer_id;
DELETE FROM {views}.timeline AS l USING pg_temp.touched AS t WHERE l.customer_id = t.customer_id;
DELETE FROM {views}.paths AS p USING pg_temp.touched AS t WHERE p.customer_id = t.customer_id;
DELETE FROM {views}.journeys AS j USING pg_temp.touched AS t WHERE j.customer_id = t.customer_id;
DELETE FROM {views}.moves AS m USING pg_temp.touched AS t WHERE m.customer_id = t.customer_id;
DELETE FROM {views}.revisions AS r USING pg_temp.touched AS t WHERE r.customer_id = t.customer_id;
DELETE FROM {views}.cases AS c USING pg_temp.touched AS t WHERE c.customer_id = t.customer_id;
DELETE FROM {views}.case_spells AS s USING pg_temp.touched AS t WHERE s.customer_id = t.customer_id;
DELETE FROM {views}.predictions AS p USING pg_temp.touched AS t WHERE p.customer_id = t.customer_id;

-- name: in_force
-- The models that predict, with the local day that it is by the checkpoint's clock.
SELECT f.racetrack, f.model, f.day
FROM jsonb_to_recordset(current_setting('raceline.models')::jsonb) AS f (racetrack text, model bigint, day date)

-- name: touch_waiting
-- The next customers whose predictions are missing, are of another day or by another model, or are not in the ledger: a
-- replay writes nothing there.
INSERT INTO pg_temp.touched (customer_id)
SELECT DISTINCT j.customer_id
FROM ({in_force}) AS f
JOIN {views}.journeys AS j ON j.racetrack = f.racetrack AND j.status = 'in_stage'
LEFT JOIN {views}.predictions AS p ON p.customer_id = j.customer_id AND p.racetrack = j.racetrack
WHERE j.customer_id > current_setting('raceline.after_customer')
    AND (p.customer_id IS NULL OR p.day <> f.day OR p.model <> f.model OR NOT EXISTS (
        SELECT FROM raceline.prediction AS l
        WHERE l.racetrack = p.racetrack AND l.day = p.day AND l.customer_id = p.customer_id
            AND l.entered_at = p.entered_at))
ORDER BY j.customer_id
LIMIT current_setting('raceline.most')::bigint;
ANALYZE pg_temp.touched;

-- name: last_touched
SELECT max(t.customer_id) AS customer_id, count(*) AS customers FROM pg_temp.touched AS t

-- name: replace_predictions
DELETE FROM {views}.predictions AS p USING pg_temp.touched AS t WHERE p.customer_id = t.customer_id;

-- name: forget_predictions
-- Where no model predicts any more nothing is predicted.
DELETE FROM {views}.predictions AS p WHERE p.racetrack NOT IN (SELECT f.racetrack FROM ({in_force}) AS f);

-- name: note_predictions
-- The ledger keeps the first prediction of each customer, stay and day: of those that were made just now, the ones that
-- are the first.
INSERT INTO raceline.prediction (racetrack, customer_id, entered_at, day, computed_at, racetrack_version, model, stage,
    position, incidence)
SELECT p.racetrack, p.customer_id, p.entered_at, p.day, p.computed_at, p.version, p.model, p.stage, p.position,
    p.incidence::real[]
FROM {views}.predictions AS p
JOIN pg_temp.touched AS t ON t.customer_id = p.customer_id
ORDER BY p.customer_id, p.racetrack
ON CONFLICT DO NOTHING
RETURNING racetrack, customer_id

-- name: noted
-- Whose predictions of the day are in the ledger, of a range of customers.
SELECT l.customer_id, l.racetrack, l.entered_at
FROM ({in_force}) AS f
JOIN raceline.prediction AS l ON l.racetrack = f.racetrack AND l.day = f.day
WHERE l.customer_id > current_setting('raceline.after_customer')
    AND l.customer_id <= current_setting('raceline.through_customer')

-- name: create_new_drift
CREATE TEMPORARY TABLE new_drift (racetrack text, model bigint, day date, stage text, feature text, bin bigint,
    rows bigint) ON COMMIT DELETE ROWS;

-- name: add_drift
INSERT INTO raceline.prediction_drift AS d (racetrack, model, day, stage, feature, bin, rows)
SELECT n.racetrack, n.model, n.day, n.stage, n.feature, n.bin, n.rows
FROM pg_temp.new_drift AS n
ON CONFLICT (racetrack, model, day, stage, feature, bin) DO UPDATE SET rows = d.rows + excluded.rows;
DELETE FROM pg_temp.new_drift;

-- name: touch_due
-- The customers whom time alone may have moved since they were derived.
INSERT INTO pg_temp.touched (customer_id)
SELECT DISTINCT j.customer_id
FROM {views}.journeys AS j
WHERE j.next_timer <= timestamptz 'epoch' + current_setting('raceline.clock')::bigint * interval '1 microsecond'
    AND NOT EXISTS (SELECT FROM pg_temp.touched AS t WHERE t.customer_id = j.customer_id);

-- name: paced
-- Up to which clock no more than so many customers are due; nothing when there are fewer.
SELECT (extract(epoch FROM j.next_timer) * 1000000)::bigint AS clock
FROM {views}.journeys AS j
WHERE j.next_timer <= timestamptz 'epoch' + current_setting('raceline.clock')::bigint * interval '1 microsecond'
ORDER BY j.next_timer
OFFSET current_setting('raceline.most')::bigint
LIMIT 1

-- name: next_due
SELECT COALESCE((extract(epoch FROM min(j.next_timer)) * 1000000)::bigint, 9223372036854775807) AS due
FROM {views}.journeys AS j

-- name: drop
DROP SCHEMA IF EXISTS {views} CASCADE;

-- name: create_difference
-- What to add to the sums of a table; kept for a session and emptied at each commit.
CREATE TEMPORARY TABLE {table}_difference ({definition}) ON COMMIT DELETE ROWS

-- name: add_difference
-- A sum that comes down to nothing leaves, so that the table is the same as after a clean replay.
INSERT INTO {views}.{table} AS s ({columns})
SELECT {columns_of_d}
FROM pg_temp.{table}_difference AS d
ON CONFLICT ({keys}) DO UPDATE SET {added};
DELETE FROM {views}.{table} AS s USING pg_temp.{table}_difference AS d WHERE {same_key} AND {nothing_left};

-- name: create_touched_extremes
CREATE TEMPORARY TABLE touched_extremes (racetrack text, side text, stage text, from_day date, to_day date)
    ON COMMIT DELETE ROWS;

-- name: touch_all_extremes
INSERT INTO pg_temp.touched_extremes (racetrack, side, stage, from_day, to_day)
SELECT DISTINCT d.racetrack, d.side, d.stage, date '0001-01-01', date '9999-12-31' FROM {views}.case_days AS d

-- name: extreme_spells
-- The spells that count on the days of which the extremes may have changed.
SELECT s.racetrack, s.side, s.stage, s.from_day, s.to_day, s.sentiment, count(*) AS spells, t.from_day AS touched_from,
    t.to_day AS touched_to
FROM pg_temp.touched_extremes AS t
JOIN {views}.case_spells AS s
    ON s.racetrack = t.racetrack AND s.side = t.side AND s.stage = t.stage
    AND s.to_day >= t.from_day AND s.from_day <= t.to_day
WHERE s.sentiment IS NOT NULL
GROUP BY s.racetrack, s.side, s.stage, s.from_day, s.to_day, s.sentiment, t.from_day, t.to_day

-- name: forget_extremes
DELETE FROM {views}.case_extremes AS x USING pg_temp.touched_extremes AS t
WHERE x.racetrack = t.racetrack AND x.side = t.side AND x.stage = t.stage AND x.day >= t.from_day AND x.day <= t.to_day

-- name: publish
-- Readers name the schema `live` and never a generation, so a switch is these views replaced in one transaction.
CREATE SCHEMA IF NOT EXISTS live;
DROP VIEW IF EXISTS live.customers;
CREATE VIEW live.customers AS
SELECT t.customer_id, t.account_id, t.first_occurred_at, t.last_occurred_at, t.events, t.paths
FROM {views}.customers AS t;
DROP VIEW IF EXISTS live.timeline;
CREATE VIEW live.timeline AS
SELECT t.customer_id, t.n, t.position, t.occurred_at, t.type, t.title, t.path_id
FROM {views}.timeline AS t;
DROP VIEW IF EXISTS live.paths;
CREATE VIEW live.paths AS
SELECT t.path_id, t.customer_id, t.n, t.started_at, t.ended_at, t.resolved, t.length, t.turnarounds, t.pages,
    t.step_events, t.step_at, t.implied, t.events, t.turn_index, t.turn_depth, t.ping_pong_index, t.ping_pong_bounces,
    t.loop_index, t.loop_distance, t.stages, t.variants
FROM {views}.paths AS t;
-- Older versions had these; a schema that a view still reads could not be dropped.
DROP VIEW IF EXISTS live.pages;
DROP VIEW IF EXISTS live.path_days;
DROP VIEW IF EXISTS live.racetracks;
CREATE VIEW live.racetracks AS
SELECT t.racetrack, t.place, t.version, t.hash, t.title, t.documentation, t.time_zone, t.start
FROM {views}.racetracks AS t;
DROP VIEW IF EXISTS live.racetrack_stages;
CREATE VIEW live.racetrack_stages AS
SELECT t.racetrack, t.n, t.stage, t.title, t.documentation, t.revenue
FROM {views}.racetrack_stages AS t;
DROP VIEW IF EXISTS live.racetrack_rules;
CREATE VIEW live.racetrack_rules AS
SELECT t.racetrack, t.n, t.rule, t.title, t.stage, t.origins, t.documentation, t.source_system, t.source_database,
    t.source_table, t.source_attributes, t.owner, t.confidence, t.coverage, t.types
FROM {views}.racetrack_rules AS t;
DROP VIEW IF EXISTS live.rule_conditions;
CREATE VIEW live.rule_conditions AS
SELECT t.racetrack, t.rule, t.node, t.depth, t.kind, t.says, t.needed, t.unit
FROM {views}.rule_conditions AS t;
DROP VIEW IF EXISTS live.journeys;
CREATE VIEW live.journeys AS
SELECT t.customer_id, t.racetrack, t.version, t.account_id, t.status, t.stage, t.stage_n, t.since, t.first_at,
    t.moves, t.laps, t.regressions, t.skips, t.next_timer, t.revisions, t.revisions_left_out
FROM {views}.journeys AS t;
DROP VIEW IF EXISTS live.moves;
CREATE VIEW live.moves AS
SELECT t.customer_id, t.racetrack, t.version, t.n, t.kind, t.edge, t.from_stage, t.to_stage, t.entered_at, t.left_at,
    t.known_at, t.rule, t.trigger, t.satisfied, t.observed, t.evidence, t.evidence_node
FROM {views}.moves AS t;
DROP VIEW IF EXISTS live.revisions;
CREATE VIEW live.revisions AS
SELECT t.customer_id, t.racetrack, t.n, t.known_at, t.causes, t.before_stages, t.before_at, t.after_stages, t.after_at
FROM {views}.revisions AS t;
DROP VIEW IF EXISTS live.stage_days;
CREATE VIEW live.stage_days AS
SELECT t.racetrack, t.stage, t.day, t.entered, t.departed
FROM {views}.stage_days AS t;
DROP VIEW IF EXISTS live.transitions;
CREATE VIEW live.transitions AS
SELECT t.racetrack, t.from_stage, t.to_stage, t.kind, t.rule, t.moves
FROM {views}.transitions AS t;
DROP VIEW IF EXISTS live.rule_sources;
CREATE VIEW live.rule_sources AS
SELECT t.racetrack, t.rule, t.customers
FROM {views}.rule_sources AS t;
DROP VIEW IF EXISTS live.racetrack_severities;
CREATE VIEW live.racetrack_severities AS
SELECT t.racetrack, t.n, t.severity
FROM {views}.racetrack_severities AS t;
DROP VIEW IF EXISTS live.racetrack_overlays;
CREATE VIEW live.racetrack_overlays AS
SELECT t.racetrack, t.n, t.overlay, t.title, t.documentation, t.aggregate, t.attribute, t.types
FROM {views}.racetrack_overlays AS t;
DROP VIEW IF EXISTS live.cases;
CREATE VIEW live.cases AS
SELECT t.customer_id, t.n, t.case_id, t.status, t.opened_at, t.closed_at, t.reopened, t.reassigned, t.severity,
    t.problem, t.cause, t.assignment_group, t.assigned_to, t.sentiment, t.texts, t.surveys, t.survey_score,
    t.open_microseconds, t.open_since, t.events, t.event_at, t.event_does, t.event_open, t.event_severity,
    t.event_problem, t.event_cause, t.event_group, t.event_engineer, t.event_language, t.event_score,
    t.event_sentiment, t.event_survey
FROM {views}.cases AS t;
DROP VIEW IF EXISTS live.case_spells;
CREATE VIEW live.case_spells AS
SELECT t.customer_id, t.racetrack, t.n, t.case_n, t.case_id, t.side, t.stage, t.from_day, t.to_day, t.severity,
    t.problem, t.cause, t.sentiment, t.event, t.surveys, t.survey_score
FROM {views}.case_spells AS t;
DROP VIEW IF EXISTS live.predictions;
CREATE VIEW live.predictions AS
SELECT t.customer_id, t.racetrack, t.version, t.model, t.stage, t.tier, t.entered_at, t.computed_at, t.day, t.position,
    t.days_in_stage, t.incidence, t.expected_days, t.median_days, t.expected_days_if_next
FROM {views}.predictions AS t;
DROP VIEW IF EXISTS live.case_days;
CREATE VIEW live.case_days AS
SELECT t.racetrack, t.side, t.stage, t.day, t.cases, t.scored, t.score, t.negative, t.neutral, t.positive,
    t.surveys, t.survey_score
FROM {views}.case_days AS t;
DROP VIEW IF EXISTS live.case_buckets;
CREATE VIEW live.case_buckets AS
SELECT t.racetrack, t.side, t.stage, t.day, t.dimension, t.value, t.cases
FROM {views}.case_buckets AS t;
DROP VIEW IF EXISTS live.case_extremes;
CREATE VIEW live.case_extremes AS
SELECT t.racetrack, t.side, t.stage, t.day, t.minimum, t.maximum
FROM {views}.case_extremes AS t;
DROP VIEW IF EXISTS live.stage_views;
CREATE VIEW live.stage_views AS
SELECT t.racetrack, t.stage, t.day, t.kind, t.page, t.views
FROM {views}.stage_views AS t;
DROP VIEW IF EXISTS live.overlay_days;
CREATE VIEW live.overlay_days AS
SELECT t.racetrack, t.overlay, t.stage, t.day, t.value, t.events, t.counted, t.amount
FROM {views}.overlay_days AS t;
