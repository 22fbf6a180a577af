"""How explanations are documented."""

from marshmallow import fields, validate

from api.audit.history_record import EngagementSchema
from api.fields import Shown, shown
from domain.vocabulary import Outcome, ProgressStatus, Reason

STATUSES = [*map(str, ProgressStatus), "withdrawn", "excused"]


class VoidSchema(Shown):
    """That an entry was taken back."""

    voided_at = shown(fields.DateTime, "When.")
    reason = shown(fields.String, "Why.")
    actor = shown(fields.String, "By whom.")
    is_effective = shown(fields.Boolean, "Whether it changed a tally.")
    effect = shown(fields.String, "What it did, in words.")
    reward_log_ids = shown(
        fields.List,
        "Rewards that the entry supported. They stay given; the tenant may claw them back.",
        cls_or_instance=fields.UUID(),
    )


class ExplainedEntrySchema(Shown):
    """A log entry, counted or not, and why."""

    id = shown(fields.UUID, "The log entry.")
    unique_identifier = shown(fields.String, "The name under which it was sent.")
    activity_id = shown(fields.String, "What was done, as it was sent.", allow_none=True)
    activity_at = shown(fields.DateTime, "When it happened.")
    activity_value = shown(fields.Decimal, "The value that was sent.", allow_none=True)
    recorded_at = shown(fields.DateTime, "When it was recorded.")
    version = shown(fields.Integer, "The version of the event that recorded it.")
    counted = shown(fields.Boolean, "Whether it counted when it came.")
    reason = shown(
        fields.String, "Why it did not, for programs.", allow_none=True, validate=validate.OneOf([*map(str, Reason)])
    )
    why = shown(fields.String, "Why it did or did not, in words.")
    void = fields.Nested(
        VoidSchema, required=True, allow_none=True, metadata={"description": "That it was taken back, if it was."}
    )


class OutsideEntrySchema(ExplainedEntrySchema):
    """A log entry that no window holds."""

    engagement_id = shown(fields.UUID, "The engagement that it was logged to.")


class SpanSchema(Shown):
    """A stretch of time."""

    start_at = shown(fields.DateTime, "From then on.")
    end_at = shown(fields.DateTime, "Up to then; null while it lasts.", allow_none=True)


class GapSchema(SpanSchema):
    """Windows in which nothing happened, too many to list."""

    engagement_id = shown(fields.UUID, "The engagement that they are part of.")


class ExplainedWindowSchema(Shown):
    """A window, what it gathered, and what became of it."""

    key = shown(fields.String, "What the window is called.")
    progress_id = shown(fields.UUID, "The run that it is part of; null when none waited for it.", allow_none=True)
    engagement_id = shown(fields.UUID, "The engagement that it is part of.")
    start_at = shown(fields.DateTime, "Its first moment, in UTC.")
    end_at = shown(fields.DateTime, "The first moment behind it, in UTC.")
    local_start_at = shown(fields.DateTime, "Its first moment on the clocks of `timezone`, with their offset.")
    local_end_at = shown(fields.DateTime, "The first moment behind it on the clocks of `timezone`.")
    timezone = shown(fields.String, "The time zone of the run's rules.")
    seals_at = shown(fields.DateTime, "When its outcome becomes final: its end and the late grace.")
    is_sealed = shown(fields.Boolean, "Whether its outcome is written in the log. Before that it follows from now.")
    tally = shown(fields.Decimal, "What it gathered: a sum, a count or a number of different values.")
    count = shown(fields.Integer, "How many entries it counted.")
    target = shown(fields.Decimal, "What it had to gather.")
    outcome = shown(fields.String, "What became of it.", validate=validate.OneOf([*map(str, Outcome)]))
    why = shown(fields.String, "Why, in words.")
    pauses = shown(
        fields.List, "The pauses of the definition that touch it.", cls_or_instance=fields.Nested(SpanSchema)
    )
    entries = shown(
        fields.List, "The entries of its time, as they came.", cls_or_instance=fields.Nested(ExplainedEntrySchema)
    )


class ReachedMilestoneSchema(Shown):
    """A milestone that a run reached."""

    milestone_id = shown(fields.UUID, "The milestone.")
    name = shown(fields.String, "What it is called.")
    milestone_target_value = shown(fields.Decimal, "The value that reaches it.")
    reached_at = shown(fields.DateTime, "The activityAt of the entry that reached it.")
    period_key = shown(fields.String, "The window in which it was reached.")
    reward_log_id = shown(fields.UUID, "The reward that was issued for it.")
    claw_back = shown(fields.Boolean, "Whether a void took the value below it, so that the reward may be clawed back.")


class ExplainedRunSchema(Shown):
    """One try, and what became of it."""

    progress_id = shown(fields.UUID, "The progress record.")
    engagement_id = shown(fields.UUID, "The engagement that it is part of.")
    number = shown(fields.Integer, "Which try it is, from 1 on.")
    status = shown(
        fields.String,
        "How its record reads. `withdrawn`: what came later showed that it had not begun; `excused`: a pause touched "
        "the window of a challenge. Neither of these has a record any more.",
        validate=validate.OneOf(STATUSES),
    )
    summary = shown(fields.String, "What became of it and why, in a sentence.")
    started_at = shown(fields.DateTime, "The activityAt of its first entry.")
    ended_at = shown(fields.DateTime, "When it was completed, failed or broken.", allow_none=True)
    last_task_contribution_at = shown(
        fields.DateTime, "The latest activityAt that counted in it, of a streak.", allow_none=True
    )
    current_progress_value = shown(fields.Decimal, "Its value.")
    completion_target_value = shown(fields.Decimal, "What completes it; null if it is open-ended.", allow_none=True)
    definition_version = shown(fields.Integer, "The version of the definition whose rules it keeps.")
    timezone = shown(fields.String, "The time zone of these rules.")
    milestones = shown(
        fields.List, "The milestones that it reached.", cls_or_instance=fields.Nested(ReachedMilestoneSchema)
    )


class ExplainedEngagementSchema(EngagementSchema):
    """One owner on one definition, and how that stands."""

    summary = shown(fields.String, "How it stands and why, in a sentence.")


class ExplanationSchema(Shown):
    """What became of an engagement, and why."""

    progress_id = shown(fields.UUID, "The progress record that was asked for.", allow_none=True)
    as_of = shown(fields.DateTime, "The `asOf` that was asked for.", allow_none=True)
    known_at = shown(fields.DateTime, "The `knownAt` that was asked for.", allow_none=True)
    summary = shown(fields.String, "What became of the run that was asked for, or of the latest one, and why.")
    engagements = shown(
        fields.List,
        "What is explained: one, but for a topic of which several challenges were tried.",
        cls_or_instance=fields.Nested(ExplainedEngagementSchema),
    )
    runs = shown(
        fields.List, "The runs, in order. Training has none.", cls_or_instance=fields.Nested(ExplainedRunSchema)
    )
    windows = shown(
        fields.List,
        "The windows in order, those without an entry too. Training has none.",
        cls_or_instance=fields.Nested(ExplainedWindowSchema),
    )
    entries = shown(
        fields.List,
        "Entries that no window holds: of training, all of them.",
        cls_or_instance=fields.Nested(OutsideEntrySchema),
    )
    left_out = shown(
        fields.List,
        "Stretches of windows without an entry that `windows` leaves out: it has at most 100 of them in a row, and "
        "1000 in all.",
        cls_or_instance=fields.Nested(GapSchema),
    )
