-- The generations of read models, each in a schema of its own. At most one is live, and at most one is being built.

CREATE TABLE raceline.generation (
    name            text        PRIMARY KEY,
    number          bigint      NOT NULL UNIQUE,
    status          text        NOT NULL CHECK (status IN ('live', 'building', 'retired')),
    -- The fingerprint of the rules it is derived by. Rows of other rules are never mixed into it.
    rules           text        NOT NULL,
    position        bigint      NOT NULL DEFAULT 0,
    advanced_at     timestamptz NOT NULL,
    created_at      timestamptz NOT NULL,
    switched_at     timestamptz,
    failed_position bigint,
    failure         text
);
CREATE UNIQUE INDEX generation_one_live ON raceline.generation (status) WHERE status = 'live';
CREATE UNIQUE INDEX generation_one_building ON raceline.generation (status) WHERE status = 'building';
