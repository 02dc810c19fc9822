-- The log: one append-only table of events, the identity of each event, and the batches they came in.

CREATE SCHEMA IF NOT EXISTS raceline;

-- One row. Whoever appends locks it, so positions appear in commit order and without gaps, and a reader that remembers
-- one position misses nothing.
CREATE TABLE raceline.log_head (
    only_row         boolean     PRIMARY KEY DEFAULT true CHECK (only_row),
    position         bigint      NOT NULL DEFAULT 0 CHECK (position >= 0),
    recorded_at      timestamptz NOT NULL DEFAULT '-infinity',
    partition_end    bigint      NOT NULL DEFAULT 1,
    partition_size   bigint      NOT NULL DEFAULT 10000000 CHECK (partition_size > 0)
);
INSERT INTO raceline.log_head DEFAULT VALUES;

-- The identity of an event. For a fact from outside it is (UUIDv5(source, event_id), 1); for a decision it is the
-- aggregate and its version, as the eventsourcing library has it.
CREATE TABLE raceline.event_key (
    event_uid    uuid   NOT NULL,
    version      bigint NOT NULL,
    position     bigint NOT NULL,
    content_hash bytea  NOT NULL,
    PRIMARY KEY (event_uid, version)
) PARTITION BY HASH (event_uid);
CREATE TABLE raceline.event_key_0 PARTITION OF raceline.event_key FOR VALUES WITH (MODULUS 8, REMAINDER 0);
CREATE TABLE raceline.event_key_1 PARTITION OF raceline.event_key FOR VALUES WITH (MODULUS 8, REMAINDER 1);
CREATE TABLE raceline.event_key_2 PARTITION OF raceline.event_key FOR VALUES WITH (MODULUS 8, REMAINDER 2);
CREATE TABLE raceline.event_key_3 PARTITION OF raceline.event_key FOR VALUES WITH (MODULUS 8, REMAINDER 3);
CREATE TABLE raceline.event_key_4 PARTITION OF raceline.event_key FOR VALUES WITH (MODULUS 8, REMAINDER 4);
CREATE TABLE raceline.event_key_5 PARTITION OF raceline.event_key FOR VALUES WITH (MODULUS 8, REMAINDER 5);
CREATE TABLE raceline.event_key_6 PARTITION OF raceline.event_key FOR VALUES WITH (MODULUS 8, REMAINDER 6);
CREATE TABLE raceline.event_key_7 PARTITION OF raceline.event_key FOR VALUES WITH (MODULUS 8, REMAINDER 7);

-- customer_id is compared byte by byte: the order of a replay must not depend on the server's locale.
CREATE TABLE raceline.event (
    position       bigint      NOT NULL,
    recorded_at    timestamptz NOT NULL,
    occurred_at    timestamptz NOT NULL,
    event_uid      uuid        NOT NULL,
    version        bigint      NOT NULL,
    source         text        NOT NULL,
    event_id       text        NOT NULL,
    type           text        NOT NULL,
    schema_version integer     NOT NULL,
    customer_id    text        COLLATE "C",
    account_id     text,
    product        text,
    sequence       bigint,
    correlation_id text,
    causation_id   text,
    batch_id       bigint,
    content_hash   bytea       NOT NULL,
    data           jsonb,
    state          bytea,
    PRIMARY KEY (position),
    -- A fact is about a customer and carries data; a decision belongs to an aggregate and carries its state.
    CONSTRAINT fact_or_decision CHECK ((customer_id IS NULL) = (data IS NULL) AND (data IS NULL) <> (state IS NULL))
) PARTITION BY RANGE (position);
CREATE INDEX event_customer ON raceline.event (customer_id, occurred_at);
CREATE INDEX event_times ON raceline.event USING brin (recorded_at, occurred_at);

CREATE TABLE raceline.ingest_batch (
    batch_id       bigint      PRIMARY KEY GENERATED ALWAYS AS IDENTITY,
    at             timestamptz NOT NULL,
    source         text        NOT NULL,
    received       bigint      NOT NULL,
    stored         bigint      NOT NULL,
    duplicate      bigint      NOT NULL,
    conflicting    bigint      NOT NULL,
    quarantined    bigint      NOT NULL,
    first_position bigint,
    last_position  bigint
);

CREATE FUNCTION raceline.refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the log is append-only: % on %.% is refused', TG_OP, TG_TABLE_SCHEMA, TG_TABLE_NAME
        USING ERRCODE = 'restrict_violation';
END $$;

-- Statement triggers are not inherited by partitions, so every table of the log gets its own.
CREATE FUNCTION raceline.make_immutable(target regclass) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format('CREATE TRIGGER refuse_change BEFORE UPDATE OR DELETE OR TRUNCATE ON %s '
                   'FOR EACH STATEMENT EXECUTE FUNCTION raceline.refuse_change()', target);
END $$;

-- Called under the log's lock when the next position would leave the last partition. Attached rather than created in
-- place, because CREATE TABLE ... PARTITION OF would lock out readers.
CREATE FUNCTION raceline.add_partition() RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    head raceline.log_head;
    name text;
BEGIN
    SELECT h.* INTO head FROM raceline.log_head AS h FOR UPDATE;
    name := 'event_' || head.partition_end;
    EXECUTE format('CREATE TABLE raceline.%I (LIKE raceline.event INCLUDING ALL)', name);
    EXECUTE format('ALTER TABLE raceline.event ATTACH PARTITION raceline.%I FOR VALUES FROM (%s) TO (%s)',
                   name, head.partition_end, head.partition_end + head.partition_size);
    PERFORM raceline.make_immutable(format('raceline.%I', name)::regclass);
    UPDATE raceline.log_head SET partition_end = head.partition_end + head.partition_size;
END $$;

SELECT raceline.make_immutable(relation.oid)
FROM pg_class AS relation
WHERE relation.relnamespace = 'raceline'::regnamespace AND relation.relkind IN ('r', 'p')
  AND (relation.relname = 'event' OR relation.relname LIKE 'event\_key%' OR relation.relname = 'ingest_batch');

SELECT raceline.add_partition();
