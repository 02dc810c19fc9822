-- name: keep_file
-- The same bytes are kept once, whoever trained them.
INSERT INTO raceline.model_file (hash, content)
VALUES (%(hash)s, %(content)s)
ON CONFLICT (hash) DO NOTHING

-- name: head
-- The beginning of a file, and whether all of it is what its name says.
SELECT sha256(f.content) = f.hash AS whole, octet_length(f.content) AS length,
       substring(f.content FROM 1 FOR %(bytes)s) AS begin
FROM raceline.model_file AS f
WHERE f.hash = %(hash)s

-- name: file
SELECT f.content
FROM raceline.model_file AS f
WHERE f.hash = %(hash)s
