-- depends: 0007.reactions
-- What the log was when it was sealed: a Merkle tree a slice, kept in tiles, and the checkpoints that were signed.

CREATE TABLE log_identity (
    only_one    boolean PRIMARY KEY DEFAULT true CHECK (only_one),
    log_id      uuid    NOT NULL DEFAULT gen_random_uuid(),
    signing_key text
);

INSERT INTO log_identity DEFAULT VALUES;

COMMENT ON COLUMN log_identity.signing_key IS
    'Made when no other is set. Whoever reads this table can sign checkpoints: MILEPOST_SIGNING_KEY keeps it elsewhere.';

CREATE TABLE log_keys (
    public_key text        PRIMARY KEY,
    since      timestamptz NOT NULL DEFAULT clock_timestamp()
);

COMMENT ON TABLE log_keys IS 'The public keys that this log''s checkpoints were ever signed with.';

CREATE TABLE seals (
    slice       smallint PRIMARY KEY,
    size        bigint   NOT NULL DEFAULT 0,
    signed_size bigint   NOT NULL DEFAULT 0,
    signed_at   timestamptz
) WITH (fillfactor = 50);

COMMENT ON TABLE seals IS
    'How many rows of each slice are hashed, and how many of them are under a checkpoint. Locked while it moves.';

CREATE TABLE seal_tiles (
    slice  smallint NOT NULL,
    level  smallint NOT NULL,
    number bigint   NOT NULL,
    hashes bytea    NOT NULL,
    PRIMARY KEY (slice, level, number)
);

-- Hashes cannot be compressed.
ALTER TABLE seal_tiles ALTER COLUMN hashes SET STORAGE EXTERNAL;

CREATE TABLE seal_checkpoints (
    slice        smallint    NOT NULL,
    size         bigint      NOT NULL,
    note         text        NOT NULL,
    signed_at    timestamptz NOT NULL DEFAULT clock_timestamp(),
    published_at timestamptz,
    PRIMARY KEY (slice, size)
);

CREATE INDEX seal_checkpoints_unpublished
    ON seal_checkpoints (signed_at)
    WHERE published_at IS NULL;
