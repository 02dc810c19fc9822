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
-- steps, as in design section 6. events: the positions of every event of the path, also those whose page collapsed.
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
    implied          boolean[] NOT NULL,
    events           bigint[] NOT NULL,
    turn_index       bigint[],
    turn_depth       bigint[],
    ping_pong_index  bigint[],
    ping_pong_bounces bigint[],
    loop_index       bigint[],
    loop_distance    bigint[]
);

-- Sums over all paths; every column can be added and subtracted, so a late event corrects them exactly.
CREATE TABLE {views}.pages (
    page          text COLLATE "C" PRIMARY KEY,
    visits        bigint NOT NULL,
    customers     bigint NOT NULL,
    opportunities bigint NOT NULL,
    turnarounds   bigint NOT NULL,
    depth         bigint NOT NULL,
    ping_pongs    bigint NOT NULL
);

-- Sums over the paths that started on a day (UTC), for any span of days: mean and variance follow from the sums.
CREATE TABLE {views}.path_days (
    day            date NOT NULL,
    resolved       boolean NOT NULL,
    turned         boolean NOT NULL,
    paths          bigint NOT NULL,
    length         bigint NOT NULL,
    length_squared bigint NOT NULL,
    PRIMARY KEY (day, resolved, turned)
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
ANALYZE {views}.customers;
ANALYZE {views}.paths;

-- name: replace_customers
-- Rows of the customers touched go; derivation gives them anew.
DELETE FROM {views}.customers AS c USING pg_temp.touched AS t WHERE c.customer_id = t.customer_id;
DELETE FROM {views}.timeline AS l USING pg_temp.touched AS t WHERE l.customer_id = t.customer_id;
DELETE FROM {views}.paths AS p USING pg_temp.touched AS t WHERE p.customer_id = t.customer_id;

-- name: drop
DROP SCHEMA IF EXISTS {views} CASCADE;

-- name: create_differences
CREATE TEMPORARY TABLE pages_difference (page text COLLATE "C", visits bigint, customers bigint, opportunities bigint,
    turnarounds bigint, depth bigint, ping_pongs bigint) ON COMMIT DELETE ROWS;
CREATE TEMPORARY TABLE path_days_difference (day date, resolved boolean, turned boolean, paths bigint, length bigint,
    length_squared bigint) ON COMMIT DELETE ROWS;

-- name: add_differences
-- A sum that comes down to nothing leaves, so that the table is the same as after a clean replay.
INSERT INTO {views}.pages AS p (page, visits, customers, opportunities, turnarounds, depth, ping_pongs)
SELECT d.page, d.visits, d.customers, d.opportunities, d.turnarounds, d.depth, d.ping_pongs
FROM pg_temp.pages_difference AS d
ON CONFLICT (page) DO UPDATE
SET visits = p.visits + excluded.visits, customers = p.customers + excluded.customers,
    opportunities = p.opportunities + excluded.opportunities, turnarounds = p.turnarounds + excluded.turnarounds,
    depth = p.depth + excluded.depth, ping_pongs = p.ping_pongs + excluded.ping_pongs;
DELETE FROM {views}.pages AS p WHERE p.visits = 0;
INSERT INTO {views}.path_days AS p (day, resolved, turned, paths, length, length_squared)
SELECT d.day, d.resolved, d.turned, d.paths, d.length, d.length_squared
FROM pg_temp.path_days_difference AS d
ON CONFLICT (day, resolved, turned) DO UPDATE
SET paths = p.paths + excluded.paths, length = p.length + excluded.length,
    length_squared = p.length_squared + excluded.length_squared;
DELETE FROM {views}.path_days AS p WHERE p.paths = 0;

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
    t.step_events, t.implied, t.events, t.turn_index, t.turn_depth, t.ping_pong_index, t.ping_pong_bounces,
    t.loop_index, t.loop_distance
FROM {views}.paths AS t;
DROP VIEW IF EXISTS live.pages;
CREATE VIEW live.pages AS
SELECT t.page, t.visits, t.customers, t.opportunities, t.turnarounds, t.depth, t.ping_pongs
FROM {views}.pages AS t;
DROP VIEW IF EXISTS live.path_days;
CREATE VIEW live.path_days AS
SELECT t.day, t.resolved, t.turned, t.paths, t.length, t.length_squared
FROM {views}.path_days AS t;
