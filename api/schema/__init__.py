"""The schema dialect: camelCase records under /schema, problems as errors."""

from api.schema import (
    account_user,
    assignment,
    catalogue,
    challenge,
    challenge_log,
    challenge_progress,
    learn_log,
    milestone,
    practice_log,
    reward_log,
    streak,
    streak_log,
    streak_progress,
    team,
)

DESCRIPTION = """Log entries in, progress out.

Names are camelCase, times are UTC in milliseconds, numbers are exact decimals, errors are problems (RFC 9457).

Show an API key as `X-API-Key` or as `Authorization: Bearer`. An end user shows a token that the holder of a key signed
for them, and reads their own records only. In place of a key, a tenant may sign each request: `X-Tenant-Id`,
`X-Timestamp` and `X-Signature`.

An answer is as old as the read tables: `Consistent-Through` says up to when it holds everything. Send the `Position`
that a write answered as `If-Position` to read what was written."""

BLUEPRINTS = (
    challenge_log.BLUEPRINT,
    challenge_progress.BLUEPRINT,
    streak_log.BLUEPRINT,
    streak_progress.BLUEPRINT,
    practice_log.BLUEPRINT,
    learn_log.BLUEPRINT,
    reward_log.BLUEPRINT,
    challenge.BLUEPRINT,
    streak.BLUEPRINT,
    milestone.BLUEPRINT,
    catalogue.BLUEPRINT,
    team.BLUEPRINT,
    assignment.BLUEPRINT,
    account_user.BLUEPRINT,
)
