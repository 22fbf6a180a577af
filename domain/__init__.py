"""What may happen: commands in, events out; no I/O, no clock, no SQL."""
