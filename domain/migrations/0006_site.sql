-- The page table: what users say of the pages of their site - the type and the title of each, and its links. It is no
-- part of the log: it says what the site is like now, and is replaced as a whole. All three are empty without one.

-- One row when there is a page table. content_hash is of all that it says, so that the same table again is known.
CREATE TABLE raceline.site (
    only_row     boolean     PRIMARY KEY DEFAULT true CHECK (only_row),
    loaded_at    timestamptz NOT NULL,
    content_hash bytea       NOT NULL,
    pages        bigint      NOT NULL,
    links        bigint      NOT NULL
);

-- Every page, those too that only a link names; they have neither type nor title. An index holds texts of this length.
CREATE TABLE raceline.site_page (
    page      text COLLATE "C" PRIMARY KEY CHECK (octet_length(page) BETWEEN 1 AND 2000),
    page_type text,
    title     text
);

-- Both ends are rows of site_page, and no link is there twice or leads to its own page: whoever replaces all sees to
-- it. Read as a whole, so without an index, which two long addresses would not fit into.
CREATE TABLE raceline.site_link (
    source text COLLATE "C" NOT NULL,
    target text COLLATE "C" NOT NULL
);
