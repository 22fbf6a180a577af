"""The streaks dialect: snake_case under /v1, errors in an envelope."""

from api.streaks import events, streaks

DESCRIPTION = """Events in, streaks out.

Names are snake_case, times are UTC in milliseconds, numbers are exact decimals. Errors are an envelope:
`{"error": {"code", "message", "status"}}`.

Show an API key as `X-API-Key` or as `Authorization: Bearer`. In place of a key, a tenant may sign each request with
HMAC-SHA256: `X-Tenant-Id`, `X-Timestamp` and `X-Signature`. An end user shows a token that the holder of a key signed
for them, and reads their own streaks only.

The tenant in a path is that of the credential. What ticks (`seconds_until_window_close`, the current window, whether a
streak still runs) is worked out when it is asked for, so an answer is never behind the clock.

An answer is as old as the read tables: `Consistent-Through` says up to when it holds everything. Send the `Position`
that an event was answered with as `If-Position` to read what it changed."""

BLUEPRINTS = (streaks.BLUEPRINT, events.BLUEPRINT)
