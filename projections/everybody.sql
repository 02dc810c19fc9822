-- Whom a derivation on demand is about.

-- name: members
-- The customers of an account, and how many events each has: what the chunks are cut from.
SELECT c.customer_id, c.events
FROM live.customers AS c
WHERE c.account_id = current_setting('raceline.account')
ORDER BY c.customer_id
