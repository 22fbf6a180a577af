"""Assignments: something of the catalogue that an end user, a team or the organisation is to complete."""

from enum import StrEnum
from typing import Any

from marshmallow import fields, validate

from api.fields import Flag, Word
from api.schema.bodies import Body, Choice, Identifier, IdText, Text, Time, YesNo
from api.schema.catalogue import one_of
from api.schema.definition import DefinitionKind, DefinitionRecord, blueprint_of
from api.schema.records import Records
from domain.assignment import Assignee
from domain.catalogue import CatalogueKind
from domain.vocabulary import ContentArea, Slug
from projections.records import ASSIGNMENT


class AssignmentFields:
    """What a tenant says about an assignment, and may change."""

    deadline = Time(allow_none=True, description="Until when it is to be completed.")
    is_mandatory = YesNo(description="Whether it must be completed.", default=False)
    note = Text(1024, allow_none=True, description="Why it was assigned, for example.")
    is_active = YesNo(description="Whether it is listed. Progress is kept all the same.", default=True)


class AssignmentChangeSchema(AssignmentFields, Body):
    """What to change of an assignment."""


class NewAssignmentSchema(AssignmentFields, Body):
    """An assignment to make."""

    NEEDED = ("content_area", "target_type", "target_id", "assignee_type")

    id = Identifier(description="Its id, if it has one already.")
    content_area = Choice(ContentArea, description="Whether it is practised or learned.")
    target_type = Choice(CatalogueKind, description="What is assigned.")
    target_id = Text(256, 1, description="Which one: an id of the catalogue.")
    assignee_type = Choice(Assignee, description="Whom it is for. An organisation is the tenant.")
    assignee_id = IdText(allow_none=True, description="Which end user or team; none for the organisation.")


def word(choices: type[StrEnum], description: str) -> Any:
    """A field of a record: one of a few words."""
    values = validate.OneOf([one.value for one in choices])
    return fields.String(validate=values, metadata={"description": description})


class AssignmentSchema(AssignmentFields, DefinitionRecord):
    """An assignment."""

    content_area = word(ContentArea, "Whether it is practised or learned.")
    target_type = word(CatalogueKind, "What is assigned.")
    target_id = fields.String(metadata={"description": "Which one: an id of the catalogue."})
    assignee_type = word(Assignee, "Whom it is for.")
    assignee_id = fields.String(
        allow_none=True, metadata={"description": "Which end user or team; null for the organisation."}
    )


RECORDS = Records(ASSIGNMENT, AssignmentSchema, "assignment")
KIND = DefinitionKind(
    slug=Slug.ASSIGNMENT,
    records=RECORDS,
    new=NewAssignmentSchema,
    change=AssignmentChangeSchema,
    about="Assignments: what an end user, a team or the organisation is to complete.",
    making="What is assigned must be in the catalogue, and a team must be there.",
    changing="What is assigned, and to whom, stays.",
    readers=("definitions:read",),
    filters={
        "content_area": one_of(ContentArea, "Those that are practised, or learned.", "contentArea"),
        "target_id": Word("Those of this item of the catalogue.", data_key="targetId"),
        "assignee_type": one_of(Assignee, "Those for such assignees.", "assigneeType"),
        "assignee_id": Word("Those for this end user or team.", data_key="assigneeId"),
        "is_active": Flag(
            data_key="isActive", metadata={"description": "Only those that are listed, or only the others."}
        ),
    },
)
BLUEPRINT = blueprint_of(KIND)
