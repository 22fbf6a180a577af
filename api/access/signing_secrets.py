"""Signing secrets: what a tenant signs its requests with. Made, shown once, several valid at a time, revoked."""

import secrets
from collections.abc import Iterable
from datetime import datetime
from uuid import UUID, uuid4

import msgspec

from api.access.keys import SHOWN, check_new
from projections.database import Reader

MARK = "mp_sign_"


class NewSigningSecret(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A secret just made: the only time that it is seen."""

    id: UUID
    signing_secret: str


class SigningSecret(msgspec.Struct, frozen=True):
    """A secret as it is kept. It is the text that was shown, in the clear: a signature is checked by making it."""

    id: UUID
    tenant: str
    name: str
    secret: bytes
    scopes: list[str]
    per_minute: int
    per_hour: int
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None

    @property
    def prefix(self) -> str:
        """How it begins, to tell it from others."""
        return self.secret[:SHOWN].decode()

    def valid(self, now: datetime) -> bool:
        """Whether it signs anything at this moment."""
        return self.revoked_at is None and (self.expires_at is None or now < self.expires_at)


COLUMNS = "id, tenant, name, secret, scopes, per_minute, per_hour, created_at, expires_at, revoked_at"

INSERT = """
    INSERT INTO signing_secrets (id, tenant, name, secret, scopes, per_minute, per_hour, expires_at)
    VALUES (
        %(id)s, %(tenant)s, %(name)s, %(secret)s, %(scopes)s, %(per_minute)s, %(per_hour)s, %(expires_at)s
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
) -> NewSigningSecret:
    """Make a secret. Raises InvalidInput for a scope that there is not, a naive expiry or a limit below 1."""
    wanted = list(dict.fromkeys(scopes))
    check_new(tenant, name, wanted, expires_at, per_minute, per_hour)
    new = NewSigningSecret(id=uuid4(), signing_secret=MARK + secrets.token_urlsafe(32))
    reader.write(
        INSERT,
        {
            "id": new.id,
            "tenant": tenant,
            "name": name,
            "secret": new.signing_secret.encode(),
            "scopes": wanted,
            "per_minute": per_minute,
            "per_hour": per_hour,
            "expires_at": expires_at,
        },
    )
    return new


def listed(reader: Reader, tenant: str | None = None) -> list[SigningSecret]:
    """The secrets of a tenant, or of all, oldest first; revoked and expired ones too."""
    condition = "" if tenant is None else "WHERE tenant = %(tenant)s"
    query = f"SELECT {COLUMNS} FROM signing_secrets {condition} ORDER BY tenant, created_at, id"
    return reader.rows(SigningSecret, query, {"tenant": tenant})


def valid_of(reader: Reader, tenant: str, now: datetime) -> list[SigningSecret]:
    """The secrets that the tenant signs with at this moment: several while it changes from one to the next."""
    return [one for one in listed(reader, tenant) if one.valid(now)]


def revoke(reader: Reader, secret_id: UUID) -> bool:
    """The secret signs nothing from now on. False when there is no such secret."""
    query = "UPDATE signing_secrets SET revoked_at = coalesce(revoked_at, clock_timestamp()) WHERE id = %(id)s"
    return reader.write(query, {"id": secret_id}) > 0
