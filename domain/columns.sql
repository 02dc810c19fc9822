-- name: create_touched
-- Kept for a session and emptied at each commit: creating a table per batch would fill the system catalogue.
CREATE TEMPORARY TABLE touched (customer_id text COLLATE "C" NOT NULL) ON COMMIT DELETE ROWS

-- name: create_rules
DROP TABLE IF EXISTS pg_temp.path_rule;
CREATE TEMPORARY TABLE path_rule (type text, version integer, page text, from_page text, resolved text, variant text, "text" text,
    author text, {slots});
ANALYZE path_rule

-- name: create_new_score
CREATE TEMPORARY TABLE new_score (scorer text, text_hash bytea, language text, score bigint) ON COMMIT DELETE ROWS

-- name: keep_scores
-- In the order of the key, so that two who write the same texts wait for each other one way round only.
INSERT INTO raceline.text_score (scorer, text_hash, language, score)
SELECT n.scorer, n.text_hash, n.language, n.score FROM pg_temp.new_score AS n ORDER BY n.scorer, n.text_hash
ON CONFLICT (scorer, text_hash) DO NOTHING

-- name: know_scores
-- Without statistics the planner takes the table for a few rows, and goes through all of them for each event.
DO $$ BEGIN
    IF EXISTS (SELECT FROM pg_class AS c WHERE c.oid = 'raceline.text_score'::regclass AND c.reltuples < 0) THEN
        ANALYZE raceline.text_score;
    END IF;
END $$

-- name: forget_new_scores
DELETE FROM pg_temp.new_score

-- name: touch_new
-- The customers that have events after one position and up to another.
WITH asked_before AS (DELETE FROM pg_temp.touched)
INSERT INTO pg_temp.touched (customer_id)
SELECT DISTINCT e.customer_id
FROM raceline.event AS e
WHERE e.position > current_setting('raceline.after_position')::bigint
    AND e.position <= current_setting('raceline.up_to')::bigint
    AND e.customer_id IS NOT NULL

-- name: touch_none
DELETE FROM pg_temp.touched

-- name: analyze_touched
-- Without it the planner takes a temporary table for a large one, and reads whole read models to change one customer.
ANALYZE pg_temp.touched

-- name: event_columns
-- What derivation reads of an event: attributes are taken out by the server, as text. `old` is only
-- there for an event of another version than the catalogue's, which the upcasters lift. A stored page was checked by the
-- catalogue of its day, so it may be anything; only a name or a number is a page.
e.customer_id, e.position, e.occurred_at, e.recorded_at, COALESCE(e.sequence, 0) AS sequence, e.event_uid, e.type, e.account_id,
    e.product, CASE WHEN jsonb_typeof(e.data -> r.page) IN ('string', 'number') THEN e.data ->> r.page END AS page,
    CASE WHEN jsonb_typeof(e.data -> r.from_page) IN ('string', 'number') THEN e.data ->> r.from_page END AS from_page,
    e.data ->> r.resolved AS resolved, e.data ->> r.variant AS variant,
    {slots},
    s.score::bigint AS sentiment, s.language, CASE WHEN s.text_hash IS NULL THEN {text} END AS text,
    e.schema_version, CASE WHEN e.schema_version <> r.version THEN e.data::text END AS old

-- name: text
-- The customer's words; a text only travels while it has no score.
CASE WHEN r.author IS NULL OR e.data ->> r.author = 'customer' THEN NULLIF(e.data ->> r.text, '') END

-- name: joins
LEFT JOIN pg_temp.path_rule AS r ON r.type = e.type
LEFT JOIN raceline.text_score AS s
    ON s.scorer = current_setting('raceline.scorer') AND s.text_hash = sha256(convert_to({text}, 'UTF8'))

-- name: of_touched
-- The events of the customers in `touched`.
SELECT {event_columns}
FROM pg_temp.touched AS t
JOIN raceline.event AS e ON e.customer_id = t.customer_id
{joins}
WHERE e.position <= current_setting('raceline.up_to')::bigint

-- name: of_range
-- The events of the customers after one and up to another, in the order of their bytes.
SELECT {event_columns}
FROM raceline.event AS e
{joins}
WHERE e.customer_id > current_setting('raceline.after_customer')
    AND e.customer_id <= current_setting('raceline.through_customer')
    AND e.position <= current_setting('raceline.up_to')::bigint

-- name: customer_sizes
-- How many events each customer has, in the order of their bytes: what a replay cuts its chunks from.
SELECT e.customer_id, count(*) AS events
FROM raceline.event AS e
WHERE e.customer_id IS NOT NULL AND e.position <= current_setting('raceline.up_to')::bigint
GROUP BY e.customer_id
ORDER BY e.customer_id
