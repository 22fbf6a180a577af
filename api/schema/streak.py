"""Streaks: a target in every period, so many periods in a row. Tenants make and change them."""

from api.schema.bodies import Body, Choice, Identifier, Number, Whole
from api.schema.definition import DefinitionKind, DefinitionRecord, Named, Terms, blueprint_of
from api.schema.records import Records
from domain.vocabulary import Period, Slug
from projections.records import STREAK

MAX_WINDOWS = 1_000_000
MAX_AT_RISK_SECONDS = 366 * 86_400


class StreakTarget:
    """What has to be reached, and when its owner is warned."""

    aggregation_period = Choice(Period, description="How long a period lasts.")
    aggregation_target_value = Number(description="What has to be reached in every period.")
    completion_target_value = Whole(
        1,
        MAX_WINDOWS,
        allow_none=True,
        description="In how many periods in a row. Null: it goes on for ever, and never completes.",
    )
    at_risk_seconds = Whole(
        0,
        MAX_AT_RISK_SECONDS,
        description="How long before the end of a period that is not met yet a streak is at risk; 0: never.",
        default=14_400,
    )


class StreakFields(Terms, StreakTarget, Named):
    """What a tenant says about a streak."""


class StreakChangeSchema(StreakFields, Body):
    """What to change of a streak."""


class NewStreakSchema(StreakFields, Body):
    """A streak to make."""

    NEEDED = ("name", "aggregation_method", "aggregation_period", "aggregation_target_value")

    id = Identifier(description="Its id, if it has one already.")


class StreakSchema(StreakFields, DefinitionRecord):
    """A streak."""


RECORDS = Records(STREAK, StreakSchema, "streak")
KIND = DefinitionKind(
    slug=Slug.STREAK,
    records=RECORDS,
    new=NewStreakSchema,
    change=StreakChangeSchema,
    about="Streaks: what has to be reached in every period, without a gap.",
)
BLUEPRINT = blueprint_of(KIND)
