-- name: try_training_lock
-- Held by the connection: a training that was killed gives it back by dying. Two at once would need twice the memory.
SELECT pg_try_advisory_lock(x'7261636d'::int) AS taken

-- name: cut_off
-- The newest position up to the one that is asked for, with its moment, and the head. Decisions have positions too.
SELECT e.position, (extract(epoch FROM e.recorded_at) * 1000000)::bigint AS recorded_at, h.position AS head
FROM raceline.log_head AS h
JOIN raceline.event AS e
    ON e.position = LEAST(h.position, COALESCE(NULLIF(current_setting('raceline.up_to'), '')::bigint, h.position))

-- name: days
-- The facts that were recorded up to a position, by the day on which they occurred (in UTC). What occurs after `until`,
-- by a source whose clock is fast, is none of them. promptly: when the first was recorded that came within a day.
SELECT floor(extract(epoch FROM e.occurred_at) / 86400)::bigint AS day,
    count(*) AS events,
    min(e.position) AS first_position,
    (extract(epoch FROM max(e.occurred_at)) * 1000000)::bigint AS newest,
    (extract(epoch FROM min(e.recorded_at) FILTER (WHERE e.recorded_at - e.occurred_at < interval '1 day')) * 1000000
    )::bigint AS promptly
FROM raceline.event AS e
WHERE e.customer_id IS NOT NULL AND e.position <= current_setting('raceline.up_to')::bigint
    AND e.occurred_at <= to_timestamp(0) + current_setting('raceline.until')::bigint * interval '1 microsecond'
GROUP BY 1
ORDER BY day
