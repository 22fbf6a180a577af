"""The bodies of log entries: the types that read them, from which they are documented, too."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Annotated, Any, ClassVar
from uuid import UUID

import msgspec
from msgspec import UNSET, Meta, Raw, UnsetType

from domain import commands, training
from domain.commands import LogEntry
from domain.errors import invalid
from domain.numbers import LIMIT, complaint, exact
from domain.training import MAX_PHASE_SCORE, MAX_STEP
from domain.vocabulary import Slug

# In Python `$` also matches before a line feed at the end, and `\s` is not quite what it is in JavaScript.
_PART = r"[^@\s\x00-\x1f\x85\ufeff]+"
EMAIL = rf"^{_PART}@{_PART}\.{_PART}$(?!\n)"
PHONE_NUMBER = r"^\+[1-9][0-9]{1,14}$(?!\n)"
MAX_ATTRIBUTES = 64
MAX_CHALLENGES = 10_000
STEP = "The step that was reached, at most the last. Without it, the scenario was opened."
LARGEST = 2**53 - 1  # Larger whole numbers are not exact in most languages, and too large ones cannot be written.

# U+0000 is documented here and refused by the domain: a pattern would cost every entry of a bulk load a search.
NO_NUL = {"pattern": r"^[^\u0000]*$"}
Text = Annotated[str, Meta(min_length=1, max_length=256, extra_json_schema=NO_NUL)]
OptionalText = Annotated[str, Meta(max_length=256, extra_json_schema=NO_NUL)] | None
Attribute = (
    Annotated[str, Meta(max_length=1024, extra_json_schema=NO_NUL)]
    | Annotated[int, Meta(ge=-LARGEST, le=LARGEST)]
    | Annotated[float, Meta(ge=-LARGEST, le=LARGEST)]
    | bool
    | None
)

VALUE = {
    "description": "How much of it was done. What sums values needs it.",
    "type": ["number", "null"],
    "minimum": 0,
    "exclusiveMaximum": int(LIMIT),
    "multipleOf": 1e-6,
}

# A user is kept after the entry is recorded, so everything about it is checked here.
PlainText = Annotated[str, Meta(min_length=1, max_length=256, pattern=r"^[^\x00]*$")]
Name = Annotated[str, Meta(max_length=256, pattern=r"^[^\x00]*$")] | UnsetType | None


class EntryOwner(msgspec.Struct, rename="camel", forbid_unknown_fields=True, kw_only=True):
    """An end user by the tenant's own id: created, or changed in what is given."""

    external_id: Annotated[PlainText, Meta(description="The tenant's own id of the end user.")]
    first_name: Name = UNSET
    last_name: Name = UNSET
    email: Annotated[str, Meta(max_length=256, pattern=EMAIL)] | UnsetType | None = UNSET
    phone_number: Annotated[str, Meta(max_length=16, pattern=PHONE_NUMBER)] | UnsetType | None = UNSET


class Entry(msgspec.Struct, rename="camel", forbid_unknown_fields=True, kw_only=True):
    """What every log is told of an entry: who did something, and when. What it was, each kind says by itself."""

    slug: ClassVar[Slug]
    activity_at: Annotated[datetime, Meta(tz=True, description="When it was done; at most 300 s from now.")]
    unique_identifier: Annotated[Text, Meta(description="Names the entry, so that it counts once.")]
    owned_by_id: Annotated[UUID, Meta(description="Who did it.")] | UnsetType = UNSET
    owned_by: EntryOwner | UnsetType = UNSET
    kind: str | None = None

    def told(self) -> commands.Entry:
        """The entry in the words of the domain."""
        raise NotImplementedError

    def common(self) -> dict[str, Any]:
        """What the domain calls the fields of every log. An owner who comes along has no id yet."""
        at = self.activity_at
        return {
            "owner_id": "" if self.owned_by_id is UNSET else str(self.owned_by_id),
            "activity_at": at if at.tzinfo is UTC else at.astimezone(UTC),
            "unique_identifier": self.unique_identifier,
        }


