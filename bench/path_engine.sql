-- The questions of path_engine.py, asked of DuckDB. The table click (customer, moment, page, source, resolved) is sorted
-- by customer and time. A window without an order takes rows as they lie there, which DuckDB keeps, and streams: three
-- times as fast as one by customer. The statements between two names are timed together.

-- name: sessions
-- Where paths start, and the steps that each click adds: its source if the customer was not last seen there, its page.
CREATE OR REPLACE TABLE started AS
SELECT c.*, sum(c.starts::int) OVER (ROWS UNBOUNDED PRECEDING) AS path
FROM (
    SELECT
        r.*,
        lag(r.page) OVER () AS seen,
        coalesce(
            r.customer != lag(r.customer) OVER () OR r.moment - $gap >= lag(r.moment) OVER () OR lag(r.resolved) OVER (), true
        ) AS starts
    FROM click AS r
) AS c;
CREATE OR REPLACE TABLE step AS
SELECT
    s.path, s.customer, s.moment, s.page,
    CASE WHEN lag(s.path) OVER () = s.path THEN lag(s.page) OVER () END AS before,
    CASE WHEN lead(s.path) OVER () = s.path THEN lead(s.page) OVER () END AS after,
    CASE WHEN lead(s.path) OVER () = s.path THEN lead(s.moment) OVER () END AS left_at
FROM (
    SELECT
        c.path, c.customer, c.moment,
        unnest(
            CASE
                WHEN c.source >= 0 AND (c.starts OR c.source != c.seen)
                    THEN CASE WHEN c.page != c.source THEN [c.source, c.page] ELSE [c.source] END
                WHEN c.page != CASE WHEN c.source >= 0 THEN c.source WHEN c.starts THEN -1 ELSE c.seen END THEN [c.page]
                ELSE []
            END
        ) AS page
    FROM started AS c
) AS s;

-- name: turnarounds
-- Without depth and loops, which SQL has no words for.
CREATE OR REPLACE TABLE turn AS
SELECT
    t.*,
    t.before IS NOT NULL AND t.after IS NOT NULL AND NOT (t.apex AND coalesce(lag(t.apex) OVER (), false)) AS opportunity,
    t.apex AND NOT coalesce(lag(t.apex) OVER (), false) AS turnaround,
    t.apex AND NOT coalesce(lag(t.apex) OVER (), false) AND coalesce(lead(t.apex) OVER (), false) AS ping_pong
FROM (SELECT s.*, coalesce(s.before = s.after, false) AS apex FROM step AS s) AS t;

-- name: lengths
CREATE OR REPLACE TABLE path AS
SELECT
    t.path, any_value(t.customer) AS customer, count(*) AS length, bool_or(t.turnaround) AS turned,
    any_value(t.page) FILTER (t.before IS NULL) AS entry, any_value(t.page) FILTER (t.after IS NULL) AS last,
    t.path IN (SELECT c.path FROM started AS c WHERE c.resolved) AS resolved
FROM turn AS t
GROUP BY t.path;
CREATE OR REPLACE TABLE lengths AS
SELECT p.resolved, count(*) AS paths, sum(p.length) AS length, sum(p.length * p.length) AS squared, sum(p.turned::int) AS turned
FROM path AS p
GROUP BY p.resolved
ORDER BY p.resolved;

-- name: pages
CREATE OR REPLACE TABLE page_sum AS
SELECT
    c.page, sum(c.visits) AS visits, count(*) AS customers, sum(c.entries) AS entries, sum(c.exits) AS exits,
    sum(c.n) AS opportunities, sum(c.k) AS turnarounds, sum(c.ping_pongs) AS ping_pongs, sum(c.n * c.n) AS nn, sum(c.n * c.k) AS nk, sum(c.k * c.k) AS kk
FROM (
    SELECT
        t.page, t.customer, count(*) AS visits, count(*) FILTER (t.before IS NULL) AS entries,
        count(*) FILTER (t.after IS NULL) AS exits, count(*) FILTER (t.opportunity) AS n,
        count(*) FILTER (t.turnaround) AS k, count(*) FILTER (t.ping_pong) AS ping_pongs
    FROM turn AS t
    GROUP BY t.page, t.customer
) AS c
GROUP BY c.page;
CREATE OR REPLACE TABLE pages AS
SELECT s.*, coalesce(e.resolved_here, 0) AS resolved_here
FROM page_sum AS s
LEFT JOIN (SELECT p.last AS page, count(*) AS resolved_here FROM path AS p WHERE p.resolved GROUP BY p.last) AS e USING (page)
ORDER BY s.page;

-- name: edges
-- Transitions and customers are counted in two steps: faster than count(DISTINCT).
CREATE OR REPLACE TABLE edges AS
WITH counted AS (
    SELECT c.page AS source, c.after AS target, sum(c.n) AS transitions, count(*) AS customers, sum(c.out_of) AS out_of,
        sum(c.into_it) AS "into"
    FROM (
        SELECT t.page, t.after, t.customer, count(*) AS n, count(*) FILTER (t.opportunity) AS out_of,
            count(*) FILTER (t.can_turn_next) AS into_it
        FROM (SELECT r.*, lead(r.opportunity) OVER () AS can_turn_next FROM turn AS r) AS t
        WHERE t.after IS NOT NULL
        GROUP BY t.page, t.after, t.customer
    ) AS c
    GROUP BY c.page, c.after
), timed AS (
    SELECT t.page AS source, t.after AS target, quantile_cont((t.left_at - t.moment) / 1e6, [0.5, 0.95]) AS seconds
    FROM turn AS t
    WHERE t.after IS NOT NULL
    GROUP BY t.page, t.after
)
SELECT c.source, c.target, c.transitions, c.customers, c."into", c.out_of, d.seconds[1] AS median, d.seconds[2] AS p95
FROM counted AS c
INNER JOIN timed AS d USING (source, target)
UNION ALL
SELECT $pages, p.entry, count(*), count(DISTINCT p.customer), 0, 0, NULL, NULL FROM path AS p GROUP BY p.entry
UNION ALL
SELECT p.last, $pages + CASE WHEN p.resolved THEN 1 ELSE 2 END, count(*), count(DISTINCT p.customer), 0, 0, NULL, NULL
FROM path AS p
GROUP BY p.last, p.resolved;
CREATE OR REPLACE TABLE expected AS
SELECT e.target AS page, sum(e."into" * b.out_of / s.opportunities) AS first_order
FROM edges AS e
INNER JOIN edges AS b ON b.source = e.target AND b.target = e.source
INNER JOIN pages AS s ON s.page = e.target
WHERE s.opportunities > 0
GROUP BY e.target
ORDER BY e.target;
