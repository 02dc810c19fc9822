-- What has become known of journeys since a moment, in an order that can be paged.

-- name: standing
-- Which read models answer, and by which versions. digest: of the stays of one customer, on each racetrack.
SELECT g.name, g.position, NULLIF(g.clock, '-infinity'),
       (SELECT COALESCE(json_object_agg(t.racetrack, json_build_array(t.version, (
            SELECT md5(string_agg(concat_ws(' ', m.to_stage, m.entered_at, m.left_at), ',' ORDER BY m.n))
            FROM live.moves AS m
            WHERE m.customer_id = %(customer)s::text AND m.racetrack = t.racetrack))), '{}')
        FROM live.racetracks AS t)
FROM raceline.generation AS g WHERE g.status = 'live'

-- name: recorded_at
SELECT max(e.recorded_at)
FROM raceline.event AS e
WHERE e.position = (SELECT LEAST(%(position)s::bigint, h.position) FROM raceline.log_head AS h)

-- name: position_before
-- The newest event recorded before a moment, found by halving; see position_at.
WITH RECURSIVE halves(low, high) AS (
    SELECT 0::bigint, h.position FROM raceline.log_head AS h
    UNION ALL
    SELECT CASE WHEN e.recorded_at >= %(time)s THEN s.low ELSE m.middle END,
           CASE WHEN e.recorded_at >= %(time)s THEN m.middle - 1 ELSE s.high END
    FROM halves AS s
    CROSS JOIN LATERAL (SELECT (s.low + s.high + 1) / 2 AS middle) AS m
    LEFT JOIN raceline.event AS e ON e.position = m.middle
    WHERE s.low < s.high
)
SELECT s.low FROM halves AS s WHERE s.low = s.high

-- name: changes
-- A revision comes before the moves that became known by it. Each half is in the order of an index and no longer than the
-- page, so a page costs the same wherever it begins.
SELECT u.kind, u.customer_id, u.racetrack, t.version, u.known_at, u.n, u.entered_at, u.trigger
FROM (
    (SELECT 'REVISED' AS kind, v.customer_id, v.racetrack, v.known_at, v.n, NULL::bigint AS entered_at,
            NULL::bigint AS trigger
     FROM live.revisions AS v
     WHERE (v.known_at, v.customer_id, v.racetrack, v.n)
           > (%(known_at)s::timestamptz, %(after_customer)s::text, %(after_racetrack)s::text, %(revision)s::bigint)
         AND v.known_at <= %(clock)s::timestamptz AND {revisions}
     ORDER BY v.known_at, v.customer_id, v.racetrack, v.n LIMIT %(limit)s)
    UNION ALL
    (SELECT 'MOVED', m.customer_id, m.racetrack, m.known_at, m.n,
            (extract(epoch FROM m.entered_at) * 1000000)::bigint, COALESCE(m.trigger, 0)
     FROM live.moves AS m
     WHERE (m.known_at, m.customer_id, m.racetrack, m.n)
           > (%(known_at)s::timestamptz, %(after_customer)s::text, %(after_racetrack)s::text, %(move)s::bigint)
         AND m.known_at <= %(clock)s::timestamptz AND {moves}
     ORDER BY m.known_at, m.customer_id, m.racetrack, m.n LIMIT %(limit)s)
) AS u
JOIN live.racetracks AS t ON t.racetrack = u.racetrack
ORDER BY u.known_at, u.customer_id, u.racetrack, u.kind DESC, u.n
LIMIT %(limit)s
