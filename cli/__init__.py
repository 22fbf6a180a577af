"""The `milepost` command: one file for each group of commands."""