class Activity(Entry, kw_only=True):
    """One activity of an end user. What it is an activity in, each kind of entry says by itself."""

    definition_id: UUID
    activity_id: OptionalText = None
    activity_value: Annotated[Raw, Meta(extra_json_schema=VALUE)] = msgspec.field(default_factory=Raw)
    attributes: Annotated[dict[Text, Attribute], Meta(max_length=MAX_ATTRIBUTES)] = {}

    def told(self) -> LogEntry:
        """The entry in the words of the domain."""
        return LogEntry(
            definition_id=self.definition_id,
            activity_id=self.activity_id,
            activity_value=_decimal(bytes(self.activity_value)),
            attributes=self.attributes,
            slug=self.slug,
            **self.common(),
        )


class ChallengeEntry(Activity, kw_only=True):
    """One activity of an end user in a challenge: what was done, when, and how much of it."""

    slug = Slug.CHALLENGE
    definition_id: Annotated[UUID, Meta(description="The challenge.")] = msgspec.field(name="challengeId")
    kind: Annotated[str, Meta(extra_json_schema={"const": "challenge_log"})] | None = None


class StreakEntry(Activity, kw_only=True):
    """One activity of an end user in a streak: what was done, when, and how much of it."""

    slug = Slug.STREAK
    definition_id: Annotated[UUID, Meta(description="The streak.")] = msgspec.field(name="streakId")
    kind: Annotated[str, Meta(extra_json_schema={"const": "streak_log"})] | None = None


class PracticeEntry(Entry, kw_only=True):
    """One phase of a practice challenge, scored: 1 identifies the vulnerability, 2 selects the patch."""

    slug = Slug.PRACTICE
    topic_id: Annotated[Text, Meta(description="The topic of the catalogue.")]
    challenge_index: Annotated[int, Meta(ge=0, lt=MAX_CHALLENGES, description="Which challenge of the topic, from 0.")]
    phase: Annotated[int, Meta(ge=1, le=2, description="1 begins an attempt, 2 completes it.")]
    score: Annotated[int, Meta(ge=0, le=MAX_PHASE_SCORE, description="What the phase was scored with.")]
    language: Annotated[Text, Meta(description="The language that the challenge was solved in.")]
    hint_used: Annotated[bool, Meta(description="Whether a hint was used in this phase.")] = False
    kind: Annotated[str, Meta(extra_json_schema={"const": "practice_log"})] | None = None

    def told(self) -> training.PracticeEntry:
        """The entry in the words of the domain."""
        return training.PracticeEntry(
            topic_id=self.topic_id,
            challenge_index=self.challenge_index,
            phase=self.phase,
            score=self.score,
            language=self.language,
            hint_used=self.hint_used,
            **self.common(),
        )


class LearnEntry(Entry, kw_only=True):
    """A scenario that an end user opened, or a step of it that was reached."""

    slug = Slug.LEARN
    scenario_id: Annotated[Text, Meta(description="The scenario of the catalogue.")]
    step: (
        Annotated[
            int,
            Meta(ge=1, le=MAX_STEP, description=STEP),
        ]
        | None
    ) = None
    kind: Annotated[str, Meta(extra_json_schema={"const": "learn_log"})] | None = None

    def told(self) -> training.LearnEntry:
        """The entry in the words of the domain."""
        return training.LearnEntry(scenario_id=self.scenario_id, step=self.step, **self.common())


def _decimal(text: bytes) -> Decimal | None:
    """The exact decimal that a JSON number says. A string or anything else is no number."""
    if not text or text == b"null":
        return None
    if text[0] not in b"-0123456789":
        raise invalid("activityValue", "must be a number, or null")
    value = Decimal(text.decode())
    if text.isdigit() and value < LIMIT:
        return value
    if message := complaint(value):
        raise invalid("activityValue", message)
    return exact(value)
