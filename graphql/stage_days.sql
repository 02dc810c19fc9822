-- The pieces of stages day by day. Each source is read once, as a set over all days and stages. The grid has a cell for
-- each place (a stage, '' for none) and day; i is its number: that of the place times ten million, and d, the day from 0.
-- What is told is text already, so that it is put together faster than json_build_object would.

-- name: grid
(WITH {scale}places AS MATERIALIZED ({places}),
 days AS MATERIALIZED (
     SELECT g.d, {first_day} + g.d AS day, to_json({first_day} + g.d)::text AS told
     FROM generate_series(0, {last_day} - {first_day}) AS g(d)),
 starts AS MATERIALIZED (
     SELECT p.j, p.racetrack, p.place, p.told_racetrack, p.version, p.told_stage, p.told_title, p.told_n {before}
     FROM places AS p {starts})
 SELECT c.i, c.racetrack, c.place, c.day, c.told_racetrack, c.version, c.told_stage, c.told_title, c.told_n, c.told_day
        {columns}
 FROM (SELECT p.j * 10000000 + d.d AS i, p.racetrack, p.place, d.day, p.told_racetrack, p.version, p.told_stage,
              p.told_title, p.told_n, d.told AS told_day {figures}
       FROM starts AS p
       CROSS JOIN days AS d
       {changes}
       WINDOW w AS (PARTITION BY p.j ORDER BY d.d)) AS c
 {lists}) AS {row}

-- name: places
SELECT t.racetrack, s.stage AS place, s.n AS j, to_json(t.racetrack)::text AS told_racetrack, t.version,
       to_json(s.stage)::text AS told_stage, to_json(s.title)::text AS told_title, s.n::text AS told_n
FROM {racetracks} AS t
JOIN {racetrack_stages} AS s ON s.racetrack = t.racetrack
WHERE t.racetrack = {racetrack} AND {filter}

-- name: no_place
UNION ALL
SELECT t.racetrack, '', 1000000, to_json(t.racetrack)::text, t.version, 'null', 'null', 'null'
FROM {racetracks} AS t
WHERE t.racetrack = {racetrack} AND {filter}

-- name: changes
LEFT JOIN {table} AS {alias}
    ON {alias}.racetrack = {racetrack} AND {alias}.stage = p.place AND {alias}.day = d.day
    AND {alias}.day BETWEEN {first_day} AND {last_day} AND {filter}

-- name: sums_before
-- What had come together before the first day.
LEFT JOIN (
    SELECT c.stage AS place, {sums}
    FROM {table} AS c WHERE c.racetrack = {racetrack} AND c.day < {first_day} AND {filter}
    GROUP BY c.stage) AS {alias} ON {alias}.place = p.place

-- name: sum_before
sum(c.{figure})::{kind} AS {figure}

-- name: running_count
-- The sum of integers needs no numeric; what changes on one day is far below two thousand million.
COALESCE(sum({alias}.{figure}::int) OVER w, 0) + p.{alias}_{figure}

-- name: running_score
-- Whole numbers below 2^53 are added exactly.
COALESCE(sum({alias}.{figure}::float8) OVER w, 0) + p.{alias}_{figure}

-- name: people
COALESCE(sum((flow.entered - flow.departed)::int) OVER w, 0) + p.flow_entered - p.flow_departed

-- name: on_the_day
COALESCE({alias}.{figure}, 0)

-- name: extremes_before
LEFT JOIN (
    SELECT DISTINCT ON (c.stage) c.stage AS place, c.minimum, c.maximum
    FROM {table} AS c WHERE c.racetrack = {racetrack} AND c.day < {first_day} AND {filter}
    ORDER BY c.stage, c.day DESC) AS {alias} ON {alias}.place = p.place

-- name: last_extreme
-- The newest row that there is: the greatest of numbers that begin with the day. A score takes 15 bits; 0 is none.
max(({alias}.day - {first_day} + 1) * 32768::bigint + COALESCE({alias}.{figure} + 10001, 0)) OVER w

-- name: extreme
COALESCE(((CASE WHEN c.{side}_{figure}_last IS NULL THEN c.{side}_{figure}_before
                ELSE NULLIF(c.{side}_{figure}_last & 32767, 0) - 10001 END) / 10000.0::float8)::text, 'null')

-- name: list
LEFT JOIN (SELECT {row}.i, {columns} FROM {source} GROUP BY {row}.i) AS {alias} ON {alias}.i = c.i

