-- Generations of read models, their checkpoints, and who holds them.

-- name: claim
-- The row lock is the claim: whoever else wants to move this generation skips it. Rows, checkpoint and claim are one
-- transaction, so a runner that dies leaves nothing behind.
SELECT g.name, g.status, g.position, {clock} AS clock, g.rules, h.position AS head
FROM raceline.generation AS g, raceline.log_head AS h
WHERE g.status = current_setting('raceline.status')
FOR UPDATE OF g SKIP LOCKED

-- name: look
SELECT g.name, g.status, g.position, {clock} AS clock, g.rules, h.position AS head
FROM raceline.generation AS g, raceline.log_head AS h
WHERE g.status = current_setting('raceline.status')

-- name: claim_waiting
SELECT g.name, g.status, g.position, {clock} AS clock, g.rules, h.position AS head
FROM raceline.generation AS g, raceline.log_head AS h
WHERE g.status = current_setting('raceline.status')
FOR UPDATE OF g

-- name: advance
UPDATE raceline.generation AS g
SET position = current_setting('raceline.up_to')::bigint,
    clock = timestamptz 'epoch' + current_setting('raceline.clock')::bigint * interval '1 microsecond', advanced_at = clock_timestamp(), failed_position = NULL,
    failure = NULL
WHERE g.name = current_setting('raceline.generation')

-- name: as_of
-- Where the live read models stand; and what had been recorded by a position, if one is asked for: then its own moment
-- is the clock.
SELECT COALESCE(asked.position, g.position) AS position,
    CASE WHEN asked.position IS NULL THEN {clock}
    ELSE COALESCE((SELECT (extract(epoch FROM e.recorded_at) * 1000000)::bigint FROM raceline.event AS e
                   WHERE e.position = asked.position), 0) END AS clock
FROM raceline.generation AS g
CROSS JOIN (SELECT NULLIF(current_setting('raceline.up_to'), '')::bigint AS position) AS asked
WHERE g.status = 'live'

-- name: clock
-- Microseconds since 1970, exactly: extract gives a numeric.
(CASE WHEN isfinite(g.clock) THEN extract(epoch FROM g.clock) * 1000000 ELSE 0 END)::bigint

-- name: batch_end
-- What was recorded at one moment is known at once, so appends are taken whole; none is as long as the bound.
SELECT max(e.position) AS position, (extract(epoch FROM max(e.recorded_at)) * 1000000)::bigint AS recorded_at
FROM raceline.event AS e
WHERE e.position >= current_setting('raceline.up_to')::bigint
    AND e.position < current_setting('raceline.up_to')::bigint + 100000
    AND e.recorded_at = (
        SELECT b.recorded_at FROM raceline.event AS b WHERE b.position = current_setting('raceline.up_to')::bigint
    )

-- name: now
SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint AS clock

-- name: tick
-- Now, at a moment when nobody appends: whatever is recorded later has a later time, so no timer fires too early. Nothing
-- when somebody does.
UPDATE raceline.log_head AS h
SET ticked_at = GREATEST(clock_timestamp(), h.recorded_at, h.ticked_at)
FROM (SELECT l.only_row FROM raceline.log_head AS l FOR UPDATE SKIP LOCKED) AS free
WHERE h.only_row = free.only_row
RETURNING (extract(epoch FROM h.ticked_at) * 1000000)::bigint AS clock

-- name: tell
SELECT pg_notify('raceline_views', current_setting('raceline.up_to'))

-- name: fail
UPDATE raceline.generation AS g
SET failed_position = %(position)s, failure = %(failure)s
WHERE g.name = %(name)s

-- name: lock_start
SELECT pg_advisory_xact_lock(x'7261636c'::int)

-- name: generations
SELECT g.name, g.number,
    -- A replay that runs holds its lock (try_replay_lock); one that died left its generation, which the next one drops.
    CASE WHEN g.status = 'building' AND NOT EXISTS (
        SELECT FROM pg_locks AS l
        JOIN pg_database AS d ON d.oid = l.database AND d.datname = current_database()
        WHERE l.locktype = 'advisory' AND l.objid = x'72657031'::int::oid
    ) THEN 'abandoned' ELSE g.status END AS status,
    g.position, g.advanced_at, g.created_at, g.switched_at, g.failed_position, g.failure,
    h.position - g.position AS lag_events,
    -- How long the oldest event that is not projected yet has been waiting.
    CASE WHEN h.position > g.position THEN extract(epoch FROM clock_timestamp() - n.recorded_at)::float8 ELSE 0 END
        AS lag_seconds
FROM raceline.generation AS g
CROSS JOIN raceline.log_head AS h
LEFT JOIN raceline.event AS n ON n.position = g.position + 1
ORDER BY g.number

-- name: log_state
SELECT h.position AS head, CASE WHEN h.position > 0 THEN h.recorded_at END AS recorded_at,
    (SELECT count(*) FROM raceline.quarantine AS q WHERE q.requeued_at IS NULL) AS quarantined
FROM raceline.log_head AS h

-- name: try_replay_lock
-- Held by the connection: a replay that was killed gives it back by dying.
SELECT pg_try_advisory_lock(x'72657031'::int) AS taken

-- name: add_generation
INSERT INTO raceline.generation (name, number, status, rules, position, clock, advanced_at, created_at)
SELECT 'views_' || n.number, n.number, current_setting('raceline.status'), current_setting('raceline.rules'),
    current_setting('raceline.up_to')::bigint,
    timestamptz 'epoch' + current_setting('raceline.clock')::bigint * interval '1 microsecond', clock_timestamp(),
    clock_timestamp()
FROM (SELECT COALESCE(max(g.number), 0) + 1 AS number FROM raceline.generation AS g) AS n

-- name: retire
UPDATE raceline.generation AS g SET status = 'retired' WHERE g.status = 'live'

-- name: make_live
UPDATE raceline.generation AS g
SET status = 'live', switched_at = clock_timestamp()
WHERE g.name = current_setting('raceline.generation')

-- name: forget
DELETE FROM raceline.generation AS g WHERE g.name = current_setting('raceline.generation')

-- name: disposable
SELECT g.name
FROM raceline.generation AS g
WHERE g.status = ANY (string_to_array(current_setting('raceline.status'), ','))
ORDER BY g.number
