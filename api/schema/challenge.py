"""Challenges: a target over one period. Tenants make and change them."""

from api.schema.bodies import Body, Choice, Identifier, Number
from api.schema.definition import DefinitionKind, DefinitionRecord, Named, Terms, blueprint_of
from api.schema.records import Records
from domain.vocabulary import Period, Slug
from projections.records import CHALLENGE


class ChallengeTarget:
    """What has to be reached."""

    aggregation_period = Choice(Period, description="How long a run lasts. An entry after that starts the next one.")
    completion_target_value = Number(description="What has to be reached in one period.")


class ChallengeFields(Terms, ChallengeTarget, Named):
    """What a tenant says about a challenge."""


class ChallengeChangeSchema(ChallengeFields, Body):
    """What to change of a challenge."""


class NewChallengeSchema(ChallengeFields, Body):
    """A challenge to make."""

    NEEDED = ("name", "aggregation_method", "aggregation_period", "completion_target_value")

    id = Identifier(description="Its id, if it has one already.")


class ChallengeSchema(ChallengeFields, DefinitionRecord):
    """A challenge."""


RECORDS = Records(CHALLENGE, ChallengeSchema, "challenge")
KIND = DefinitionKind(
    slug=Slug.CHALLENGE,
    records=RECORDS,
    new=NewChallengeSchema,
    change=ChallengeChangeSchema,
    about="Challenges: what has to be reached in a period.",
)
BLUEPRINT = blueprint_of(KIND)
