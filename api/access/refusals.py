"""Why somebody is not let in. A dialect decides how that is written."""

from collections.abc import Mapping, Sequence


class AccessRefused(Exception):
    """The request was not let in; the text says why."""

    status = 403
    code = "forbidden"

    def __init__(self, message: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.headers = dict(headers or {})


class Unauthorized(AccessRefused):
    """There is no credential, or one that opens nothing."""

    status = 401
    code = "unauthorized"

    def __init__(self, message: str) -> None:
        super().__init__(message, {"WWW-Authenticate": 'Bearer realm="milepost"'})


class InsufficientScope(AccessRefused):
    """The credential is good for other things."""

    code = "insufficient_scope"

    def __init__(self, required: Sequence[str], present: Sequence[str]) -> None:
        needed = " or ".join(required)
        super().__init__(f"{needed} is needed; the credential has {' '.join(present) or 'no scope'}")
        self.required = list(required)
        self.present = list(present)


class RateLimited(AccessRefused):
    """The credential has used up what it may ask."""

    status = 429
    code = "rate_limited"

    def __init__(self, retry_after_seconds: int) -> None:
        super().__init__(
            f"too many requests; try again in {retry_after_seconds} s", {"Retry-After": str(retry_after_seconds)}
        )
