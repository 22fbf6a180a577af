"""Deterministic ids. Every id of an owner's data begins with two bytes of the owner's hash: they name the slice."""

from functools import lru_cache
from hashlib import blake2b
from uuid import NAMESPACE_URL, UUID, uuid5

SEPARATOR = b"\x1f"
REMEMBERED = 1 << 14  # Ids that an entry asks for several times on its way: more than one batch of an import has.
MARK = 8 << 76 | 2 << 62  # A UUID's version, 8, and its variant.
UNMARKED = ~(0xF << 76 | 0x3 << 62)
USERS = uuid5(NAMESPACE_URL, "urn:milepost:account_user")


def slice_of(identifier: UUID, slices: int) -> int:
    """The slice of the log, 0..slices-1, that holds what this id names."""
    return (identifier.int >> 112) % slices


def owner_slice(tenant: str, owner_id: str, slices: int) -> int:
    """The slice that holds everything of one owner."""
    return int.from_bytes(_prefix(tenant, owner_id)) % slices


@lru_cache(maxsize=REMEMBERED)
def engagement_id(tenant: str, definition_id: UUID, owner_id: str, slug: str = "challenge") -> UUID:
    """The stream of one owner on one definition of a kind."""
    mark = b"engagement" if slug == "challenge" else slug.encode()
    return _id(_prefix(tenant, owner_id), mark, tenant.encode(), definition_id.bytes, owner_id.encode())


@lru_cache(maxsize=REMEMBERED)
def definition_id(tenant: str, slug: str, definition: UUID) -> UUID:
    """The stream of one definition. Definitions are spread over the slices by their own ids."""
    return _id(_prefix(tenant, definition.hex), slug.encode(), tenant.encode(), definition.bytes)


@lru_cache(maxsize=REMEMBERED)
def catalogue_id(tenant: str, item: str) -> UUID:
    """The stream of one item of the catalogue."""
    return _id(_prefix(tenant, item), b"catalogue", tenant.encode(), item.encode())


@lru_cache(maxsize=REMEMBERED)
def practice_id(tenant: str, owner_id: str, topic_id: str, challenge_index: int) -> UUID:
    """The stream of one owner on one challenge of a topic."""
    parts = (tenant.encode(), owner_id.encode(), topic_id.encode(), str(challenge_index).encode())
    return _id(_prefix(tenant, owner_id), b"practice", *parts)


@lru_cache(maxsize=REMEMBERED)
def learn_id(tenant: str, owner_id: str, scenario_id: str) -> UUID:
    """The stream of one owner on one scenario."""
    return _id(_prefix(tenant, owner_id), b"learn", tenant.encode(), owner_id.encode(), scenario_id.encode())


def membership_id(tenant: str, owner_id: str) -> UUID:
    """The stream of one owner's teams."""
    return _id(_prefix(tenant, owner_id), b"membership", tenant.encode(), owner_id.encode())


def assignment_progress_id(tenant: str, owner_id: str, assignment: UUID) -> UUID:
    """The stream of one owner on one assignment."""
    return _id(_prefix(tenant, owner_id), b"assignment", tenant.encode(), owner_id.encode(), assignment.bytes)


@lru_cache(maxsize=REMEMBERED)
def owner_stream_id(tenant: str, owner_id: str) -> UUID:
    """The stream of one end user: status changes and erasure, never personal data."""
    return _id(_prefix(tenant, owner_id), b"owner", tenant.encode(), owner_id.encode())


def run_id(engagement: UUID, key: str) -> UUID:
    """The record of one run: a challenge's run by its window key, a streak's by its number."""
    return _id(engagement.bytes[:2], b"run", engagement.bytes, key.encode())


def entry_id(engagement: UUID, unique_identifier: str) -> UUID:
    """The log entry that an owner sent once, for ever (RULES 4.1)."""
    return _id(engagement.bytes[:2], b"entry", engagement.bytes, unique_identifier.encode())


def reward_id(engagement: UUID, milestone: UUID, run: UUID | None) -> UUID:
    """The one reward of a milestone: of the engagement, or of a run when the milestone is repeatable."""
    return _id(engagement.bytes[:2], b"reward", engagement.bytes, milestone.bytes, run.bytes if run else b"")


def user_id(tenant: str, external_id: str) -> UUID:
    """The UUIDv5 of a tenant's user (API, Writing)."""
    return uuid5(USERS, f"{tenant}\x1f{external_id}")


@lru_cache(maxsize=REMEMBERED)
def _prefix(tenant: str, owner: str) -> bytes:
    return blake2b(SEPARATOR.join((tenant.encode(), owner.encode())), digest_size=2).digest()


def _id(prefix: bytes, *parts: bytes) -> UUID:
    """A UUIDv8: the owner's two bytes, then a hash of the parts, each led by its length."""
    framed = b"".join([len(part).to_bytes(4) + part for part in parts])
    value = int.from_bytes(prefix + blake2b(framed, digest_size=14).digest())
    return UUID(int=value & UNMARKED | MARK)
