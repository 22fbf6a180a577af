"""The audit dialect: what happened and why, told from the log itself, under /audit."""

from api.audit import engagement, feed, progress

DESCRIPTION = """What happened, event by event, and why things are as they are; and a feed of all events, for programs
that follow the log.

Answers come from the log, not from the read tables. Times are UTC with microseconds, numbers are exact, errors are
problems (RFC 9457). Show an API key with the scope `audit:read`. Every read is itself logged, with the key and what it
asked for."""

BLUEPRINTS = (engagement.BLUEPRINT, progress.BLUEPRINT, feed.BLUEPRINT)
