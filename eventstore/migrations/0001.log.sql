-- The log: slices that hand out positions, events that never change, the latest snapshot of every stream.

CREATE TABLE slices (
    slice smallint PRIMARY KEY,
    head  bigint   NOT NULL DEFAULT 0
) WITH (fillfactor = 10);

COMMENT ON TABLE slices IS
    'One row a slice. An append keeps its row locked until commit, so positions are gapless and in commit order.';

CREATE TABLE events (
    slice              smallint    NOT NULL,
    position           bigint      NOT NULL,
    originator_id      uuid        NOT NULL,
    originator_version integer     NOT NULL,
    topic              text        NOT NULL,
    state              text        NOT NULL,
    entry_id           uuid,
    tenant             text        NOT NULL,
    recorded_at        timestamptz NOT NULL,
    PRIMARY KEY (slice, position),
    UNIQUE (slice, originator_id, originator_version)
);

CREATE UNIQUE INDEX events_entry_id
    ON events (slice, entry_id)
    WHERE entry_id IS NOT NULL;

COMMENT ON COLUMN events.state IS 'The event as JSON: state::jsonb.';
COMMENT ON COLUMN events.entry_id IS 'Derived from the entry''s unique key: the same entry can never be recorded twice.';

CREATE TABLE imports (
    id         uuid        PRIMARY KEY,
    tenant     text        NOT NULL,
    started_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    expires_at timestamptz NOT NULL
);

COMMENT ON TABLE imports IS
    'A lease for each backfill in progress: while it lasts, the clock leaves the streams that it feeds alone.';

CREATE TABLE streams (
    slice         smallint NOT NULL,
    originator_id uuid     NOT NULL,
    version       integer  NOT NULL,
    topic         text     NOT NULL,
    state         text     NOT NULL,
    due_at        timestamptz,
    import_id     uuid,
    PRIMARY KEY (slice, originator_id)
) WITH (fillfactor = 80);

CREATE INDEX streams_due
    ON streams (slice, due_at)
    WHERE due_at IS NOT NULL AND import_id IS NULL;

CREATE INDEX streams_fed
    ON streams (import_id, due_at)
    WHERE import_id IS NOT NULL;

COMMENT ON COLUMN streams.due_at IS 'The next deadline that the clock has to write down.';
