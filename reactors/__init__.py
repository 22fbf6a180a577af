"""What follows the time or the log and acts on it: deadlines become commands, rows are sealed."""
