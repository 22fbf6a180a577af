"""Plans: what has to be said so that a definition becomes what a document says of it."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any, NamedTuple
from uuid import NAMESPACE_URL, UUID, uuid5

from api.schema.differences import Difference, difference
from api.wire import camel
from domain.application import Definition, ProgressLog
from domain.commands import AddMilestone, ChangeMilestone, Define, Redefine
from domain.errors import InvalidInput
from domain.vocabulary import Slug

NAMED = uuid5(NAMESPACE_URL, "urn:milepost:definition")

Commands = list[Define | Redefine | AddMilestone | ChangeMilestone]
Errors = dict[str, list[str]]


class Wanted(NamedTuple):
    """A definition as the document wants it, and where in the document that stands.

    `names` are the fields that the document calls by other names.
    """

    path: str
    slug: Slug
    id: UUID | str
    name: str
    said: dict[str, Any]
    names: Mapping[str, str] = {}

    def located(self, errors: Mapping[str, Any], path: str | None = None) -> Errors:
        """Complaints about fields by the paths of the document."""
        here = path or self.path
        return {f"{here}.{self.names.get(name, camel(name))}": list(found) for name, found in errors.items()}


class Plan(NamedTuple):
    """How a definition stands, what has to be said, and how it stands then."""

    wanted: Wanted
    before: Any | None
    commands: Commands
    after: Definition

    @property
    def key(self) -> tuple[Slug, UUID | str]:
        """What names the definition."""
        return self.wanted.slug, self.wanted.id


def id_of(tenant: str, slug: Slug, *named_by: str) -> UUID:
    """The id of a definition to which the document gives none."""
    return uuid5(NAMED, "\x1f".join((tenant, slug, *named_by)))


def plans(log: ProgressLog, tenant: str, wanted: Iterable[Wanted], now: datetime, errors: Errors) -> Iterator[Plan]:
    """What has to be said. Everything that would be refused is noted in `errors` by its path."""
    seen: set[tuple[Slug, UUID | str]] = set()
    for one in wanted:
        if (one.slug, one.id) in seen:
            errors[one.path] = [f"is there twice: {one.id}, {one.name!r}"]
            continue
        seen.add((one.slug, one.id))
        before = log.definition(tenant, one.slug, one.id, now=now)
        commands = _commands(one, before)
        try:
            after, _ = log.define(tenant, one.id, *commands, now=now, dry_run=True)
        except InvalidInput:
            errors |= _located(log, tenant, one, commands, now)
        else:
            yield Plan(one, before, commands, after)


def differences_of(plan: Plan, more: Mapping[str, tuple[Any, Any]] | None = None) -> Iterator[Difference]:
    """What a definition and its milestones become."""
    slug, identifier, name = plan.wanted.slug, plan.wanted.id, plan.wanted.name
    fields: Any = plan.after.fields
    kind = fields.kind.value if slug is Slug.CATALOGUE else slug.value
    yield difference(kind, identifier, name, plan.before and plan.before.fields, fields, more)
    before = {one.id: one for one in getattr(plan.before, "milestones", ())}
    said = {one.id for one in plan.commands}
    for one in getattr(plan.after, "milestones", ()):
        if one.id in said:
            yield difference("milestone", one.id, f"{name}: {one.name or one.target_value}", before.get(one.id), one)


def _commands(wanted: Wanted, before: Any | None) -> Commands:
    """What has to be said so that a definition becomes what the document says of it."""
    _, slug, identifier, _, said, _ = wanted
    milestones = said.pop("milestones", [])
    commands: Commands
    if before is None:
        commands = [Define(id=identifier, slug=slug, fields=said)]
    else:
        commands = [Redefine(id=identifier, slug=slug, changes=said)]
    for one in milestones:
        derived = uuid5(UUID(str(identifier)), f"milestone\x1f{one['target_value']}")
        given = one.pop("id", None)
        found = _found(before, given, one["target_value"], derived)
        about = {"id": found or given or derived, "slug": slug, "definition_id": identifier}
        commands.append(ChangeMilestone(**about, changes=one) if found else AddMilestone(**about, fields=one))
    return commands


def _found(before: Any | None, given: UUID | None, target: Decimal, derived: UUID) -> UUID | None:
    """The milestone that the document means; None when it is new."""
    known = {one.id: one.target_value for one in before.milestones} if before else {}
    if given is not None:
        return given if given in known else None
    same = (identifier for identifier, value in known.items() if value == target)
    return next(same, derived if derived in known else None)


def _located(log: ProgressLog, tenant: str, wanted: Wanted, commands: Commands, now: datetime) -> Errors:
    """The complaints about the first command that is refused, by the paths of the document."""
    for count in range(1, len(commands) + 1):
        try:
            log.define(tenant, wanted.id, *commands[:count], now=now, dry_run=True)
        except InvalidInput as error:
            return wanted.located(error.errors, None if count == 1 else f"{wanted.path}.milestones[{count - 2}]")
    return {}
