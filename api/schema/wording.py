"""Refusals of the domain, in the words of the wire."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from types import MappingProxyType

from api.wire import camel
from domain.errors import InvalidInput, Refused
from domain.vocabulary import Slug

ENTRY_NAMES: Mapping[Slug, Mapping[str, str]] = {
    slug: {"definition_id": f"{slug}Id", "owner_id": "ownedById"} for slug in Slug
}


def reworded(refusal: Refused, names: Mapping[str, str]) -> Refused:
    """The refusal with wire names in its errors and its text: those of `names`, else the same in camelCase."""
    if not refusal.errors:
        return refusal
    errors = {names.get(name, camel(name)): messages for name, messages in refusal.errors.items()}
    text = refusal.message
    if isinstance(refusal, InvalidInput):
        text = "; ".join(f"{name}: {', '.join(messages)}" for name, messages in errors.items())
    return type(refusal)(text, errors)


@contextmanager
def rewording(names: Mapping[str, str] = MappingProxyType({})) -> Iterator[None]:
    """Refusals that pass through here name fields as the wire does."""
    try:
        yield
    except Refused as refusal:
        raise reworded(refusal, names) from None
