"""Who asks: a key or an end user, what they may, and the decorator that a view states it with."""

import functools
from collections.abc import Callable
from typing import Any
from uuid import UUID

import msgspec

View = Callable[..., Any]


class Caller(msgspec.Struct, frozen=True, kw_only=True):
    """A credential that was accepted. An end user has an `owner_id` and reads that owner's rows alone."""

    tenant: str
    scopes: frozenset[str]
    key_id: UUID
    owner_id: str | None = None
    per_minute: int = 600
    per_hour: int = 36_000


def requires(*scopes: str) -> Callable[[View], View]:
    """The view wants a caller with one of these scopes. Stands above every other decorator of the view."""

    def decorate(view: View) -> View:
        @functools.wraps(view)
        def admitted(*args: Any, **kwargs: Any) -> Any:
            from api.access.door import admit

            admit(scopes)
            return view(*args, **kwargs)

        return admitted

    return decorate
