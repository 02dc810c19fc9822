-- Rejected input, kept whole. A digest of what was rejected is its identity, so the same file again adds nothing.

CREATE TABLE raceline.quarantine (
    quarantine_id   bigint      PRIMARY KEY GENERATED ALWAYS AS IDENTITY,
    digest          bytea       NOT NULL UNIQUE,
    received_at     timestamptz NOT NULL,
    source          text        NOT NULL,
    place           text        NOT NULL,
    reason          text        NOT NULL,
    detail          text        NOT NULL,
    raw             bytea       NOT NULL,
    requeued_at     timestamptz,
    requeued_as     bigint
);

-- What was rejected stays as it came in; only that it was offered again may be added.
SELECT raceline.make_immutable('raceline.quarantine',
    'DELETE OR TRUNCATE OR UPDATE OF quarantine_id, digest, received_at, source, place, reason, detail, raw');
