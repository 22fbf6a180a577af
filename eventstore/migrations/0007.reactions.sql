-- depends: 0006.signing
-- How far each reactor has followed each slice. A row is locked while its slice is worked on, so several may run.

CREATE TABLE reactions (
    reactor  text     NOT NULL,
    slice    smallint NOT NULL,
    position bigint   NOT NULL DEFAULT 0,
    PRIMARY KEY (slice, reactor)
) WITH (fillfactor = 50);

COMMENT ON COLUMN reactions.position IS
    'Everything up to here was reacted to. A reactor that is killed reads the rest again: what it does is idempotent.';
