"""End-user tokens: a JWT that the holder of an API key signs for one end user (HS256, RFC 7519)."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import OctKey
from joserfc.jwt import JWTClaimsRegistry, decode

from api.access.refusals import Unauthorized

ALGORITHMS = ["HS256"]
LONGEST = timedelta(hours=24)
# The clocks of those who sign are not ours: how far `iat`, `nbf` and the 24 hours may be off.
SKEW = timedelta(seconds=60)
MAX_LENGTH = 4096
MAX_OWNER_LENGTH = 200
ESSENTIAL: Any = {"exp": {"essential": True}, "sub": {"essential": True}}
# RecursionError: JSON that is nested too deeply to be read.
BROKEN = (JoseError, ValueError, LookupError, TypeError, AttributeError, RecursionError)


def key_id_of(token: str) -> UUID:
    """The key that a token says it was signed with. Raises Unauthorized."""
    try:
        if len(token) > MAX_LENGTH:
            raise ValueError(token)
        header: dict[str, Any] = jws.extract_compact(token.encode("ascii")).headers()
        return UUID(header["kid"])
    except BROKEN:
        raise Unauthorized("the token is no JWT whose header names a key as kid") from None


def owner_of(token: str, secret: bytes, now: datetime) -> tuple[str, datetime]:
    """Whose token it is, and until when it holds. Raises Unauthorized unless the key's secret signed it."""
    try:
        claims = decode(token, OctKey.import_key(secret), algorithms=ALGORITHMS).claims
        registry = JWTClaimsRegistry(now=int(now.timestamp()), leeway=int(SKEW.total_seconds()), **ESSENTIAL)
        registry.validate(claims)
    except BROKEN as error:
        raise Unauthorized(f"the token is not good: {error}") from None
    return _owner(claims), _expiry(claims, now)


def _owner(claims: dict[str, Any]) -> str:
    owner: str = claims["sub"]
    if not 1 <= len(owner) <= MAX_OWNER_LENGTH or not owner.isprintable():
        raise Unauthorized(f"sub must be an owner's id of 1 to {MAX_OWNER_LENGTH} characters")
    return owner


def _expiry(claims: dict[str, Any], now: datetime) -> datetime:
    expires: float = claims["exp"]
    if not now.timestamp() < expires <= (now + LONGEST + SKEW).timestamp():
        raise Unauthorized("exp must be in the future, and within 24 hours")
    return datetime.fromtimestamp(expires, UTC)
