"""Text that may come in: how long it is, and only what a database can keep."""

MAX_OWNER_LENGTH = 200
MAX_NAME_LENGTH = 256
MAX_DESCRIPTION_LENGTH = 1024
NOTHING = "\x00"


def complaint(text: str, longest: int, shortest: int = 0) -> str | None:
    """Why this text may not come in; None when it may."""
    if not shortest <= len(text) <= longest:
        return (
            f"must have {shortest} to {longest} characters" if shortest else f"must have at most {longest} characters"
        )
    # PostgreSQL keeps neither the character U+0000 nor half of a character.
    if NOTHING in text:
        return "must not hold the character U+0000"
    if not text.isascii() and any("\ud800" <= character <= "\udfff" for character in text):
        return "must not hold half of a character (a lone surrogate)"
    return None
