-- depends: 0007.reactions
-- Several projectors: which slices each works on, what it has done, and the events that no code could apply.

CREATE TABLE leases (
    release    text        NOT NULL,
    slice      smallint    NOT NULL,
    projector  text        NOT NULL DEFAULT '',
    expires_at timestamptz NOT NULL DEFAULT '-infinity',
    PRIMARY KEY (release, slice)
) WITH (fillfactor = 50);

COMMENT ON TABLE leases IS
    'Who works on a slice: an assignment of work. What keeps two projectors apart is the row of the checkpoint.';
COMMENT ON COLUMN leases.release IS 'The versions of read tables that the projector fills; other sets share nothing.';

ALTER TABLE heartbeats
    ADD COLUMN release text  NOT NULL DEFAULT '',
    ADD COLUMN rates   jsonb NOT NULL DEFAULT '{}';

COMMENT ON COLUMN heartbeats.rates IS 'Events a second that a projector has applied lately, by schema of read table.';

ALTER TABLE checkpoints
    ADD COLUMN moved_at timestamptz NOT NULL DEFAULT clock_timestamp();

COMMENT ON COLUMN checkpoints.moved_at IS 'When the position last moved, by the clock of the database.';

CREATE TABLE poison (
    projection         text        NOT NULL,
    version            integer     NOT NULL,
    slice              smallint    NOT NULL,
    position           bigint      NOT NULL,
    originator_id      uuid        NOT NULL,
    originator_version integer     NOT NULL,
    topic              text        NOT NULL,
    tenant             text        NOT NULL,
    error              text        NOT NULL,
    since              timestamptz NOT NULL DEFAULT clock_timestamp(),
    attempts           integer     NOT NULL DEFAULT 1,
    retry_at           timestamptz NOT NULL,
    parked_at          timestamptz,
    parked_by          text,
    reason             text,
    PRIMARY KEY (slice, projection, version, position)
);

CREATE UNIQUE INDEX poison_stops
    ON poison (slice, projection, version)
    WHERE parked_at IS NULL;

COMMENT ON TABLE poison IS
    'Events that could not be applied. One that is not parked stops its slice of its projection; a parked one is skipped.';
