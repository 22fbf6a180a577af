-- depends: 0001.log
-- One round trip: take the slice's row, insert the events, upsert the snapshots, answer the last position.

CREATE FUNCTION append_events(
    p_slice           smallint,
    p_recorded_at     timestamptz,
    p_originator_ids  uuid[],
    p_versions        integer[],
    p_topics          text[],
    p_states          text[],
    p_entry_ids       uuid[],
    p_tenants         text[],
    p_stream_ids      uuid[],
    p_stream_versions integer[],
    p_stream_topics   text[],
    p_stream_states   text[],
    p_stream_due_ats  timestamptz[],
    p_import_id       uuid
) RETURNS bigint
LANGUAGE plpgsql
AS $append$
DECLARE
    before_first bigint;
BEGIN
    UPDATE slices
    SET head = head + cardinality(p_originator_ids)
    WHERE slice = p_slice
    RETURNING head - cardinality(p_originator_ids) INTO before_first;

    IF before_first IS NULL THEN
        RAISE EXCEPTION 'slice % does not exist', p_slice USING ERRCODE = 'invalid_parameter_value';
    END IF;

    INSERT INTO events (
        slice, position, originator_id, originator_version, topic, state, entry_id, tenant, recorded_at
    )
    SELECT
        p_slice, before_first + n, id, version, topic, state, entry_id, tenant, p_recorded_at
    FROM unnest(p_originator_ids, p_versions, p_topics, p_states, p_entry_ids, p_tenants)
        WITH ORDINALITY AS event (id, version, topic, state, entry_id, tenant, n);

    IF cardinality(p_stream_ids) > 0 THEN
        INSERT INTO streams AS stream (slice, originator_id, version, topic, state, due_at, import_id)
        SELECT p_slice, id, version, topic, state, due_at, p_import_id
        FROM unnest(p_stream_ids, p_stream_versions, p_stream_topics, p_stream_states, p_stream_due_ats)
            AS snapshot (id, version, topic, state, due_at)
        ON CONFLICT (slice, originator_id) DO UPDATE SET
            version = excluded.version,
            topic = excluded.topic,
            state = excluded.state,
            due_at = excluded.due_at,
            import_id = CASE
                WHEN excluded.import_id IS NOT NULL THEN excluded.import_id
                WHEN stream.import_id IS NULL THEN NULL
                WHEN EXISTS (
                    SELECT FROM imports WHERE imports.id = stream.import_id AND imports.expires_at > clock_timestamp()
                ) THEN stream.import_id
            END
        WHERE stream.version < excluded.version;
    END IF;

    RETURN before_first + cardinality(p_originator_ids);
END
$append$;
