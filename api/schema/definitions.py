"""Definitions applied from a document: it says what there is to be, and applying it twice changes nothing more.

A record is found by its `id`, or by what names it: a definition by its `name`, a milestone by its `targetValue`, a user
by `externalId`. A field that the document leaves out stays as it is. Nothing is ever removed.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any, NamedTuple
from uuid import NAMESPACE_URL, UUID, uuid5

import msgspec
from marshmallow import ValidationError, fields, validates_schema

from api.blueprints import load
from api.schema.account_user import NewUserSchema
from api.schema.applied_users import UserPlan, plan_users
from api.schema.bodies import Body, Identifier, Number
from api.schema.challenge import NewChallengeSchema
from api.schema.milestone import MilestoneFields
from api.schema.records import written
from api.schema.streak import NewStreakSchema
from api.wire import camel
from domain.application import ProgressLog
from domain.commands import AddMilestone, ChangeMilestone, Define, Redefine
from domain.errors import InvalidInput
from domain.vocabulary import Slug

DEFINITIONS = {"challenges": Slug.CHALLENGE, "streaks": Slug.STREAK}
LATER = ("teams", "catalogue", "assignments")
NAMED = uuid5(NAMESPACE_URL, "urn:milepost:definition")

Commands = list[Define | Redefine | AddMilestone | ChangeMilestone]


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
    teams = fields.Raw()
    catalogue = fields.Raw()
    assignments = fields.Raw()


class Difference(NamedTuple):
    """What applying a document does, or would do, to one record: each changed field with what it held and will hold."""

    kind: str
    id: str
    name: str
    action: str
    changes: Mapping[str, tuple[Any, Any]] = {}


class Plan(NamedTuple):
    """A definition as the document wants it: how it stands, what has to be said, how it stands then."""

    slug: Slug
    id: UUID
    before: Any | None
    commands: Commands
    after: Any


def apply(
    log: ProgressLog, tenant: str, document: Mapping[str, Any], *, now: datetime, dry_run: bool = False
) -> list[Difference]:
    """Bring the tenant's definitions and users to what the document says; answer what that changed.

    The whole document is checked first: InvalidInput names every wrong field by its path (`challenges[3].timezone`),
    and nothing is written. A dry run writes nothing either and answers the same.
    """
    loaded = load(DocumentSchema(), document)
    errors: dict[str, list[str]] = {}
    plans = [
        plan
        for name, slug in DEFINITIONS.items()
        for plan in _plans(log, tenant, name, slug, loaded[name], now, errors)
    ]
    users = plan_users(log, tenant, loaded["users"], errors)
    if errors:
        raise InvalidInput("; ".join(f"{path}: {found[0]}" for path, found in errors.items()), errors)
    if not dry_run:
        for plan in plans:
            log.define(tenant, plan.id, *plan.commands, now=now)
        for user in users:
            if user.changes:
                log.keep_user(tenant, user.command, now=now)
    differences = [one for plan in plans for one in _of_plan(plan)] + [_of_user(user) for user in users]
    return differences + [Difference(name, "", "", "skipped") for name in LATER if loaded.get(name)]


def _plans(
    log: ProgressLog,
    tenant: str,
    name: str,
    slug: Slug,
    definitions: list[dict[str, Any]],
    now: datetime,
    errors: dict[str, list[str]],
) -> Iterator[Plan]:
    seen: set[UUID] = set()
    for index, said in enumerate(definitions):
        path = f"{name}[{index}]"
        identifier = said.pop("id", None) or uuid5(NAMED, f"{tenant}\x1f{slug}\x1f{said['name']}")
        if identifier in seen:
            errors[path] = [f"is there twice: {identifier}, {said['name']!r}"]
            continue
        seen.add(identifier)
        before = log.definition(tenant, slug, identifier, now=now)
        commands = _commands(slug, identifier, before, said)
        try:
            after, _ = log.define(tenant, identifier, *commands, now=now, dry_run=True)
        except InvalidInput:
            errors |= _located(log, tenant, identifier, commands, now, path)
        else:
            yield Plan(slug, identifier, before, commands, after)


def _commands(slug: Slug, identifier: UUID, before: Any | None, said: dict[str, Any]) -> Commands:
    """What has to be said so that a definition becomes what the document says of it."""
    milestones = said.pop("milestones", [])
    commands: Commands
    if before is None:
        commands = [Define(id=identifier, slug=slug, fields=said)]
    else:
        commands = [Redefine(id=identifier, slug=slug, changes=said)]
    for one in milestones:
        derived = uuid5(identifier, f"milestone\x1f{one['target_value']}")
        wanted = one.pop("id", None)
        found = _found(before, wanted, one["target_value"], derived)
        about = {"id": found or wanted or derived, "slug": slug, "definition_id": identifier}
        commands.append(ChangeMilestone(**about, changes=one) if found else AddMilestone(**about, fields=one))
    return commands


def _found(before: Any | None, wanted: UUID | None, target: Decimal, derived: UUID) -> UUID | None:
    """The milestone that the document means; None when it is new."""
    known = {one.id: one.target_value for one in before.milestones} if before else {}
    if wanted is not None:
        return wanted if wanted in known else None
    same = (identifier for identifier, value in known.items() if value == target)
    return next(same, derived if derived in known else None)


def _located(
    log: ProgressLog, tenant: str, identifier: UUID, commands: Commands, now: datetime, path: str
) -> dict[str, list[str]]:
    """The complaints about the first command that is refused, by the paths of the document."""
    for count in range(1, len(commands) + 1):
        try:
            log.define(tenant, identifier, *commands[:count], now=now, dry_run=True)
        except InvalidInput as error:
            here = path if count == 1 else f"{path}.milestones[{count - 2}]"
            return {f"{here}.{camel(name)}": list(found) for name, found in error.errors.items()}
    return {}


def _of_plan(plan: Plan) -> Iterator[Difference]:
    """What the definition and its milestones become."""
    after = plan.after.fields
    yield _difference(plan.slug.value, plan.id, after.name, plan.before and plan.before.fields, after)
    before = {one.id: one for one in plan.before.milestones} if plan.before else {}
    said = {one.id for one in plan.commands}
    for one in plan.after.milestones:
        if one.id in said:
            name = f"{after.name}: {one.name or one.target_value}"
            yield _difference("milestone", one.id, name, before.get(one.id), one)


def _difference(kind: str, identifier: Any, name: str, before: Any, after: Any) -> Difference:
    told = msgspec.structs.asdict(after)
    known = msgspec.structs.asdict(before) if before is not None else dict.fromkeys(told)
    changes = {
        camel(field): (written(known[field]), written(value))
        for field, value in told.items()
        if value != known[field] and field != "id"
    }
    action = "made" if before is None else "changed" if changes else "unchanged"
    return Difference(kind, str(identifier), name, action, changes)


def _of_user(plan: UserPlan) -> Difference:
    """What a user becomes."""
    before = plan.before or {}
    changes = {camel(name): (before.get(name), value) for name, value in plan.changes.items()}
    name = plan.changes.get("external_id") or before.get("external_id") or ""
    action = "made" if plan.before is None else "changed" if changes else "unchanged"
    return Difference("user", plan.id, name, action, changes)
