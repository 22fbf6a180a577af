DROP FUNCTION append_events;
