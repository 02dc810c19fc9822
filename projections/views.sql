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
    turn_index       bigint[] NOT NULL,
    turn_depth       bigint[] NOT NULL,
    ping_pong_index  bigint[] NOT NULL,
    ping_pong_bounces bigint[] NOT NULL,
    loop_index       bigint[] NOT NULL,
    loop_distance    bigint[] NOT NULL
);

-- Sums over all paths; every column can be added and subtracted, so a late event corrects them exactly.
CREATE TABLE {views}.pages (
    page          text COLLATE "C" NOT NULL,
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
    length_squared bigint NOT NULL
);

-- name: create_keys
-- After the bulk of a replay, because filling an indexed table is several times dearer.
ALTER TABLE {views}.customers ADD PRIMARY KEY (customer_id);
ALTER TABLE {views}.timeline ADD PRIMARY KEY (customer_id, n);
ALTER TABLE {views}.paths ADD PRIMARY KEY (path_id);
CREATE UNIQUE INDEX paths_customer ON {views}.paths (customer_id, n);
CREATE INDEX paths_started ON {views}.paths (started_at, path_id);
CREATE INDEX paths_pages ON {views}.paths USING gin (pages);
ALTER TABLE {views}.pages ADD PRIMARY KEY (page);
ALTER TABLE {views}.path_days ADD PRIMARY KEY (day, resolved, turned);

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
