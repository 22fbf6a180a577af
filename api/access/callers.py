"""Who asks: a key, an end user or a tenant that signs, what they may, and the decorator that a view states it with."""

import functools
from collections.abc import Callable, Collection
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any
from uuid import UUID

import msgspec
from flask import Request, current_app, g, request

from api.access import keys, tokens
from api.access.limits import Limits
from api.access.refusals import InsufficientScope, RateLimited, Unauthorized
from api.access.signing import Signatures
from api.access.signing_secrets import SigningSecret
from api.headers import await_position
from api.state import State, state_of
from projections.database import Reader

View = Callable[..., Any]

KEPT_FOR = timedelta(seconds=5)
MAX_KEPT = 10_000
READING = ("GET", "HEAD")
OF_END_USERS = frozenset({"progress:read"})
SIGNED = {"HTTP_X_SIGNATURE", "HTTP_X_TENANT_ID"}


class Caller(msgspec.Struct, frozen=True, kw_only=True):
    """A credential that was accepted. An end user has an `owner_id` and reads that owner's rows alone.

    Requests with the same `counted_as` use up a limit together: those of a key, of a signing secret (whose id `key_id`
    then is), or of one end user.
    """

    tenant: str
    scopes: frozenset[str]
    key_id: UUID
    owner_id: str | None = None
    per_minute: int = 600
    per_hour: int = 36_000
    counted_as: str = ""


class Admission:
    """Lets callers in. Remembers an accepted credential for five seconds, so a revoked key opens nothing after that."""

    def __init__(self, storage_url: str) -> None:
        self.limits = Limits(storage_url)
        self._kept: dict[bytes, tuple[datetime, Caller]] = {}
        self._signatures = Signatures()

    def caller(self, reader: Reader, asked: Request, now: datetime) -> Caller:
        """Whose credential the request carries. Raises Unauthorized."""
        for scheme in SCHEMES:
            found = scheme(self, reader, asked, now)
            if found is not None:
                return found
        raise Unauthorized("an API key is needed, in X-API-Key or Authorization: Bearer")

    def of_key(self, reader: Reader, key: str, now: datetime) -> Caller:
        """Who holds this key."""
        digest = sha256(key.encode("utf-8", "replace")).digest()
        kept = self._remembered(digest, now)
        if kept is None:
            found = keys.by_hash(reader, digest) if len(key) == keys.LENGTH else None
            if found is None or not found.valid(now):
                raise Unauthorized("the key is not known, expired or revoked")
            kept = self._remember(digest, _caller(found), found.expires_at, now)
        return kept

    def of_token(self, reader: Reader, token: str, now: datetime) -> Caller:
        """Which end user the token was signed for."""
        digest = sha256(token.encode("utf-8", "replace")).digest()
        kept = self._remembered(digest, now)
        if kept is None:
            key = keys.by_id(reader, tokens.key_id_of(token))
            if key is None or not key.valid(now):
                raise Unauthorized("the token names a key that is not known, expired or revoked")
            owner, until = tokens.owner_of(token, key.token_secret, now)
            until = until if key.expires_at is None else min(until, key.expires_at)
            kept = self._remember(digest, _caller(key, owner), until, now)
        return kept

    def of_signature(self, reader: Reader, asked: Request, now: datetime) -> Caller:
        """Which tenant signed the request. Nothing is remembered: no signature opens twice."""
        return _caller(self._signatures.signer(reader, asked, now))

    def _remembered(self, digest: bytes, now: datetime) -> Caller | None:
        found = self._kept.get(digest)
        return found[1] if found is not None and now < found[0] else None

    def _remember(self, digest: bytes, caller: Caller, until: datetime | None, now: datetime) -> Caller:
        if len(self._kept) >= MAX_KEPT:
            self._kept = {}
        kept_until = now + KEPT_FOR
        self._kept[digest] = (kept_until if until is None else min(until, kept_until), caller)
        return caller


def _caller(key: keys.Key | SigningSecret, owner_id: str | None = None) -> Caller:
    return Caller(
        tenant=key.tenant,
        scopes=frozenset(key.scopes) if owner_id is None else OF_END_USERS,
        key_id=key.id,
        owner_id=owner_id,
        per_minute=key.per_minute,
        per_hour=key.per_hour,
        counted_as=str(key.id) if owner_id is None else f"{key.id}/{owner_id}",
    )


def _key_header(admission: Admission, reader: Reader, asked: Request, now: datetime) -> Caller | None:
    key = asked.environ.get("HTTP_X_API_KEY")
    return None if key is None else admission.of_key(reader, key.strip(), now)


def _bearer(admission: Admission, reader: Reader, asked: Request, now: datetime) -> Caller | None:
    scheme, _, credential = asked.environ.get("HTTP_AUTHORIZATION", "").partition(" ")
    credential = credential.strip()
    if scheme.lower() != "bearer" or not credential:
        return None
    if credential.startswith(keys.MARK):
        return admission.of_key(reader, credential, now)
    return admission.of_token(reader, credential, now)


def _signature(admission: Admission, reader: Reader, asked: Request, now: datetime) -> Caller | None:
    if asked.environ.keys().isdisjoint(SIGNED):
        return None
    return admission.of_signature(reader, asked, now)


# The first scheme whose headers a request has decides. Another scheme is another line.
SCHEMES: tuple[Callable[[Admission, Reader, Request, datetime], Caller | None], ...] = (
    _key_header,
    _bearer,
    _signature,
)


def admit(scopes: tuple[str, ...], reads: Collection[str]) -> None:
    """Let the request in as `state.caller()`. Raises Unauthorized, RateLimited, InsufficientScope or NotYetHeld."""
    state: State = state_of(current_app)
    asked, kept = request._get_current_object(), g._get_current_object()  # type: ignore[attr-defined]
    now = kept.now = state.clock()
    caller = kept.caller = state.admission.caller(state.reader, asked, now)
    unix = now.timestamp()
    kept.standing = state.admission.limits.hit(caller.counted_as, caller.per_minute, caller.per_hour, unix)
    if kept.standing.exceeded:
        raise RateLimited(max(1, kept.standing.resets_at - int(unix)))
    if caller.scopes.isdisjoint(scopes):
        raise InsufficientScope(scopes, sorted(caller.scopes))
    position = asked.environ.get("HTTP_IF_POSITION")
    if position is not None and asked.method in READING:
        await_position(position, reads)


def requires(*scopes: str, reads: Collection[str] = ()) -> Callable[[View], View]:
    """The view wants a caller with one of these scopes. Stands above every other decorator of the view.

    A view that answers from read tables names them in `reads`: `If-Position` waits for these, and for no others.
    """

    def decorate(view: View) -> View:
        @functools.wraps(view)
        def admitted(*args: Any, **kwargs: Any) -> Any:
            admit(scopes, reads)
            return view(*args, **kwargs)

        admitted._apidoc = {**getattr(view, "_apidoc", {}), "access": scopes}  # type: ignore[attr-defined]
        return admitted

    return decorate
