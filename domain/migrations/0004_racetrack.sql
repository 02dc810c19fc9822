-- What racetracks need: decisions found without a look at the facts, and the tick that made timers visible.

-- Decisions are few among the facts, and whoever asks which racetrack was in force reads nothing else.
CREATE INDEX event_decision ON raceline.event (position) WHERE customer_id IS NULL;

-- The clock that the rows of a generation are true at: part of its checkpoint, so that a replay to the same tick is equal.
ALTER TABLE raceline.generation ADD COLUMN clock timestamptz NOT NULL DEFAULT '-infinity';

-- What was recorded later has a later time, also when the server's clock steps back: than any append before it, and than
-- any tick, because read models of a tick's clock hold all that was recorded up to it.
ALTER TABLE raceline.log_head ADD COLUMN ticked_at timestamptz NOT NULL DEFAULT '-infinity';
CREATE OR REPLACE FUNCTION raceline.lock_log(
    room bigint, OUT position_before bigint, OUT recorded_at timestamptz, OUT batch_id bigint
) LANGUAGE plpgsql AS $$
DECLARE
    head raceline.log_head;
BEGIN
    SELECT h.* INTO head FROM raceline.log_head AS h FOR UPDATE;
    WHILE head.partition_end <= head.position + room LOOP
        PERFORM raceline.add_partition(head.partition_end, head.partition_end + head.partition_size - 1);
        UPDATE raceline.log_head AS h SET partition_end = h.partition_end + h.partition_size RETURNING h.* INTO head;
    END LOOP;
    position_before := head.position;
    recorded_at := greatest(head.recorded_at + interval '1 microsecond', head.ticked_at + interval '1 microsecond',
                            clock_timestamp());
    batch_id := nextval('raceline.ingest_batch_batch_id_seq');
END $$;
