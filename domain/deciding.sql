-- name: decisions_after
-- What was decided of some topics after a position, and the head up to which that is all: both of one snapshot. One
-- row without a decision when there is none. Read by the index of decisions, never through the facts.
SELECT h.position AS head, e.position, e.recorded_at, e.event_uid, e.version, e.type, e.state
FROM raceline.log_head AS h
LEFT JOIN raceline.event AS e
    ON e.customer_id IS NULL AND e.position > %(after)s AND e.type = ANY(%(topics)s::text[])
ORDER BY e.position
