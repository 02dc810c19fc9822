-- name: lock
-- Whoever replaces the page table waits for others who do; whoever reads it does not wait, and sees the old one or the
-- new one.
LOCK TABLE raceline.site IN SHARE ROW EXCLUSIVE MODE

-- name: kept
-- What is there, in a word.
SELECT s.loaded_at, s.content_hash, s.pages, s.links
FROM raceline.site AS s

-- name: empty_links
-- DELETE, because TRUNCATE would empty the tables for those as well who began to read before.
DELETE FROM raceline.site_link

-- name: empty_pages
DELETE FROM raceline.site_page

-- name: empty_site
DELETE FROM raceline.site

-- name: copy_pages
COPY raceline.site_page (page, page_type, title) FROM STDIN

-- name: copy_links
COPY raceline.site_link (source, target) FROM STDIN

-- name: store
INSERT INTO raceline.site (loaded_at, content_hash, pages, links)
VALUES (now(), %(content_hash)s, %(pages)s, %(links)s)
RETURNING loaded_at, content_hash, pages, links

-- name: types
-- The page types by their pages, and the links that leave these. The pages without a type are the last row.
SELECT p.page_type, count(*) AS pages, COALESCE(sum(l.links), 0)::bigint AS links, min(p.page) AS example
FROM raceline.site_page AS p
LEFT JOIN (SELECT k.source, count(*) AS links FROM raceline.site_link AS k GROUP BY k.source) AS l
    ON l.source = p.page
GROUP BY p.page_type
ORDER BY p.page_type COLLATE "C" NULLS LAST
