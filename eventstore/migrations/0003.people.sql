-- depends: 0002.append
-- The one table that events do not rebuild: personal data has to be erasable, and the log is for ever.

CREATE TABLE account_user (
    slice        smallint    NOT NULL,
    tenant       text        NOT NULL,
    id           text        NOT NULL,
    external_id  text,
    first_name   text,
    last_name    text,
    email        text,
    phone_number text,
    status       text        NOT NULL DEFAULT 'live',
    created_at   timestamptz NOT NULL,
    updated_at   timestamptz NOT NULL,
    erased_at    timestamptz,
    PRIMARY KEY (slice, tenant, id)
);

CREATE INDEX account_user_external_id ON account_user (tenant, external_id);
CREATE INDEX account_user_created_at ON account_user (tenant, created_at, id);
