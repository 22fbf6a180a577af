"""The catalogue: topics and scenarios that can be trained, what they lie under, and courses made of them."""

from enum import StrEnum
from typing import Any

from marshmallow import fields, validate

from api.fields import Query, Word
from api.schema.bodies import Body, Choice, Text, Texts, Whole
from api.schema.definition import DefinitionKind, DefinitionRecord, blueprint_of, status_of
from api.schema.records import Records
from domain.catalogue import CatalogueKind
from domain.vocabulary import ContentArea, DefinitionStatus, Slug
from projections.records import CATALOGUE

# What can stand in a path as it is, and is no path of its own as `..` is.
ITEM_ID = r"^[A-Za-z0-9][A-Za-z0-9._~-]*$(?!\n)"
MAX_COUNT = 10_000
MAX_ITEMS = 1_000


class ItemStatus(StrEnum):
    """The life of an item."""

    LIVE = DefinitionStatus.LIVE.value
    ARCHIVED = DefinitionStatus.ARCHIVED.value


class ItemId(Text):
    """The id of an item, as tenants make them up."""

    def __init__(self, **options: Any) -> None:
        wanted = "must begin with a letter or a digit and hold letters, digits and . _ ~ - only"
        super().__init__(256, 1, pattern=ITEM_ID, wanted=wanted, **options)


class ItemPath(Query):
    """The id in the path of an item."""

    id = ItemId(required=True, description="The item's id.")


class ItemFields:
    """What a tenant says about an item, and may change."""

    title = Text(256, 1, description="What it is called.")
    parent_id = Text(
        256, 1, allow_none=True, description="What it lies under: a module in a category, a topic in a module, a "
        "scenario in a course."
    )  # fmt: skip
    total_challenges = Whole(1, MAX_COUNT, description="Topics: how many challenges there are.")
    total_steps = Whole(1, MAX_COUNT, description="Scenarios: how many steps there are.")
    items = Texts(
        description="Custom courses: the topics (practice) or scenarios (learn).",
        default=[],
        validate=validate.Length(max=MAX_ITEMS, error=f"must be at most {MAX_ITEMS}"),
    )
    status = Choice(ItemStatus, description="An `archived` one counts for nothing any more.", default="live")


class ItemChangeSchema(ItemFields, Body):
    """What to change of an item."""


class NewItemSchema(ItemFields, Body):
    """An item to add."""

    NEEDED = ("id", "kind", "title")

    id = ItemId(description="Its id: sql-injection. No two items of any kind have the same.")
    kind = Choice(CatalogueKind, description="What it is; it stays so.")
    content_area = Choice(ContentArea, description="Custom courses: whether it is practised or learned; it stays so.")


class ItemSchema(ItemFields, DefinitionRecord):
    """An item of the catalogue."""

    id = fields.String(metadata={"description": "Its id."})
    kind = fields.String(
        validate=validate.OneOf([one.value for one in CatalogueKind]), metadata={"description": "What it is."}
    )
    content_area = fields.String(
        validate=validate.OneOf([one.value for one in ContentArea]),
        metadata={"description": "Whether it is practised or learned."},
    )
    total_challenges = fields.Integer(
        allow_none=True, metadata={"description": "Topics: how many challenges there are."}
    )
    total_steps = fields.Integer(allow_none=True, metadata={"description": "Scenarios: how many steps there are."})


def one_of(choices: type[StrEnum], description: str, name: str) -> fields.String:
    """A parameter of a list: one of a few words."""
    values = validate.OneOf([one.value for one in choices])
    return fields.String(data_key=name, validate=values, metadata={"description": description})


RECORDS = Records(CATALOGUE, ItemSchema, "catalogue item", str, ItemPath)
KIND = DefinitionKind(
    slug=Slug.CATALOGUE,
    records=RECORDS,
    new=NewItemSchema,
    change=ItemChangeSchema,
    about="The catalogue: what can be trained, and what it lies under.",
    making="What it lies under, and what a custom course holds, must be there.",
    changing="A topic that grows asks for more; an assignment that is completed stays so.",
    filters={
        "kind": one_of(CatalogueKind, "Those of this kind.", "kind"),
        "content_area": one_of(ContentArea, "Those that are practised, or learned.", "contentArea"),
        "parent_id": Word("Those that lie under this one.", data_key="parentId"),
        "status": status_of(ItemStatus),
    },
    columns=lambda item: {"content_area": item.fields.area},
)
BLUEPRINT = blueprint_of(KIND)
