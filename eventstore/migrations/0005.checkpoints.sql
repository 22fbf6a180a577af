-- depends: 0004.access
-- How far each projection has read each slice. A row moves in the transaction that writes the read tables.

CREATE TABLE checkpoints (
    projection text     NOT NULL,
    version    integer  NOT NULL,
    slice      smallint NOT NULL,
    position   bigint   NOT NULL DEFAULT 0,
    through    timestamptz,
    PRIMARY KEY (slice, projection, version)
) WITH (fillfactor = 50);

COMMENT ON COLUMN checkpoints.through IS 'recorded_at of the last event that was applied.';

CREATE TABLE heartbeats (
    process text        NOT NULL,
    id      text        NOT NULL,
    beat_at timestamptz NOT NULL,
    detail  text        NOT NULL DEFAULT '',
    PRIMARY KEY (process, id)
);

CREATE TABLE tracking (
    application_name text   NOT NULL,
    notification_id  bigint NOT NULL,
    PRIMARY KEY (application_name, notification_id)
);

COMMENT ON TABLE tracking IS
    'For projections written with the eventsourcing library''s own runner; Milepost''s projector keeps checkpoints.';
