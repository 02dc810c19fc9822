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
