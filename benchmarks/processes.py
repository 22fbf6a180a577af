"""The processes that a process has started."""

from pathlib import Path


def children(pid: int) -> list[int]:
    """The children of a process, where there is a /proc; none when it has just ended."""
    path = Path(f"/proc/{pid}/task/{pid}/children")
    try:
        return [int(child) for child in path.read_text().split()]
    except OSError:
        return []
