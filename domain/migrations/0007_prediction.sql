-- What predictions leave behind: the files of models, the ledger of what was predicted, and counts by which drift is
-- seen. Who is predicted what just now is a read model (projections/views.sql); which model is in force is decided in
-- the log.

-- A model's file is known by the SHA-256 of its bytes; decisions in the log name it so.
CREATE TABLE raceline.model_file (
    hash        bytea       PRIMARY KEY CHECK (hash = sha256(content)),
    content     bytea       NOT NULL,
    recorded_at timestamptz NOT NULL DEFAULT now()
);
-- Weights do not compress: kept aside as they are, they are read three times as fast.
ALTER TABLE raceline.model_file ALTER COLUMN content SET STORAGE EXTERNAL;

-- The ledger: the first prediction that was made of each customer, stay and local day. What came true is no part of it:
-- that is joined when it is asked for, by stays as they are known then.
CREATE TABLE raceline.prediction (
    id                bigint      GENERATED ALWAYS AS IDENTITY UNIQUE,
    racetrack         text        COLLATE "C" NOT NULL,
    customer_id       text        COLLATE "C" NOT NULL,
    entered_at        timestamptz NOT NULL,
    day               date        NOT NULL,
    computed_at       timestamptz NOT NULL,
    racetrack_version bigint      NOT NULL,
    model             bigint      NOT NULL,
    stage             text        COLLATE "C" NOT NULL,
    position          bigint      NOT NULL,
    incidence         real[]      NOT NULL, -- by bin, then by exit (analytics/incidence.py)
    PRIMARY KEY (racetrack, day, customer_id, entered_at)
);

-- How many rows that were predicted on a day had a feature in each bin; the feature '' is the chance to move on within
-- a week. The bins are those of the model; the live run adds to them.
CREATE TABLE raceline.prediction_drift (
    racetrack text   COLLATE "C" NOT NULL,
    model     bigint NOT NULL,
    day       date   NOT NULL,
    stage     text   COLLATE "C" NOT NULL,
    feature   text   COLLATE "C" NOT NULL,
    bin       bigint NOT NULL,
    rows      bigint NOT NULL,
    PRIMARY KEY (racetrack, model, day, stage, feature, bin)
);

SELECT raceline.make_immutable('raceline.model_file');
SELECT raceline.make_immutable('raceline.prediction');
-- Counts grow; nobody takes a day away.
SELECT raceline.make_immutable('raceline.prediction_drift', 'DELETE OR TRUNCATE');
