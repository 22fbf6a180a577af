"""How progress is asked for: one folder a dialect, and what the dialects share."""
