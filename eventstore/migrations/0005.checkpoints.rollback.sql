DROP TABLE tracking, heartbeats, checkpoints;
