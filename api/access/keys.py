"""API keys: made, shown once, found by their hash, revoked."""

import secrets
from collections.abc import Iterable
from datetime import datetime
from hashlib import sha256
from uuid import UUID, uuid4

import msgspec

from domain.errors import InvalidInput
from projections.database import Reader

SCOPES = (
    "progress:read",
    "logs:write",
    "logs:backfill",
    "logs:void",
    "definitions:read",
    "definitions:write",
    "audit:read",
    "operations",
)
MARK = "mp_live_"
SHOWN = len(MARK) + 4
LENGTH = len(MARK) + 43
MAX_NAME_LENGTH = 200
MAX_PER_HOUR = 2**31 - 1


class NewKey(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A key just made: the only time that the key and its token secret are seen."""

    id: UUID
    key: str
    token_secret: str


class Key(msgspec.Struct, frozen=True):
    """A key as it is kept. `token_secret` signs end-user tokens."""

    id: UUID
    tenant: str
    name: str
    prefix: str
    scopes: list[str]
    per_minute: int
    per_hour: int
    token_secret: bytes
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None

    def valid(self, now: datetime) -> bool:
        """Whether the key opens anything at this moment."""
        return self.revoked_at is None and (self.expires_at is None or now < self.expires_at)


COLUMNS = """
    id, tenant, name, prefix, scopes, per_minute, per_hour, token_secret, created_at, expires_at, revoked_at
"""


INSERT = """
    INSERT INTO api_keys (
        id, tenant, name, prefix, key_hash, token_secret, scopes, per_minute, per_hour, expires_at
    )
    VALUES (
        %(id)s, %(tenant)s, %(name)s, %(prefix)s, %(key_hash)s, %(token_secret)s, %(scopes)s, %(per_minute)s,
        %(per_hour)s, %(expires_at)s
    )
"""


def create(
    reader: Reader,
    *,
    tenant: str,
    name: str,
    scopes: Iterable[str],
    expires_at: datetime | None = None,
    per_minute: int = 600,
    per_hour: int = 36_000,
) -> NewKey:
    """Make a key. Raises InvalidInput for a scope that there is not, a naive expiry or a limit below 1."""
    wanted = list(dict.fromkeys(scopes))
    check_new(tenant, name, wanted, expires_at, per_minute, per_hour)
    new = NewKey(id=uuid4(), key=MARK + secrets.token_urlsafe(32), token_secret=secrets.token_urlsafe(32))
    reader.write(
        INSERT,
        {
            "id": new.id,
            "tenant": tenant,
            "name": name,
            "prefix": new.key[:SHOWN],
            "key_hash": hashed(new.key),
            "token_secret": new.token_secret.encode(),
            "scopes": wanted,
            "per_minute": per_minute,
            "per_hour": per_hour,
            "expires_at": expires_at,
        },
    )
    return new


def listed(reader: Reader, tenant: str | None = None) -> list[Key]:
    """The keys of a tenant, or of all, oldest first; revoked and expired ones too."""
    condition = "" if tenant is None else "WHERE tenant = %(tenant)s"
    query = f"SELECT {COLUMNS} FROM api_keys {condition} ORDER BY tenant, created_at, id"
    return reader.rows(Key, query, {"tenant": tenant})


def revoke(reader: Reader, key_id: UUID) -> bool:
    """The key, and every token that it signed, opens nothing from now on. False when there is no such key."""
    query = "UPDATE api_keys SET revoked_at = coalesce(revoked_at, clock_timestamp()) WHERE id = %(id)s"
    return reader.write(query, {"id": key_id}) > 0


def by_hash(reader: Reader, key_hash: bytes) -> Key | None:
    """The key with this hash, valid or not."""
    return reader.row(Key, f"SELECT {COLUMNS} FROM api_keys WHERE key_hash = %(hash)s", {"hash": key_hash})


def by_id(reader: Reader, key_id: UUID) -> Key | None:
    """The key with this id, valid or not."""
    return reader.row(Key, f"SELECT {COLUMNS} FROM api_keys WHERE id = %(id)s", {"id": key_id})


def hashed(key: str) -> bytes:
    """What is kept of a key. It holds 256 random bits, so a plain hash can neither be guessed nor reversed."""
    return sha256(key.encode()).digest()


def check_new(
    tenant: str, name: str, scopes: list[str], expires_at: datetime | None, per_minute: int, per_hour: int
) -> None:
    """Raises InvalidInput, naming each wrong field of a new key or signing secret."""
    errors = {}
    for field, text in (("tenant", tenant), ("name", name)):
        if not 1 <= len(text) <= MAX_NAME_LENGTH or "\x00" in text:
            errors[field] = [f"must have 1 to {MAX_NAME_LENGTH} characters"]
    unknown = [scope for scope in scopes if scope not in SCOPES]
    if unknown or not scopes:
        errors["scopes"] = [f"{', '.join(unknown) or 'none'}: must be of {' '.join(SCOPES)}"]
    if expires_at is not None and expires_at.tzinfo is None:
        errors["expires_at"] = ["must say its offset from UTC"]
    for field, number in (("per_minute", per_minute), ("per_hour", per_hour)):
        if not 1 <= number <= MAX_PER_HOUR:
            errors[field] = [f"must be 1 to {MAX_PER_HOUR}"]
    if errors:
        raise InvalidInput("; ".join(f"{field}: {found[0]}" for field, found in errors.items()), errors)
