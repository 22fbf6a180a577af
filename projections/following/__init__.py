"""What keeps the read tables level with the log: projectors, who does which slices, and what stops one."""
