"""Fields of schemas: values as they stand in a query or a path, read strictly, and records as they are shown."""

import re
from collections.abc import Iterable
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from marshmallow import EXCLUDE, RAISE, Schema, ValidationError, fields

from api.wire import camel

CANONICAL = re.compile(r"[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}", re.ASCII)
# A + that was not escaped arrives as a space, and nothing else could have stood there.
LOST_PLUS = re.compile(r" (?=\d\d:\d\d$)", re.ASCII)


class Query(Schema):
    """Query parameters. One that is not known is refused by its name."""

    class Meta:
        unknown = RAISE

    error_messages = {"unknown": "is not a parameter of this query"}


class Shown(Schema):
    """A record as it is answered, its names in camelCase. It documents; what it does not know may be there, too."""

    class Meta:
        unknown = EXCLUDE

    def on_bind_field(self, field_name: str, field_obj: fields.Field) -> None:
        field_obj.data_key = field_obj.data_key or camel(field_name)


def shown(field: type[fields.Field], description: str, **options: Any) -> Any:
    """A field that a record always has."""
    return field(required=True, metadata={"description": description}, **options)


class WholeNumber(fields.Integer):
    """Digits and nothing else: no sign, no underscore, no digits of other scripts."""

    def _deserialize(self, value: Any, *args: Any, **kwargs: Any) -> Any:
        if not (isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 20):
            raise ValidationError("must be a whole number")
        return super()._deserialize(value, *args, **kwargs)


class Flag(fields.Boolean):
    """`true` or `false`."""

    truthy = {"true"}
    falsy = {"false"}
    default_error_messages = {"invalid": "must be true or false"}


class Word(fields.String):
    """Any text without U+0000, which no record holds. What reads a query refuses it."""

    def __init__(self, description: str, **kwargs: Any) -> None:
        super().__init__(metadata={"description": description, "pattern": r"^[^\u0000]*$"}, **kwargs)


class Id(fields.UUID):
    """A UUID in its usual form, with its four hyphens."""

    def _deserialize(self, value: Any, *args: Any, **kwargs: Any) -> UUID:
        if not (isinstance(value, str) and CANONICAL.fullmatch(value)):
            raise ValidationError("must be a UUID")
        return UUID(value)


class Moment(fields.DateTime):
    """An RFC 3339 time that says its offset from UTC."""

    def _deserialize(self, value: Any, *args: Any, **kwargs: Any) -> datetime:
        try:
            moment = msgspec.convert(LOST_PLUS.sub("+", value), datetime)
        except (msgspec.ValidationError, TypeError):
            raise ValidationError("must be a time as in RFC 3339: 2026-04-03T10:15:00Z") from None
        if moment.tzinfo is None:
            raise ValidationError("must say its offset from UTC: 2026-04-03T10:15:00Z")
        return moment


class Names(fields.String):
    """A comma list of names, each one of those that a record has."""

    def __init__(self, names: Iterable[str], **kwargs: Any) -> None:
        self.names = tuple(names)
        one = "|".join(self.names)
        super().__init__(
            metadata={
                "description": "Comma list of the fields that each record is cut down to.",
                "pattern": f"^({one})(,({one}))*$",
            },
            **kwargs,
        )

    def _deserialize(self, value: Any, *args: Any, **kwargs: Any) -> list[str]:
        wanted = str(super()._deserialize(value, *args, **kwargs)).split(",")
        if unknown := [name for name in wanted if name not in self.names]:
            raise ValidationError(f"{', '.join(map(repr, unknown))}: not a field of these records")
        return wanted
