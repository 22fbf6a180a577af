DROP TABLE poison;
ALTER TABLE checkpoints DROP COLUMN moved_at;
ALTER TABLE heartbeats DROP COLUMN rates, DROP COLUMN release;
DROP TABLE leases;
