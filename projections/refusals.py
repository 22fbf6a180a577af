"""What stops work on the read tables: every text says what and where."""


class BuildRefused(Exception):
    """A rebuild, a switch or what was kept of one: it cannot be done, or not now."""


class UnknownProjection(BuildRefused):
    """There is no projection with this name."""


class AlreadyRunning(BuildRefused):
    """Somebody else works on the tables of this projection."""


class WorkerFailed(BuildRefused):
    """A worker ended before its work did: what it said last."""


class NotVerified(BuildRefused):
    """The rows of a build are not what the events say."""


class TableBlocked(BuildRefused):
    """A transaction kept a table for longer than a switch, or who wants to drop it, has patience."""


class NothingKept(BuildRefused):
    """There is no table from before a switch."""


class NoSuchVersion(BuildRefused):
    """The database does not hold this version of a read table."""


class StillUsed(BuildRefused):
    """A version of a read table that somebody needs: who, or what."""


class UnreadableEvent(Exception):
    """An event cannot be decoded or applied: where it is, and why."""
