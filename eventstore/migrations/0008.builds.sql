-- depends: 0007.reactions
-- Read tables beside the live ones: those that are being built, and those that were live before a switch.

CREATE TABLE builds (
    projection   text        NOT NULL,
    version      integer     NOT NULL,
    role         text        NOT NULL CHECK (role IN ('build', 'kept')),
    state        text        NOT NULL CHECK (state IN ('filling', 'indexing', 'following', 'verified', 'kept')),
    indexed      integer     NOT NULL DEFAULT 0,
    runner       text,
    workers      integer     NOT NULL DEFAULT 0,
    started_at   timestamptz NOT NULL DEFAULT clock_timestamp(),
    resumed_at   timestamptz NOT NULL DEFAULT clock_timestamp(),
    resumed_from bigint      NOT NULL DEFAULT 0,
    PRIMARY KEY (projection, version, role)
);

COMMENT ON TABLE builds IS
    'The table of a build lies beside the live one as <name>_build, that of the one before as <name>_kept.';
COMMENT ON COLUMN builds.indexed IS 'How many of its indexes there are.';
COMMENT ON COLUMN builds.runner IS 'Who works, or worked last, on it: host and process id.';
COMMENT ON COLUMN builds.resumed_from IS 'How many events were done when that one began.';

CREATE TABLE build_slices (
    projection text     NOT NULL,
    version    integer  NOT NULL,
    role       text     NOT NULL,
    slice      smallint NOT NULL,
    position   bigint   NOT NULL DEFAULT 0,
    target     bigint   NOT NULL DEFAULT 0,
    PRIMARY KEY (slice, projection, version, role)
) WITH (fillfactor = 50);

COMMENT ON TABLE build_slices IS
    'How far such a table has read each slice. A row moves in the transaction that writes the table.';
COMMENT ON COLUMN build_slices.target IS 'The head of the slice when the build began: the workers fill up to here.';
