"""The page /docs: all OpenAPI documents with Swagger UI, from files that come with the package."""

from collections.abc import Sequence
from functools import cache
from importlib.resources import files

from flask import Blueprint, Flask, Response, current_app, request
from markupsafe import escape
from werkzeug.exceptions import NotFound

TYPES = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
    ".txt": "text/plain; charset=utf-8",
}
EXTENSION = "milepost documents"

# Everything comes from this server. Swagger UI sets styles of its own and draws with data: images.
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)

blueprint = Blueprint("docs", __name__, url_prefix="/docs")


def register(app: Flask, documents: Sequence[tuple[str, str]]) -> None:
    """Serve the page with these documents to choose from: titles and addresses."""
    app.extensions[EXTENSION] = documents
    app.register_blueprint(blueprint)


@blueprint.get("")
def page() -> Response:
    """The page. It refers to everything relative to itself, so a proxy may serve it under a path."""
    options = "".join(
        f'<option value="{escape(address.removeprefix("/"))}">{escape(title)}</option>'
        for title, address in current_app.extensions[EXTENSION]
    )
    text = read("page.html").decode().replace("{{ documents }}", options)
    return Response(text, content_type="text/html; charset=utf-8", headers={"Content-Security-Policy": POLICY})


@blueprint.get("/static/<name>")
def static(name: str) -> Response:
    """A file of the page."""
    suffix = name[name.rfind(".") :]
    try:
        content = read(name) if suffix in TYPES else None
    except FileNotFoundError:
        content = None
    if content is None:
        raise NotFound
    response = Response(content, content_type=TYPES[suffix], headers={"Cache-Control": "no-cache"})
    response.add_etag()
    return response.make_conditional(request)


@cache
def read(name: str) -> bytes:
    """A file of the folder `static`. Flask's routing leaves no slash in the name, so it is none of another folder."""
    return (files(__name__) / "static" / name).read_bytes()