-- name: kept
string_agg({item}, ',' ORDER BY {order}) FILTER (WHERE {kept})

-- name: left_out
count(*) FILTER (WHERE NOT ({kept}))

-- name: left_out_amount
COALESCE(sum({row}.amount) FILTER (WHERE NOT ({kept})), 0)::bigint

-- name: list_amount
sum({row}.amount)::bigint

-- name: buckets
-- A sum holds from the day of a change until the next one. What came together before the first day is one change of the
-- day before it.
(SELECT b.i, b.racetrack, b.place, {first_day} + mod(b.i, 10000000)::int AS day, b.value AS said,
        COALESCE(to_json(NULLIF(b.value, ''))::text, 'null') AS told, b.amount, {rank} AS rank
 FROM (SELECT p.racetrack, p.place, e.value, e.amount, p.j * 10000000 + e.d + generate_series(0, e.more) AS i
       FROM (SELECT c.stage AS place, c.value, GREATEST(c.day - {first_day}, 0) AS d,
                    lead(c.day, 1, {last_day} + 1) OVER w - GREATEST(c.day, {first_day}) - 1 AS more,
                    sum(c.cases::int) OVER w AS amount
             FROM (SELECT c.stage, c.value, c.day, c.cases
                   FROM places AS p
                   JOIN {case_buckets} AS c ON c.stage = p.place
                   WHERE c.racetrack = {racetrack} AND c.dimension = {dimension} AND c.side = {side}
                       AND c.day BETWEEN {first_day} AND {last_day} AND {filter}
                   UNION ALL
                   {before}) AS c
             WINDOW w AS (PARTITION BY c.stage, c.value ORDER BY c.day)) AS e
       JOIN places AS p ON p.place = e.place
       WHERE e.amount <> 0) AS b
 {scale}) AS {row}

-- name: buckets_before
SELECT c.stage, c.value, {first_day} - 1, sum(c.cases)::bigint
FROM {case_buckets} AS c
WHERE c.racetrack = {racetrack} AND c.dimension = {dimension} AND c.side = {side} AND c.day < {first_day} AND {filter}
GROUP BY c.stage, c.value
HAVING sum(c.cases) <> 0

-- name: buckets_still_open
-- The same without all of the past, in which a value of its own for each case would be two rows: what counts on the day
-- before the first one. By stage, which is how these are found.
SELECT p.place, c.value, {first_day} - 1, c.cases
FROM places AS p
CROSS JOIN LATERAL (
    SELECT COALESCE(s.{said}, '') AS value, count(*) AS cases
    FROM {case_spells} AS s
    WHERE s.racetrack = {racetrack} AND s.side = {side} AND s.stage = p.place AND s.to_day >= {first_day}
        AND s.from_day < {first_day}
    GROUP BY 1) AS c

-- name: scale
LEFT JOIN {racetrack_severities} AS v ON v.racetrack = b.racetrack AND v.severity = b.value

-- name: scale_lanes
-- The worst severities of the scale, one row; null where the scale has no such place.
scale AS MATERIALIZED (
    SELECT {lanes}, COALESCE(array_agg(v.severity) FILTER (WHERE v.n <= {last}), '{{}}') AS every
    FROM {racetrack_severities} AS v WHERE v.racetrack = {racetrack}),

-- name: scale_lane
max(v.severity) FILTER (WHERE v.n = {n}) AS s{n}, to_json(max(v.severity) FILTER (WHERE v.n = {n}))::text AS told{n}

-- name: in_no_lane
c.value <> ALL ((SELECT k.every FROM scale AS k)::text[])

-- name: lane_sum
sum(c.cases::int) FILTER (WHERE c.value = k.s{n}) AS n{n}

-- name: lanes
-- The first severities of the scale as columns.
LEFT JOIN (
    SELECT c.stage AS place, c.day, {sums}
    FROM {case_buckets} AS c
    CROSS JOIN scale AS k
    WHERE c.racetrack = {racetrack} AND c.dimension = 'severity' AND c.side = {side}
        AND c.day BETWEEN {first_day} AND {last_day}
    GROUP BY c.stage, c.day) AS {alias} ON {alias}.place = p.place AND {alias}.day = d.day

-- name: lane
-- A column as an entry of the list, so that it is told like those that are rows.
(SELECT {item} FROM (SELECT k.told{n} AS told, c.{amount} AS amount) AS {row} WHERE {row}.amount > 0)

