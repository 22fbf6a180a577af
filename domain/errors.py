"""Refusals: everything that stops a command before any event. The text says what and where."""

from collections.abc import Mapping, Sequence

FieldErrors = Mapping[str, Sequence[str]]


class Refused(Exception):
    """The command was refused; nothing was recorded."""

    code = "refused"

    def __init__(self, message: str, errors: FieldErrors | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.errors = dict(errors or {})


class InvalidInput(Refused):
    """A field holds what it may not hold; `errors` names the fields."""

    code = "invalid_input"


class NotFound(Refused):
    """There is no such record in this tenant."""

    code = "not_found"


class DefinitionNotFound(InvalidInput):
    """The entry names a definition that the tenant does not have."""

    code = "definition_not_found"


class AlreadyExists(Refused):
    """A record with this id or external id is there already."""

    code = "already_exists"


class Erased(Refused):
    """The personal data of this end user was erased, and nothing of it may come back unasked."""

    code = "erased"


class EntryConflict(Refused):
    """The same uniqueIdentifier came before with other content (RULES 4.1)."""

    code = "entry_conflict"


class Busy(Refused):
    """Others kept writing to the same stream, or the log could not be reached in time; try again."""

    code = "busy"


def invalid(field: str, message: str) -> InvalidInput:
    """One field, one complaint."""
    return InvalidInput(f"{field}: {message}", {field: [message]})
