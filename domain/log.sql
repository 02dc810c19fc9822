-- name: configure
-- Of every connection that appends. One plan for a statement, however many events it is about: planning anew each time
-- costs a small append a third of its time, and none of these statements has a better plan for larger arrays. Each
-- statement has to see what was committed before it, whatever the database's default is.
SELECT set_config('lock_timeout', %(lock)s, false),
    set_config('default_transaction_isolation', 'read committed', false),
    set_config('idle_in_transaction_session_timeout', %(idle)s, false),
    set_config('plan_cache_mode', 'force_generic_plan', false)

-- name: lock
-- The log's lock, until commit. It makes positions appear in commit order.
SELECT l.position_before, l.recorded_at, l.batch_id
FROM raceline.lock_log(%(room)s) AS l

-- name: notify
-- Delivered at commit. The payload is a hint; whoever hears it reads the log.
SELECT pg_notify('raceline_log', (SELECT h.position FROM raceline.log_head AS h)::text)

-- name: stored_events_of
-- Completed by the library's recorder with a range of versions, an order and a limit.
SELECT s.originator_id, s.originator_version, s.topic, s.state
FROM raceline.event_key AS k
JOIN raceline.stored_event AS s ON s.notification_id = k.position
WHERE k.event_uid = %s

-- name: notifications
-- Up to a head that was read before, so that a subscription to some topics need not look at the others twice.
SELECT s.notification_id AS id, s.originator_id, s.originator_version, s.topic, s.state
FROM raceline.stored_event AS s
WHERE s.notification_id > %(after)s AND s.notification_id <= %(up_to)s
    AND (s.topic = ANY(%(topics)s::text[]) OR %(all)s)
ORDER BY s.notification_id
LIMIT %(limit)s

-- name: insert_decisions
-- Events of the library's aggregates. A unique violation of event_key is its optimistic concurrency control.
WITH head AS MATERIALIZED (
    SELECT h.position, %(recorded_at)s::timestamptz AS at
    FROM raceline.log_head AS h
), input AS MATERIALIZED (
    SELECT u.n, u.uid, u.version, u.event_id, u.type, u.hash, u.state, head.position + u.n AS position, head.at
    FROM head, unnest(%(uid)b::uuid[], %(version)b::bigint[], %(event_id)b::text[], %(type)b::text[],
        %(hash)b::bytea[], %(state)b::bytea[]) WITH ORDINALITY AS u (uid, version, event_id, type, hash, state, n)
), keys AS (
    INSERT INTO raceline.event_key (event_uid, version, position, content_hash)
    SELECT i.uid, i.version, i.position, i.hash
    FROM input AS i
), stored AS (
    INSERT INTO raceline.event (position, recorded_at, occurred_at, event_uid, version, source, event_id, type,
        schema_version, content_hash, state)
    SELECT i.position, i.at, i.at, i.uid, i.version, 'raceline', i.event_id, i.type, 1, i.hash, i.state
    FROM input AS i
), moved AS (
    UPDATE raceline.log_head
    SET position = log_head.position + (SELECT count(*) FROM input), recorded_at = (SELECT head.at FROM head)
)
SELECT head.position AS position_before
FROM head

-- name: known
-- Which of these identities the log holds already, by their rank in the input.
SELECT u.rank - 1 AS rank, k.position, k.content_hash
FROM unnest(%(uid)b::uuid[]) WITH ORDINALITY AS u (uid, rank)
JOIN raceline.event_key AS k ON k.event_uid = u.uid AND k.version = 1

-- name: store
-- One statement: the keys, the events, the batch, the head, and the notification that commit will deliver.
WITH head AS MATERIALIZED (
    SELECT h.position, %(recorded_at)s::timestamptz AS at
    FROM raceline.log_head AS h
), keys AS (
    INSERT INTO raceline.event_key (event_uid, version, position, content_hash)
    SELECT u.uid, 1, head.position + u.n, u.hash
    FROM head, unnest(%(uid)b::uuid[], %(hash)b::bytea[]) WITH ORDINALITY AS u (uid, hash, n)
), stored AS (
    INSERT INTO raceline.event (position, recorded_at, occurred_at, event_uid, version, source, event_id, type,
        schema_version, customer_id, account_id, product, sequence, correlation_id, causation_id, batch_id,
        content_hash, data)
    SELECT head.position + u.n, head.at, u.occurred_at, u.uid, 1, u.source, u.event_id, u.type,
        u.schema_version, u.customer_id, u.account_id, u.product, u.sequence, u.correlation_id, u.causation_id,
        %(batch_id)s, u.hash, u.data
    FROM head,
        unnest(%(uid)b::uuid[], %(hash)b::bytea[], %(source)b::text[], %(event_id)b::text[], %(type)b::text[],
            %(schema_version)b::integer[], %(customer_id)b::text[], %(account_id)b::text[], %(product)b::text[],
            %(occurred_at)b::timestamptz[], %(sequence)b::bigint[], %(correlation_id)b::text[],
            %(causation_id)b::text[], %(data)b::jsonb[]) WITH ORDINALITY AS u (uid, hash, source, event_id, type,
            schema_version, customer_id, account_id, product, occurred_at, sequence, correlation_id, causation_id,
            data, n)
), batch AS (
    INSERT INTO raceline.ingest_batch (batch_id, at, source, received, stored, duplicate, conflicting, quarantined,
        first_position, last_position)
    SELECT %(batch_id)s, head.at, %(batch_source)s, %(received)s + %(quarantined)s, %(stored)s, %(duplicate)s, %(conflicting)s,
        %(quarantined)s, head.position + 1, head.position + %(stored)s
    FROM head
)
UPDATE raceline.log_head AS h
SET position = head.position + %(stored)s, recorded_at = head.at
FROM head
RETURNING pg_notify('raceline_log', h.position::text)

