"""Why a request is not let in. A dialect decides how that is written."""

from collections.abc import Mapping, Sequence
from typing import Any


class AccessRefused(Exception):
    """The request was not let in; the text says why."""

    status = 403
    code = "forbidden"

    def __init__(self, message: str, headers: Mapping[str, str] | None = None, **more: Any) -> None:
        super().__init__(message)
        self.message = message
        self.headers = dict(headers or {})
        self.more = more


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
        message = f"{needed} is needed; the credential has {' '.join(present) or 'no scope'}"
        super().__init__(message, required=list(required), present=list(present))


class RateLimited(AccessRefused):
    """The credential has used up what it may ask."""

    status = 429
    code = "rate_limited"

    def __init__(self, retry_after_seconds: int) -> None:
        super().__init__(
            f"too many requests; try again in {retry_after_seconds} s", {"Retry-After": str(retry_after_seconds)}
        )


class NotYetHeld(AccessRefused):
    """The read tables do not hold what If-Position names."""

    status = 503
    code = "not_yet_held"

    def __init__(self, position: str, *, stopped: bool = False) -> None:
        text = f"the read tables do not hold {position} yet; try again"
        seconds = "1"
        if stopped:
            text, seconds = f"{text} when the event before it that cannot be applied is mended", "30"
        super().__init__(text, {"Retry-After": seconds})
