"""The words of the domain, each with the values that it may take."""

from enum import StrEnum


class Period(StrEnum):
    """How long a window is."""

    HOURLY = "hourly"
    DAILY = "daily"
    WEEKLY = "weekly"
    MONTHLY = "monthly"
    YEARLY = "yearly"
    ONCE = "once"
    ROLLING = "rolling"


class WeekDay(StrEnum):
    """The day that a week starts on."""

    MONDAY = "monday"
    TUESDAY = "tuesday"
    WEDNESDAY = "wednesday"
    THURSDAY = "thursday"
    FRIDAY = "friday"
    SATURDAY = "saturday"
    SUNDAY = "sunday"


class Method(StrEnum):
    """How a tally gathers entries (aggregationMethod)."""

    SUM = "sum"
    COUNT = "count"
    DISTINCT = "distinct"


class DefinitionStatus(StrEnum):
    """The life of a definition. Only a live one counts entries."""

    DRAFT = "draft"
    LIVE = "live"
    PAUSED = "paused"
    ARCHIVED = "archived"


class OwnerStatus(StrEnum):
    """The life of an end user. A paused owner's entries are recorded, not counted."""

    DRAFT = "draft"
    LIVE = "live"
    PAUSED = "paused"


class ProgressStatus(StrEnum):
    """The state of a run."""

    IN_PROGRESS = "in_progress"
    COMPLETED = "completed"
    FAILED = "failed"
    BROKEN = "broken"


class Outcome(StrEnum):
    """What became of a window once it is sealed."""

    MET = "met"
    MISSED = "missed"
    EXCUSED = "excused"
    OPEN = "open"


class Reason(StrEnum):
    """Why an entry was recorded and not counted."""

    NOT_LIVE = "not_live"
    BEFORE_START = "before_start"
    AFTER_END = "after_end"
    OWNER_PAUSED = "owner_paused"
    TOO_LATE = "too_late"
    PHASE_MISSING = "phase_missing"


class Slug(StrEnum):
    """The kind of definition, or of progress, that a record belongs to (linkedSchemaSlug)."""

    CHALLENGE = "challenge"
    STREAK = "streak"
    PRACTICE = "practice"
    LEARN = "learn"
    CATALOGUE = "catalogue"
    TEAM = "team"
    ASSIGNMENT = "assignment"


class ContentArea(StrEnum):
    """The two halves of training (RULES 8)."""

    PRACTICE = "practice"
    LEARN = "learn"
