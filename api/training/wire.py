"""How the training dialect writes time: in seconds."""

from datetime import datetime

from api.wire import encode

SECONDS = len("2026-05-20T14:32:08")


def moments(*values: datetime | None) -> list[str | None]:
    """Several moments in UTC, cut to seconds: 2026-05-20T14:32:08Z."""
    texts = encode(values).decode()[1:-1].split(",")
    return [None if text == "null" else f"{text[1 : SECONDS + 1]}Z" for text in texts]
