"""Definitions applied from a document: it says what there is to be, and applying it twice changes nothing more.

A record is found by its `id`, or by what names it: a definition or a team by its `name`, a milestone by its
`targetValue`, a user by `externalId`, an assignment by what it assigns to whom. A field that the document leaves out
stays as it is. Nothing is ever removed; only a team's `members` are all that it has.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from marshmallow import ValidationError, fields, validates_schema

from api.blueprints import load
from api.schema.account_user import NewUserSchema
from api.schema.applied_training import AppliedCatalogue, AppliedTeam, memberships, note_dangling, wanted_training
from api.schema.applied_users import UserPlan, plan_users
from api.schema.assignment import NewAssignmentSchema
from api.schema.bodies import Body, Identifier, Number
from api.schema.challenge import NewChallengeSchema
from api.schema.definition_plans import Plan, Wanted, differences_of, id_of, plans
from api.schema.differences import Difference
from api.schema.memberships import Member, Membership
from api.schema.milestone import MilestoneFields
from api.schema.streak import NewStreakSchema
from api.wire import camel
from domain.application import ProgressLog
from domain.errors import InvalidInput
from domain.vocabulary import Slug

DEFINITIONS = {"challenges": Slug.CHALLENGE, "streaks": Slug.STREAK}


class InlineMilestoneSchema(MilestoneFields, Body):
    """A milestone inside its definition."""

    NEEDED = ("target_value",)

    id = Identifier()
    target_value = Number(data_key="targetValue")


class WithMilestones:
    """The milestones of a definition, if it has any."""

    milestones = fields.List(fields.Nested(InlineMilestoneSchema))

    @validates_schema
    def _different_targets(self, data: dict[str, Any], **kwargs: Any) -> None:
        targets = [one["target_value"] for one in data.get("milestones", ())]
        twice = {
            index: {"targetValue": ["is there twice"]} for index, one in enumerate(targets) if one in targets[:index]
        }
        if twice:
            raise ValidationError({"milestones": twice})


class InlineChallengeSchema(WithMilestones, NewChallengeSchema):
    """A challenge with its milestones."""


class InlineStreakSchema(WithMilestones, NewStreakSchema):
    """A streak with its milestones."""


class DocumentSchema(Body):
    """What a document may hold."""

    challenges = fields.List(fields.Nested(InlineChallengeSchema), load_default=list)
    streaks = fields.List(fields.Nested(InlineStreakSchema), load_default=list)
    users = fields.List(fields.Nested(NewUserSchema), load_default=list)
    teams = fields.List(fields.Nested(AppliedTeam), load_default=list)
    catalogue = fields.Nested(AppliedCatalogue, load_default=dict)
    assignments = fields.List(fields.Nested(NewAssignmentSchema), load_default=list)


def apply(
    log: ProgressLog, tenant: str, document: Mapping[str, Any], *, now: datetime, dry_run: bool = False
) -> list[Difference]:
    """Bring what the tenant has to what the document says; answer what that changed.

    The whole document is checked first: InvalidInput names every wrong field by its path (`challenges[3].timezone`),
    and nothing is written. A dry run writes nothing either and answers the same. Raises Busy, with nothing written,
    when others are at work on the members of its teams.
    """
    loaded = load(DocumentSchema(), document)
    errors: dict[str, list[str]] = {}
    wanted = [*_wanted(tenant, loaded), *wanted_training(tenant, loaded)]
    members: dict[UUID, list[Member]] = {
        one.id: one.said.pop("members") for one in wanted if "members" in one.said and isinstance(one.id, UUID)
    }
    planned = list(plans(log, tenant, wanted, now, errors))
    users = plan_users(log, tenant, loaded["users"], errors)
    if not errors:
        note_dangling(log, tenant, planned, now, errors)
    if errors:
        raise InvalidInput("; ".join(f"{path}: {found[0]}" for path, found in errors.items()), errors)
    coming = {one["external_id"]: user.id for one, user in zip(loaded["users"], users, strict=True)}
    with memberships(log, tenant, members, coming) as teams:
        if not dry_run:
            _write(log, tenant, planned, users, teams, now)
    return [*_differences(planned, teams), *map(_of_user, users)]


def _wanted(tenant: str, document: Mapping[str, Any]) -> Iterator[Wanted]:
    for name, slug in DEFINITIONS.items():
        for index, said in enumerate(document[name]):
            identifier = said.pop("id", None) or id_of(tenant, slug, said["name"])
            yield Wanted(f"{name}[{index}]", slug, identifier, said["name"], said)


def _write(
    log: ProgressLog,
    tenant: str,
    planned: Sequence[Plan],
    users: Sequence[UserPlan],
    teams: Mapping[UUID, Membership],
    now: datetime,
) -> None:
    # A microsecond apart, so that what is listed as it was made keeps the order of the document.
    for number, plan in enumerate(planned):
        log.define(tenant, plan.wanted.id, *plan.commands, now=now + timedelta(microseconds=number))
    for user in users:
        if user.changes:
            log.keep_user(tenant, user.command, now=now)
    for identifier, membership in teams.items():
        membership.keep(log, tenant, identifier, now)


def _differences(planned: Sequence[Plan], teams: Mapping[UUID, Membership]) -> Iterator[Difference]:
    for plan in planned:
        membership = teams.get(plan.wanted.id) if isinstance(plan.wanted.id, UUID) else None
        more = {"members": (membership.before, membership.after)} if membership else {}
        yield from differences_of(plan, more)


def _of_user(plan: UserPlan) -> Difference:
    """What a user becomes."""
    before = plan.before or {}
    changes = {camel(name): (before.get(name), value) for name, value in plan.changes.items()}
    name = plan.changes.get("external_id") or before.get("external_id") or ""
    action = "made" if plan.before is None else "changed" if changes else "unchanged"
    return Difference("user", plan.id, name, action, changes)
