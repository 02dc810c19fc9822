-- The pieces of which the statements of the API are put together. {name} is the place of another piece, of a bound
-- parameter, or of the alias of a row; no text of a client is ever one. json (and not jsonb) keeps the order of the selection.

-- name: moment
-- Fixed width and always UTC, so that moments sort as text; to_char keeps the microseconds.
to_char({value} AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')

-- name: opaque
-- encode() breaks lines after 76 characters.
translate(encode(convert_to({text}, 'UTF8'), 'base64'), E'\n', '')

-- name: live_position
-- In the same statement as the rows, and so of the same snapshot.
COALESCE((SELECT g.position FROM raceline.generation AS g WHERE g.status = 'live'), 0)

-- name: live_clock
-- The moment up to which timers have fired: the tick of the read models.
(SELECT NULLIF(g.clock, '-infinity') FROM raceline.generation AS g WHERE g.status = 'live')

-- name: join_objects
-- A function takes at most a hundred arguments, so a longer object is put together from shorter ones.
(left({left}::text, -1) || ', ' || substr({right}::text, 2))::json

-- name: one
(SELECT {object} FROM {source} WHERE {filter})

-- name: many
-- A list that is bounded by nature, whole and in its order.
(SELECT COALESCE(json_agg({object} ORDER BY {row}.i), '[]') FROM {source})

-- name: connection
-- One row more than was asked for says whether there is a next page; the aggregates below keep it out of the answer.
-- HAVING makes it one row also when nothing that was selected is an aggregate.
(SELECT {object}
 FROM (SELECT {columns}, row_number() OVER (ORDER BY {order}) AS rank
       FROM {source} WHERE {filter} ORDER BY {order} LIMIT {limit}) AS {row}
 HAVING true)

-- name: page_of
COALESCE(json_agg({item} ORDER BY {row}.rank) FILTER (WHERE {row}.rank <= {first}), '[]')

-- name: has_next
count(*) > {first}

-- name: start_cursor
max({cursor}) FILTER (WHERE {row}.rank = 1 AND {first} > 0)

-- name: end_cursor
(array_agg({cursor} ORDER BY {row}.rank DESC) FILTER (WHERE {row}.rank <= {first}))[1]

-- name: total
(SELECT count(*) FROM {source} WHERE {filter})

-- name: page_scope
-- The customers of a page, and no more than these.
(SELECT c.customer_id FROM {source} WHERE {filter} ORDER BY c.customer_id LIMIT {first})

-- name: gate
-- Never run, only parsed, and first: it locks the view that a switch of generations replaces first. Without it, a reader
-- that begins with another view and the switch wait for each other, and one of them is lost.
gate AS (SELECT FROM live.customers AS c)

-- name: given
-- Derived a moment ago for this question, in place of the table of the same columns. i: the order in which they came.
{relation} AS MATERIALIZED (
    SELECT {columns}
    FROM ROWS FROM (jsonb_to_recordset({rows}::jsonb) AS ({definition})) WITH ORDINALITY AS k({names}))

-- name: projections
-- A retired generation is never read again, so it is not behind anything.
(SELECT g.name, g.status, g.position, g.failed_position, g.failure, row_number() OVER (ORDER BY g.number) AS i
 FROM raceline.generation AS g WHERE g.status <> 'retired') AS {row}

-- name: lag_seconds
-- The age of the oldest event that this generation has not taken.
COALESCE((SELECT GREATEST(extract(epoch FROM clock_timestamp() - e.recorded_at), 0)::float8
          FROM raceline.event AS e WHERE e.position = {row}.position + 1), 0)

-- name: lag_events
GREATEST((SELECT h.position FROM raceline.log_head AS h) - {row}.position, 0)

-- name: raw_text
-- Bytes that are UTF-8 without a NUL, byte by byte (RFC 3629, section 4); others cannot be text in PostgreSQL.
CASE WHEN encode({row}.raw, 'hex') ~ '^(0[1-9a-f]|[1-7][0-9a-f]|(c[2-9a-f]|d[0-9a-f])[89ab].|e0[ab].[89ab].|(e[1-9a-cef])([89ab].){{2}}|ed[89].[89ab].|f0[9ab].([89ab].){{2}}|f[1-3]([89ab].){{3}}|f48.([89ab].){{2}})*$'
     THEN convert_from({row}.raw, 'UTF8') END

-- name: raw_base64
translate(encode({row}.raw, 'base64'), E'\n', '')

-- name: position_at
-- Positions have no gaps and recorded_at grows with them, so the newest event recorded by a moment is found by halving.
WITH RECURSIVE halves(low, high) AS (
    SELECT 0::bigint, h.position FROM raceline.log_head AS h
    UNION ALL
    SELECT CASE WHEN e.recorded_at > %(time)s THEN s.low ELSE m.middle END,
           CASE WHEN e.recorded_at > %(time)s THEN m.middle - 1 ELSE s.high END
    FROM halves AS s
    CROSS JOIN LATERAL (SELECT (s.low + s.high + 1) / 2 AS middle) AS m
    LEFT JOIN raceline.event AS e ON e.position = m.middle
    WHERE s.low < s.high
)
SELECT s.low FROM halves AS s WHERE s.low = s.high

-- name: positions
SELECT h.position, NULLIF(h.recorded_at, '-infinity'), COALESCE(g.position, 0), g.name, NULLIF(g.clock, '-infinity')
FROM raceline.log_head AS h
LEFT JOIN raceline.generation AS g ON g.status = 'live'

-- name: known_point
-- What the store knew: at a moment, timers had fired up to it; at a position, up to the moment when its event was
-- recorded, and at the head of the read models up to their tick.
SELECT p.position,
       LEAST(%(at)s::timestamptz,
             CASE WHEN %(time)s::timestamptz IS NOT NULL THEN LEAST(%(time)s::timestamptz, clock_timestamp())
                  WHEN p.position >= COALESCE(g.position, 0) THEN GREATEST(NULLIF(g.clock, '-infinity'), e.recorded_at)
                  ELSE e.recorded_at END)
FROM (SELECT LEAST(%(position)s::bigint, h.position) AS position FROM raceline.log_head AS h) AS p
LEFT JOIN raceline.generation AS g ON g.status = 'live'
LEFT JOIN raceline.event AS e ON e.position = p.position

-- name: live_point
-- Where the read models stand, and the customers of the question. It locks live.customers, as the gate below does: until
-- this transaction ends no switch of generations comes between it and the statement that follows.
SELECT g.position, NULLIF(g.clock, '-infinity'),
       (SELECT COALESCE(json_agg(json_build_array(t.racetrack, t.version) ORDER BY t.place), '[]')
        FROM live.racetracks AS t),
       ARRAY(SELECT s.customer_id FROM ({scope}) AS s)
FROM raceline.generation AS g
LEFT JOIN live.customers AS c ON false
WHERE g.status = 'live'
