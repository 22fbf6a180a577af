-- depends: 0005.checkpoints
-- Secrets that tenants sign requests with, and the signatures that were accepted, so that none is accepted twice.

CREATE TABLE signing_secrets (
    id         uuid        PRIMARY KEY,
    tenant     text        NOT NULL,
    name       text        NOT NULL,
    secret     bytea       NOT NULL,
    scopes     text[]      NOT NULL,
    per_minute integer     NOT NULL DEFAULT 600,
    per_hour   integer     NOT NULL DEFAULT 36000,
    created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    expires_at timestamptz,
    revoked_at timestamptz
);

CREATE INDEX signing_secrets_tenant ON signing_secrets (tenant, created_at);

COMMENT ON COLUMN signing_secrets.secret IS
    'In the clear: a signature can only be checked by whoever can make it. Whoever reads this table can sign requests.';

CREATE TABLE accepted_signatures (
    tenant     text        NOT NULL,
    signature  bytea       NOT NULL,
    expires_at timestamptz NOT NULL,
    PRIMARY KEY (tenant, signature)
);

CREATE INDEX accepted_signatures_expires_at ON accepted_signatures (expires_at);

COMMENT ON COLUMN accepted_signatures.expires_at IS
    'From then on its timestamp is too old for any process, and the row may go.';
