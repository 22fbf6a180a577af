"""Blueprint: flask-smorest's documents, our own reading of input.

Views answer with a ready Response, so the decorators of flask-smorest only document here. Input is read into the
refusals of `domain.errors`: every wrong field at once, by its wire name, answered with 400.
"""

import functools
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import flask_smorest
import marshmallow
from flask import request
from werkzeug.exceptions import UnsupportedMediaType

from api.body import whole_body
from api.documents import of_access
from api.plain_json import plain_json
from domain.errors import InvalidInput

View = Callable[..., Any]


class Blueprint(flask_smorest.Blueprint):
    """A group of views and their documentation. Those of `records` read the read tables or write to the log."""

    def __init__(self, *args: Any, records: bool = True, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._prepare_doc_cbks.append(functools.partial(of_access, records=records))

    def response(self, *args: Any, **kwargs: Any) -> Callable[[View], View]:
        return _documented(super().response(*args, **kwargs))

    def alt_response(self, *args: Any, **kwargs: Any) -> Callable[[View], View]:
        return _documented(super().alt_response(*args, **kwargs))

    @staticmethod
    def doc(**kwargs: Any) -> Callable[[View], View]:
        return _documented(flask_smorest.Blueprint.doc(**kwargs))

    def arguments(
        self, schema: type[marshmallow.Schema], *, location: str = "json", **kwargs: Any
    ) -> Callable[[View], View]:
        """Read the `path`, the `query` or the `json` body with a schema and give it to the view as a dict.

        The dict stands in place of Flask's path arguments. InvalidInput names what the schema complains about.
        """
        document = super().arguments(schema, location=location, error_status_code=400, **kwargs)
        read = READERS[location](schema())

        def decorate(view: View) -> View:
            view = _documented(document)(view)

            @functools.wraps(view)
            def reading(self: Any, *args: Any, **path: Any) -> Any:
                return view(self, *args, read(), **({} if location == "path" else path))

            return reading

        return decorate


def load(schema: marshmallow.Schema, values: Any) -> dict[str, Any]:
    """The values as the schema reads them. Raises InvalidInput with every wrong field by its path."""
    try:
        loaded: dict[str, Any] = schema.load(values)
    except marshmallow.ValidationError as error:
        errors = dict(flattened(error.normalized_messages()))
        text = "; ".join(f"{name}: {messages[0]}" for name, messages in errors.items())
        raise InvalidInput(text, errors) from None
    return loaded


def flattened(messages: Mapping[Any, Any], path: str = "") -> Iterator[tuple[str, list[str]]]:
    """Nested complaints as paths, in the order of their names: challenges[3].timezone."""
    # marshmallow finds fields that it does not know in the order of a set, another one in every process.
    for name, found in sorted(messages.items(), key=_place):
        if name == "_schema":
            here = path or "body"
        elif isinstance(name, int):
            here = f"{path}[{name}]"
        else:
            here = f"{path}.{name}" if path else str(name)
        if isinstance(found, Mapping):
            yield from flattened(found, here)
        else:
            yield here, [str(one) for one in found]


def _place(complaint: tuple[Any, Any]) -> tuple[bool, Any]:
    """Where a complaint stands among those beside it: numbers before names."""
    return isinstance(complaint[0], str), complaint[0]


def json_body() -> Any:
    """The JSON body of the request, numbers exact. Raises InvalidInput that says what is broken in it, and where."""
    return plain_json(json_bytes())


def json_bytes() -> bytes:
    """The body of the request, unread. Raises UnsupportedMediaType or RequestEntityTooLarge."""
    if request.mimetype != "application/json":
        raise UnsupportedMediaType("the body must be application/json")
    return whole_body(request)


def _documented(decorate: Callable[[View], View]) -> Callable[[View], View]:
    """The documentation of a decorator of flask-smorest, without its wrapper."""

    def document(view: View) -> View:
        view._apidoc = decorate(view)._apidoc  # type: ignore[attr-defined]
        return view

    return document


def _path_reader(schema: marshmallow.Schema) -> Callable[[], dict[str, Any]]:
    """Field by field: a path has all of them and no others, so the whole schema is only needed to complain."""
    read_field = {name: field.deserialize for name, field in schema.fields.items()}

    def read() -> dict[str, Any]:
        values: Any = request.view_args
        try:
            return {name: read_field[name](value) for name, value in values.items()}
        except marshmallow.ValidationError:
            return load(schema, values)

    return read


def _query_reader(schema: marshmallow.Schema) -> Callable[[], dict[str, Any]]:
    try:
        defaults = schema.load({})
    except marshmallow.ValidationError:
        defaults = None

    def read() -> dict[str, Any]:
        if not request.query_string and defaults is not None:
            return dict(defaults)
        values = {}
        for name, found in request.args.lists():
            if len(found) > 1:
                raise InvalidInput(f"{name}: is given {len(found)} times", {name: ["is given more than once"]})
            # PostgreSQL keeps no such character, and nothing that is asked for here may hold one.
            if "\x00" in found[0]:
                raise InvalidInput(
                    f"{name}: holds the character U+0000", {name: ["must not hold the character U+0000"]}
                )
            values[name] = found[0]
        return load(schema, values)

    return read


READERS: dict[str, Callable[[marshmallow.Schema], Callable[[], dict[str, Any]]]] = {
    "path": _path_reader,
    "query": _query_reader,
    "json": lambda schema: lambda: load(schema, json_body()),
}
