-- The pieces of statements about paths; see plan.sql. What begins with given_ was counted in memory for the question, and
-- is sent along (injected.py).

-- name: steps
-- The arrays of a path are parallel.
unnest({parent}.pages, {parent}.implied, {parent}.step_events, {parent}.step_at)
    WITH ORDINALITY AS {row}(page, implied, position, at, i)

-- name: step_moment
(timestamptz 'epoch' + {row}.at * interval '1 microsecond')

-- name: path_seconds
extract(epoch FROM {row}.ended_at - {row}.started_at)::float8

-- name: path_variants
COALESCE({row}.variants, '{{}}')

-- name: marks
-- A turn, a ping-pong and a loop are each a step and a number.
(SELECT {parent}.pages[m.step] AS page, m.step, m.amount, m.i
 FROM unnest({parent}.{steps}, {parent}.{amounts}) WITH ORDINALITY AS m(step, amount, i)) AS {row}

-- name: path_events
(SELECT {columns}, p.i
 FROM unnest({parent}.events) WITH ORDINALITY AS p(position, i)
 JOIN raceline.event AS e ON e.position = p.position) AS {row}

-- name: given_paths
-- The paths of a list, found by their id. Braces in braces: the tables are known when the list is.
given_path_lists AS l CROSS JOIN LATERAL unnest(l.path_ids) AS k(path_id)
 JOIN {{paths}} AS p ON p.path_id = k.path_id AND l.list = {list} AND l.row = {n}

-- name: given_total
COALESCE((SELECT l.total FROM given_path_lists AS l WHERE l.list = {list} AND l.row = {n}), 0)

-- name: given_more
-- By what was found and not by what was joined: should a path be gone since, the list still goes on behind it.
COALESCE((SELECT cardinality(l.path_ids) > {{first}} FROM given_path_lists AS l WHERE l.list = {list} AND l.row = {n}),
         false)

-- name: lengths
-- Figures of the paths that ended in one way, which stand side by side in a row.
(SELECT {parent}.{of}_paths AS paths, {parent}.{of}_mean_length AS mean_length,
        {parent}.{of}_variance_length AS variance_length) AS {row}

-- name: length_sums
(SELECT s.paths, s.mean_length, s.variance_length FROM given_path_sums AS s WHERE s.key = '{of}') AS {row}

-- name: comparison_arm
(SELECT {columns} FROM given_comparison_arms AS a WHERE a.n = {n}) AS {row}

-- name: first_order
(SELECT {parent}.first_order_rate AS rate, {parent}.first_order_z AS z, {parent}.first_order_p AS p,
        {parent}.first_order_q AS q
 WHERE {parent}.first_order_rate IS NOT NULL) AS {row}

-- name: page_past
(SELECT {parent}.past_opportunities AS opportunities, {parent}.past_turnarounds AS turnarounds,
        {parent}.past_rate AS rate, {parent}.past_change AS change, {parent}.past_design_effect AS design_effect,
        {parent}.past_z AS z, {parent}.past_p AS p, {parent}.past_q AS q, {parent}.past_flag AS flag
 WHERE {parent}.past_flag IS NOT NULL) AS {row}

-- name: test_past
(SELECT {parent}.past_from AS "from", {parent}.past_to AS "to", {parent}.past_tau AS tau
 WHERE {parent}.past_from IS NOT NULL) AS {row}

-- name: paths_asked
-- The one row of figures of the whole answer, and how many paths and customers the question is about.
(SELECT {columns}, a.paths AS asked_paths, a.customers AS asked_customers
 FROM given_path_totals AS a {totals}) AS {row}

-- name: graph_totals
(SELECT {columns} FROM given_graph_totals AS t) AS {row}
