"""The training dialect: progress of one user as bare arrays, under /api/public/v1."""

from api.training import assignments, learn_progress, practice_progress

DESCRIPTION = """A user's training progress: practice, learn and assignments.

Names are camelCase, times are UTC in seconds, and an answer is a bare array: all rows, unless `limit` asks for fewer;
`Link` then leads to the next ones. Errors are `{"error": "…"}`, with `message` and `errors` where something can be
mended.

Show an API key with the scope `progress:read` as `Authorization: Bearer` or as `X-API-Key`. In place of a key, a tenant
may sign each request with HMAC-SHA256: `X-Tenant-Id`, `X-Timestamp` and `X-Signature`. An end user shows a token that
the holder of a key signed for them, and reads their own progress only.

Poll with `If-None-Match`: 304 costs next to nothing. `updatedSince` leaves out what has not changed; a row that was
taken back is not there any more, and only an answer without `updatedSince` shows that.

An answer is as old as the read tables: `Consistent-Through` says up to when it holds everything. Send the `Position` of
a write as `If-Position` to read what it changed."""

BLUEPRINTS = (practice_progress.BLUEPRINT, learn_progress.BLUEPRINT, assignments.BLUEPRINT)