-- name: copy_events
-- In the order in which `copying.Rows` packs them.
COPY raceline.event (position, recorded_at, batch_id, version, event_uid, occurred_at, schema_version, content_hash,
    source, event_id, type, customer_id, data, sequence, account_id, product, correlation_id, causation_id)
FROM STDIN (FORMAT binary)

-- name: copy_keys
COPY raceline.event_key (event_uid, version, position, content_hash) FROM STDIN (FORMAT binary)

-- name: copied
-- What remains once keys and events were copied: the batch, the head, and the notification that commit will deliver.
WITH batch AS (
    INSERT INTO raceline.ingest_batch (batch_id, at, source, received, stored, duplicate, conflicting, quarantined,
        first_position, last_position)
    SELECT %(batch_id)s, %(recorded_at)s, %(batch_source)s, %(received)s + %(quarantined)s, %(stored)s, %(duplicate)s,
        %(conflicting)s, %(quarantined)s, h.position + 1, h.position + %(stored)s
    FROM raceline.log_head AS h
)
UPDATE raceline.log_head AS h
SET position = h.position + %(stored)s, recorded_at = %(recorded_at)s
RETURNING pg_notify('raceline_log', h.position::text)

-- name: nothing_stored
INSERT INTO raceline.ingest_batch (batch_id, at, source, received, stored, duplicate, conflicting, quarantined)
VALUES (%(batch_id)s, clock_timestamp(), %(batch_source)s, %(received)s + %(quarantined)s, 0, %(duplicate)s, %(conflicting)s,
    %(quarantined)s)

-- name: quarantine
-- The digest is the identity of rejected input: given again, it adds nothing.
INSERT INTO raceline.quarantine (digest, received_at, source, place, reason, detail, raw)
SELECT u.digest, clock_timestamp(), u.source, u.place, u.reason, u.detail, u.raw
FROM unnest(%(digest)b::bytea[], %(source)b::text[], %(place)b::text[], %(reason)b::text[], %(detail)b::text[],
    %(raw)b::bytea[]) AS u (digest, source, place, reason, detail, raw)
ON CONFLICT (digest) DO NOTHING

-- name: newest_of_customers
-- Under the lock, so that nothing can slip in between the look and the append.
SELECT c.customer_id, COALESCE(max(e.position), 0) AS position
FROM unnest(%(customers)s::text[]) AS c (customer_id)
LEFT JOIN raceline.event AS e ON e.customer_id = c.customer_id
GROUP BY c.customer_id

-- name: head
SELECT h.position
FROM raceline.log_head AS h

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
SELECT s.low AS position FROM halves AS s WHERE s.low = s.high

-- name: events_after
-- Positions appear in commit order because append holds the log's lock: nothing can slip in behind us.
SELECT e.position, e.recorded_at, e.occurred_at, e.event_uid, e.source, e.event_id, e.type, e.schema_version,
    e.customer_id, e.account_id, e.product, e.sequence, e.correlation_id, e.causation_id, e.data::text AS data
FROM raceline.event AS e
WHERE e.position > %(after)s AND e.data IS NOT NULL
ORDER BY e.position
LIMIT %(limit)s

-- name: events_of_customer
-- The customer's total order (design, section 5).
SELECT e.position, e.recorded_at, e.occurred_at, e.event_uid, e.source, e.event_id, e.type, e.schema_version,
    e.customer_id, e.account_id, e.product, e.sequence, e.correlation_id, e.causation_id, e.data::text AS data
FROM raceline.event AS e
WHERE e.customer_id = %(customer_id)s AND e.position <= %(up_to)s
ORDER BY e.occurred_at, COALESCE(e.sequence, 0), e.event_uid

-- name: quarantined
SELECT q.quarantine_id, q.received_at, q.source, q.place, q.reason, q.detail, q.raw, q.requeued_at, q.requeued_as
FROM raceline.quarantine AS q
WHERE q.quarantine_id > %(after)s AND (q.requeued_at IS NULL OR %(with_requeued)s)
ORDER BY q.quarantine_id
LIMIT %(limit)s

-- name: mark_requeued
UPDATE raceline.quarantine AS q
SET requeued_at = clock_timestamp(), requeued_as = %(position)s
WHERE q.quarantine_id = %(quarantine_id)s AND q.requeued_at IS NULL
