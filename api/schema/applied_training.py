"""Training in an applied document: the catalogue by kinds, teams with their members, assignments."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from marshmallow import fields

from api.schema.bodies import Body, Choice, Identifier, Text
from api.schema.catalogue import ItemFields, ItemId
from api.schema.definition_plans import Errors, Plan, Wanted, id_of
from api.schema.memberships import Member, Membership, planned, turn
from api.schema.references import dangling
from api.schema.team import TeamFields, level
from domain.application import ProgressLog
from domain.catalogue import CatalogueKind
from domain.vocabulary import ContentArea, Slug
from projections import PROJECTIONS
from projections.database import Reader
from projections.following.projector import Projector
from projections.records import TEAM


class AppliedItem(Body):
    """What every item of the catalogue has in a document."""

    NEEDED = ("id", "title")

    id = ItemId()
    title, status = ItemFields.title, ItemFields.status


class AppliedModule(AppliedItem):
    """A module, perhaps in a category."""

    parent_id = Text(256, 1, allow_none=True, data_key="categoryId")


class AppliedTopic(AppliedItem):
    """A topic, perhaps in a module."""

    NEEDED = (*AppliedItem.NEEDED, "total_challenges")

    parent_id = Text(256, 1, allow_none=True, data_key="moduleId")
    total_challenges = ItemFields.total_challenges


class AppliedScenario(AppliedItem):
    """A scenario, perhaps in a course."""

    NEEDED = (*AppliedItem.NEEDED, "total_steps")

    parent_id = Text(256, 1, allow_none=True, data_key="courseId")
    total_steps = ItemFields.total_steps


class AppliedCustomCourse(AppliedItem):
    """A course that a tenant puts together."""

    NEEDED = (*AppliedItem.NEEDED, "content_area")

    content_area = Choice(ContentArea)
    items = ItemFields.items


class AppliedCatalogue(Body):
    """The catalogue, kind by kind."""

    categories = fields.List(fields.Nested(AppliedItem))
    modules = fields.List(fields.Nested(AppliedModule))
    topics = fields.List(fields.Nested(AppliedTopic))
    courses = fields.List(fields.Nested(AppliedItem))
    scenarios = fields.List(fields.Nested(AppliedScenario))
    custom_courses = fields.List(fields.Nested(AppliedCustomCourse))


class AppliedTeam(TeamFields, Body):
    """A team, with its members if the document says who they are."""

    NEEDED = ("name",)

    id = Identifier()


class Group(NamedTuple):
    """A list of the catalogue: what it is called, what its items are, and how it calls what they lie under."""

    name: str
    kind: CatalogueKind
    parent: str | None = None


GROUPS = {
    "categories": Group("categories", CatalogueKind.CATEGORY),
    "modules": Group("modules", CatalogueKind.MODULE, "categoryId"),
    "topics": Group("topics", CatalogueKind.TOPIC, "moduleId"),
    "courses": Group("courses", CatalogueKind.COURSE),
    "scenarios": Group("scenarios", CatalogueKind.SCENARIO, "courseId"),
    "custom_courses": Group("customCourses", CatalogueKind.CUSTOM_COURSE),
}


def wanted_training(tenant: str, document: Mapping[str, Any]) -> Iterator[Wanted]:
    """What the document wants of the catalogue, of teams and of assignments, in the order in which it is made."""
    for attribute, group in GROUPS.items():
        for index, said in enumerate(document["catalogue"].get(attribute, ())):
            identifier, path = said.pop("id"), f"catalogue.{group.name}[{index}]"
            names = {"parent_id": group.parent} if group.parent else {}
            told = {**said, "kind": group.kind.value}
            yield Wanted(path, Slug.CATALOGUE, identifier, said["title"], told, names)
    for index, said in enumerate(document["teams"]):
        identifier = said.pop("id", None) or id_of(tenant, Slug.TEAM, said["name"])
        yield Wanted(f"teams[{index}]", Slug.TEAM, identifier, said["name"], said)
    for index, said in enumerate(document["assignments"]):
        about = [said[name] or "" for name in ("target_type", "target_id", "assignee_type")]
        assignee = said.get("assignee_id") or ""
        identifier = said.pop("id", None) or id_of(tenant, Slug.ASSIGNMENT, said["content_area"], *about, assignee)
        name = f"{said['target_id']} for {said['assignee_type']} {assignee}".rstrip()
        yield Wanted(f"assignments[{index}]", Slug.ASSIGNMENT, identifier, name, said)


def note_dangling(log: ProgressLog, tenant: str, plans: Sequence[Plan], now: datetime, errors: Errors) -> None:
    """Note every field that names what neither the tenant nor the document has."""
    coming = {plan.key: plan.after for plan in plans}
    for plan in plans:
        errors |= plan.wanted.located(dangling(log, tenant, plan.after, now, coming))


@contextmanager
def memberships(
    log: ProgressLog, tenant: str, members: Mapping[UUID, Sequence[Member]], coming: Mapping[str, str]
) -> Iterator[Mapping[UUID, Membership]]:
    """What becomes of teams whose members the document names. `coming` are its users, by the tenant's own ids.

    Nobody else says who belongs to these teams before the end. Raises Busy when others take too long.
    """
    if not members:
        yield {}
        return
    url = str(log.env["DATABASE_URL"])
    with closing(Reader(url, pool_size=2)) as reader, turn(reader, tenant, members):
        with closing(Projector(url, [one for one in PROJECTIONS if one.name in TEAM.projections])) as projector:
            # Who leaves, only the read tables say, and perhaps nobody else fills them.
            projector.catch_up()
        level(reader)  # Somebody else may be in the middle of a batch.
        yield {one: planned(log, reader, tenant, one, named, coming) for one, named in members.items()}
