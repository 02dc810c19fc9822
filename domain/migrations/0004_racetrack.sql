-- What racetracks need: decisions found without a look at the facts, and the tick that made timers visible.

-- Decisions are few among the facts, and whoever asks which racetrack was in force reads nothing else.
CREATE INDEX event_decision ON raceline.event (position) WHERE customer_id IS NULL;

-- The clock that the rows of a generation are true at: part of its checkpoint, so that a replay to the same tick is equal.
ALTER TABLE raceline.generation ADD COLUMN clock timestamptz NOT NULL DEFAULT '-infinity';
