"""Signed requests: HMAC-SHA256 over method, path, timestamp and body, by a tenant's secret, accepted once."""

import hmac
import re
from datetime import datetime, timedelta
from hashlib import sha256
from io import BytesIO
from urllib.parse import urlsplit

from flask import Request

from api.access import signing_secrets
from api.access.keys import MAX_NAME_LENGTH
from api.access.refusals import Unauthorized
from api.access.signing_secrets import SigningSecret
from api.body import whole_body
from projections.database import Reader

TENANT, TIMESTAMP, SIGNATURE = "X-Tenant-Id", "X-Timestamp", "X-Signature"
WINDOW_SECONDS = 300
SECONDS_FORM = re.compile(r"[0-9]{1,12}", re.ASCII)
SIGNATURE_FORM = re.compile(r"hmac-sha256=([0-9a-fA-F]{64})", re.ASCII)

FORGET_EVERY = timedelta(minutes=1)
FORGET_AT_ONCE = 1000

INSERT = """
    INSERT INTO accepted_signatures (tenant, signature, expires_at)
    VALUES (%(tenant)s, %(signature)s, to_timestamp(%(expires_at)s))
    ON CONFLICT DO NOTHING
"""

# Several processes may forget at once: each takes rows that no other is at.
FORGET = """
    DELETE FROM accepted_signatures
    WHERE (tenant, signature) IN (
        SELECT tenant, signature
        FROM accepted_signatures
        WHERE expires_at < %(now)s
        ORDER BY expires_at
        LIMIT %(at_once)s
        FOR UPDATE SKIP LOCKED
    )
"""


class Signatures:
    """Checks signatures. What was accepted is in the database, so no process accepts it again."""

    def __init__(self) -> None:
        self._forget_at: datetime | None = None

    def signer(self, reader: Reader, asked: Request, now: datetime) -> SigningSecret:
        """Which secret signed the request. Raises Unauthorized, or RequestEntityTooLarge for a body over the limit."""
        tenant, seconds, claimed = _tenant(asked), _seconds(asked, now), _claimed(asked)
        signed_text = text_to_sign(asked.method, path_sent(asked), seconds, _body(asked))
        # Where the tenant has no secret the answer is the same, so nobody learns here which tenants there are.
        for secret in signing_secrets.valid_of(reader, tenant, now):
            if hmac.compare_digest(signature(secret.secret, signed_text), claimed):
                self._accept_once(reader, tenant, claimed, int(seconds), now)
                return secret
        raise Unauthorized(f"{SIGNATURE} is not that of this request by a valid signing secret of the tenant")

    def _accept_once(self, reader: Reader, tenant: str, accepted: bytes, seconds: int, now: datetime) -> None:
        """Write down that this signature was accepted. Raises Unauthorized when it was before."""
        # Twice the window: the clock of another process that asks may be behind this one's.
        expires_at = seconds + 2 * WINDOW_SECONDS
        row = {"tenant": tenant, "signature": accepted, "expires_at": expires_at}
        if reader.write(INSERT, row) == 0:
            raise Unauthorized(f"{SIGNATURE} was accepted before; sign each request anew, with a new {TIMESTAMP}")
        if self._forget_at is None or now >= self._forget_at:
            # As long as there is more to forget, each request does its part: what is kept cannot outgrow the window.
            forgotten = reader.write(FORGET, {"now": now, "at_once": FORGET_AT_ONCE})
            self._forget_at = now if forgotten == FORGET_AT_ONCE else now + FORGET_EVERY


def text_to_sign(method: str, path: bytes, seconds: str, body: bytes) -> bytes:
    """What is signed: four parts, a line feed between them. Only the last can hold one, so no two requests agree."""
    return b"\n".join((method.encode(), path, seconds.encode(), body))


def signature(secret: bytes, signed_text: bytes) -> bytes:
    """The signature of a text."""
    return hmac.digest(secret, signed_text, sha256)


def path_sent(asked: Request) -> bytes:
    """The path as it stood in the request line, escapes and all, without host and query."""
    target: str = asked.environ["RAW_URI"]
    path = target.partition("?")[0] if target.startswith("/") else urlsplit(target).path
    return path.encode("latin-1")


def _tenant(asked: Request) -> str:
    try:
        tenant = _header(asked, TENANT).encode("latin-1").decode()
    except UnicodeDecodeError:
        raise Unauthorized(f"{TENANT} must be UTF-8") from None
    if not 1 <= len(tenant) <= MAX_NAME_LENGTH or "\x00" in tenant:
        raise Unauthorized(f"{TENANT} must have 1 to {MAX_NAME_LENGTH} characters")
    return tenant


def _seconds(asked: Request, now: datetime) -> str:
    """The timestamp as it was sent: that text is signed."""
    seconds = _header(asked, TIMESTAMP)
    if not SECONDS_FORM.fullmatch(seconds):
        raise Unauthorized(f"{TIMESTAMP} must be Unix seconds, in digits")
    if abs(now.timestamp() - int(seconds)) > WINDOW_SECONDS:
        raise Unauthorized(f"{TIMESTAMP} is more than {WINDOW_SECONDS} seconds from now")
    return seconds


def _claimed(asked: Request) -> bytes:
    found = SIGNATURE_FORM.fullmatch(_header(asked, SIGNATURE))
    if not found:
        raise Unauthorized(f"{SIGNATURE} must be hmac-sha256= and 64 hexadecimal digits")
    return bytes.fromhex(found[1])


def _header(asked: Request, name: str) -> str:
    text = asked.headers.get(name)
    if text is None:
        raise Unauthorized(f"{name} is missing: a signed request has {TENANT}, {TIMESTAMP} and {SIGNATURE}")
    return text.strip()


def _body(asked: Request) -> bytes:
    body = whole_body(asked, cache=True)
    # A view that reads lines from the stream finds all of them there.
    asked.stream = BytesIO(body)
    return body