-- name: lanes_before
LEFT JOIN (
    SELECT c.stage AS place, {sums}
    FROM {case_buckets} AS c
    CROSS JOIN scale AS k
    WHERE c.racetrack = {racetrack} AND c.dimension = 'severity' AND c.side = {side} AND c.day < {first_day}
    GROUP BY c.stage) AS {alias} ON {alias}.place = p.place

-- name: most_first
row_number() OVER (PARTITION BY b.i ORDER BY b.amount DESC, b.value)

-- name: views
(SELECT p.j * 10000000 + (c.day - {first_day}) AS i, c.page, c.views AS amount,
        row_number() OVER (PARTITION BY c.stage, c.day ORDER BY c.views DESC, c.page) AS rank
 FROM {stage_views} AS c
 JOIN places AS p ON p.place = c.stage
 WHERE c.racetrack = {racetrack} AND c.kind = {kind} AND c.day BETWEEN {first_day} AND {last_day}) AS {row}

-- name: overlays
-- Also where nothing happened, so that a curve has no holes.
(SELECT p.j * 10000000 + d.d AS i, o.overlay, o.title, o.aggregate, o.n AS rank, COALESCE(x.events, 0) AS events,
        CASE o.aggregate WHEN 'count' THEN COALESCE(x.events, 0) WHEN 'distinct' THEN COALESCE(x.different, 0)
                         WHEN 'sum' THEN COALESCE(x.amount, 0) / 1000000.0
                         ELSE x.amount / NULLIF(x.counted, 0) / 1000000.0 END::float8 AS value
 FROM places AS p
 CROSS JOIN days AS d
 JOIN {racetrack_overlays} AS o ON o.racetrack = p.racetrack
 LEFT JOIN (
     SELECT c.overlay, c.stage, c.day, sum(c.events)::bigint AS events, sum(c.counted)::bigint AS counted,
            sum(c.amount) AS amount, count(*) FILTER (WHERE c.counted > 0) AS different
     FROM {overlay_days} AS c
     WHERE c.racetrack = {racetrack} AND c.day BETWEEN {first_day} AND {last_day}
     GROUP BY c.overlay, c.stage, c.day) AS x ON x.overlay = o.overlay AND x.stage = p.place AND x.day = d.day) AS {row}

-- name: cells
-- As text, like what they are made of.
(SELECT '[' || COALESCE(string_agg({object}, ',' ORDER BY {row}.i), '') || ']' FROM {source})

-- name: cells_or_null
-- No stage is null, so that it is asked for elsewhere.
NULLIF({list}, '[]')

-- name: is_active
SELECT (SELECT t.racetrack FROM live.racetracks AS t WHERE t.racetrack = %(racetrack)s AND t.version = %(version)s)

-- name: sentiment
CASE WHEN {prefix}scored > 0 THEN {object} ELSE 'null' END

-- name: counted_cases
s.racetrack = {row}.racetrack AND s.side = {side} AND s.stage = {row}.place AND s.from_day <= {row}.day
AND s.to_day > {row}.day

-- name: counted_case
{row}.customer_id = {parent}.customer_id AND {row}.n = {parent}.case_n

-- name: has_said
COALESCE(s.{dimension}, '') = {row}.said

-- name: case_of_account
s.customer_id IN (SELECT k.customer_id FROM live.customers AS k WHERE k.account_id = {account})

-- name: to_day
NULLIF({row}.to_day, date '9999-12-31')

-- name: counted_stay
-- Open: the stay at the end of the day that is looked at. Closed: the stay at the instant of closing.
{row}.customer_id = {parent}.customer_id AND {row}.racetrack = {parent}.racetrack AND {row}.to_stage = {parent}.stage
AND CASE {parent}.side
    WHEN 'open' THEN (
        SELECT ({row}.entered_at AT TIME ZONE t.time_zone)::date <= {parent}.on_day
            AND ({row}.left_at IS NULL OR ({row}.left_at AT TIME ZONE t.time_zone)::date > {parent}.on_day)
        FROM live.racetracks AS t WHERE t.racetrack = {parent}.racetrack)
    ELSE (
        SELECT {row}.entered_at <= e.occurred_at AND ({row}.left_at IS NULL OR {row}.left_at > e.occurred_at)
        FROM raceline.event AS e WHERE e.position = {parent}.event)
    END
