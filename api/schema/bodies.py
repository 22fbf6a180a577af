"""Bodies: fields as they come in as JSON (or YAML), read strictly, with what is wrong with them in words."""

from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any

import msgspec
from marshmallow import RAISE, Schema, ValidationError, fields, validate

from api.fields import Id
from api.wire import camel
from domain.numbers import LIMIT, complaint, exact

NO_NUL = r"^[^\u0000]*$"
WORDS = {"required": "is needed", "null": "must not be null"}


class Body(Schema):
    """What comes in: a field that is not known is refused by its name. `NEEDED` are those that must be there."""

    class Meta:
        unknown = RAISE

    NEEDED: tuple[str, ...] = ()

    error_messages = {"unknown": "is not a field", "type": "must be an object"}

    def on_bind_field(self, field_name: str, field_obj: fields.Field) -> None:
        field_obj.data_key = field_obj.data_key or camel(field_name)
        field_obj.required = field_name in self.NEEDED


class Text(fields.String):
    """Text of a certain length, without U+0000, which no table keeps."""

    default_error_messages = {**WORDS, "invalid": "must be a text", "nul": "must not hold the character U+0000"}

    def __init__(self, longest: int = 256, shortest: int = 0, *, pattern: str | None = None, **options: Any) -> None:
        span = f"{shortest} to {longest}" if shortest else f"at most {longest}"
        checks: list[Any] = [validate.Length(shortest or None, longest, error=f"must have {span} characters")]
        if pattern is not None:
            checks.append(validate.Regexp(pattern, error=options.pop("wanted")))
        described(options, **({} if pattern else {"pattern": NO_NUL}))
        super().__init__(validate=checks, **options)

    def _deserialize(self, value: Any, *args: Any, **kwargs: Any) -> str:
        text = str(super()._deserialize(value, *args, **kwargs))
        if "\x00" in text:
            raise self.make_error("nul")
        return text


class Choice(fields.String):
    """One of the values of an enum."""

    default_error_messages = {**WORDS, "invalid": "must be a text"}

    def __init__(self, choices: type[StrEnum], **options: Any) -> None:
        values = [one.value for one in choices]
        described(options)
        super().__init__(validate=validate.OneOf(values, error=f"must be one of {', '.join(values)}"), **options)


class Number(fields.Decimal):
    """A JSON number greater than 0, kept exact: at most 12 digits before the point and 6 after it."""

    default_error_messages = {**WORDS, "invalid": "must be a number"}

    def __init__(self, **options: Any) -> None:
        described(options, exclusiveMinimum=0, exclusiveMaximum=int(LIMIT), multipleOf=1e-6)
        super().__init__(**options)

    def _deserialize(self, value: Any, *args: Any, **kwargs: Any) -> Decimal:
        if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
            raise self.make_error("invalid")
        # YAML reads binary floats: the shortest text that stands for one is what was written.
        number = Decimal(repr(value)) if isinstance(value, float) else Decimal(value)
        if message := complaint(number):
            raise ValidationError(message)
        if number == 0:
            raise ValidationError("must be greater than 0")
        return exact(number)


class Whole(fields.Integer):
    """A JSON number without a fraction."""

    default_error_messages = {**WORDS, "invalid": "must be a whole number"}

    def __init__(self, least: int, most: int, **options: Any) -> None:
        described(options)
        super().__init__(validate=validate.Range(least, most, error=f"must be from {least} to {most}"), **options)

    def _deserialize(self, value: Any, *args: Any, **kwargs: Any) -> int:
        if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
            raise self.make_error("invalid")
        # 1e999999999 is a number, too: nothing is worked out with what is out of any range.
        if not -LIMIT < value < LIMIT or int(value) != value:
            raise self.make_error("invalid")
        return int(value)


class YesNo(fields.Boolean):
    """`true` or `false`, and nothing that looks like them."""

    default_error_messages = {**WORDS, "invalid": "must be true or false"}

    def __init__(self, **options: Any) -> None:
        described(options)
        super().__init__(**options)

    def _deserialize(self, value: Any, *args: Any, **kwargs: Any) -> bool:
        if not isinstance(value, bool):
            raise self.make_error("invalid")
        return value


class Identifier(Id):
    """A UUID."""

    default_error_messages = WORDS

    def __init__(self, **options: Any) -> None:
        described(options)
        super().__init__(**options)


class IdText(Identifier):
    """A UUID that is kept as text, in its usual form."""

    def _deserialize(self, value: Any, *args: Any, **kwargs: Any) -> Any:
        return str(super()._deserialize(value, *args, **kwargs))


class Time(fields.DateTime):
    """A time with its offset from UTC (RFC 3339). YAML has such times of its own."""

    default_error_messages = {**WORDS, "invalid": "must be a time with its offset from UTC: 2026-04-03T10:15:00Z"}

    def __init__(self, **options: Any) -> None:
        described(options)
        super().__init__(**options)

    def _deserialize(self, value: Any, *args: Any, **kwargs: Any) -> datetime:
        try:
            moment = msgspec.convert(value, datetime)
        except msgspec.ValidationError:
            raise self.make_error("invalid") from None
        if moment.tzinfo is None:
            raise self.make_error("invalid")
        return moment


class Texts(fields.List):
    """A list of texts."""

    default_error_messages = {**WORDS, "invalid": "must be a list of texts"}

    def __init__(self, **options: Any) -> None:
        described(options)
        super().__init__(Text(256, 1), **options)


def described(options: dict[str, Any], **more: Any) -> None:
    """Move the description and the default of a field to where the document finds them."""
    said = {name: options.pop(name) for name in ("description", "default", "format") if name in options}
    options["metadata"] = {**said, **more}
