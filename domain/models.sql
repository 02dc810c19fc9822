-- name: keep_file
-- The same bytes are kept once, whoever trained them.
INSERT INTO raceline.model_file (hash, content)
VALUES (%(hash)s, %(content)s)
ON CONFLICT (hash) DO NOTHING

-- name: file
SELECT f.content
FROM raceline.model_file AS f
WHERE f.hash = %(hash)s
