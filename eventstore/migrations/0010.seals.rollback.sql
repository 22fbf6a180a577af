DROP TABLE seal_checkpoints, seal_tiles, seals, log_keys, log_identity;
