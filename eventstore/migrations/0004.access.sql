-- depends: 0003.people
-- API keys. The key itself is shown once and never stored; its hash finds it again.

CREATE TABLE api_keys (
    id           uuid        PRIMARY KEY,
    tenant       text        NOT NULL,
    name         text        NOT NULL,
    prefix       text        NOT NULL,
    key_hash     bytea       NOT NULL UNIQUE,
    token_secret bytea       NOT NULL,
    scopes       text[]      NOT NULL,
    per_minute   integer     NOT NULL DEFAULT 600,
    per_hour     integer     NOT NULL DEFAULT 36000,
    created_at   timestamptz NOT NULL DEFAULT clock_timestamp(),
    expires_at   timestamptz,
    revoked_at   timestamptz
);

CREATE INDEX api_keys_tenant ON api_keys (tenant, created_at);
