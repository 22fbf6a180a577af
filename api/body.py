"""Body: what was sent, whole and within the limit."""

import math

from flask import Request
from werkzeug.exceptions import RequestEntityTooLarge


def whole_body(asked: Request, *, cache: bool = False) -> bytes:
    """The bytes of the body, unread. Raises RequestEntityTooLarge; no more than the limit is ever in memory."""
    body = asked.get_data(cache=cache)
    # Werkzeug cuts a body whose length was not announced off at the limit, and says nothing.
    if asked.content_length is None and len(body) >= (asked.max_content_length or math.inf):
        raise RequestEntityTooLarge
    return body
