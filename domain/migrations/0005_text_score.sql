-- How customers' texts sound, each text once: a replay reads the scores again instead of making them again. A text is
-- known by the SHA-256 of its UTF-8 bytes; what it says stays in its event.
CREATE TABLE raceline.text_score (
    scorer    text NOT NULL,
    text_hash bytea NOT NULL,
    language  text,
    score     integer, -- ten-thousandths, from -10000 to 10000; null when the scorer cannot read the text
    PRIMARY KEY (scorer, text_hash)
);
