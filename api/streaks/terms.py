"""What a streak asks for, in the words of the dialect: window, condition, milestones."""

from collections.abc import Iterable
from typing import Any

from marshmallow import fields, validate

from api.fields import shown
from api.streaks.fields import Written
from api.wire import moment
from domain.vocabulary import Method, Period, WeekDay
from projections.live import LiveMilestone

CALENDAR, ROLLING, ONCE = "calendar", "rolling", "once"
PERIODS = [one.value for one in Period if one not in (Period.ROLLING, Period.ONCE)]
DAY_SECONDS = 86_400


def _of(type_: str, field: type[fields.Field], description: str, **options: Any) -> fields.Field:
    return field(metadata={"description": f"Of type `{type_}`: {description}"}, **options)


class WindowSchema(Written):
    """How time is cut into windows. Its `type` says which of the other fields it has."""

    type = shown(
        fields.String,
        "Windows of the calendar, windows of a fixed length from a user's first event on, or a single window.",
        validate=validate.OneOf((CALENDAR, ROLLING, ONCE)),
    )
    period = _of(CALENDAR, fields.String, "how long a window is.", validate=validate.OneOf(PERIODS))
    timezone = _of(CALENDAR, fields.String, "the IANA time zone that windows follow.")
    reset_time = _of(CALENDAR, fields.String, "when days start in that zone.")
    week_start = _of(
        CALENDAR, fields.String, "the day that weeks start on.", validate=validate.OneOf([one.value for one in WeekDay])
    )
    seconds = _of(ROLLING, fields.Integer, "how long a window is.")
    starts_at = _of(ONCE, fields.DateTime, "when it starts.")
    ends_at = _of(ONCE, fields.DateTime, "when it ends: the first moment after it.")


class ConditionSchema(Written):
    """What a window has to gather."""

    type = shown(
        fields.String,
        "What is added up: the number of events, the sum of their `value`, or the different values of an attribute.",
        validate=validate.OneOf([one.value for one in Method]),
    )
    min = shown(fields.Decimal, "How much of it is enough.")
    distinct_by = fields.String(
        allow_none=True, metadata={"description": "Of type `distinct`: the attribute whose different values count."}
    )


class MilestoneSchema(Written):
    """A number of windows in a row that earns a reward."""

    threshold = shown(fields.Decimal, "How many windows in a row.")
    reward_item_id = shown(fields.String, "What it earns, if that was said.", allow_none=True)
    repeatable = shown(fields.Boolean, "Whether it can be earned again by a later run.")


def window_json(of: Any, period: str) -> dict[str, Any]:
    """The window of a definition, or of the rules that a run keeps."""
    if period == Period.ROLLING:
        return {"type": ROLLING, "seconds": of.rolling_seconds or DAY_SECONDS}
    if period == Period.ONCE:
        return {"type": ONCE, "starts_at": moment(of.starts_at), "ends_at": moment(of.ends_at)}
    found = {"type": CALENDAR, "period": period, "timezone": of.timezone, "reset_time": of.reset_time}
    return {**found, "week_start": of.week_start} if period == Period.WEEKLY else found


def condition_json(method: str, target: Any, distinct_by: str | None) -> dict[str, Any]:
    """What a window has to gather."""
    found = {"type": method, "min": target}
    return {**found, "distinct_by": distinct_by} if method == Method.DISTINCT else found


def milestones_json(milestones: Iterable[LiveMilestone]) -> list[dict[str, Any]]:
    """Milestones, the nearest first."""
    return [
        {"threshold": one.target_value, "reward_item_id": one.reward_item_id, "repeatable": one.repeatable}
        for one in milestones
    ]
