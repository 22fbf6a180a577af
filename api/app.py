"""create_app: the api as one Flask app, put together."""

import atexit
from collections.abc import Callable
from datetime import datetime
from typing import NamedTuple

from flask import Flask

from api import audit, docs, errors, every_request, logs, operations, schema, streaks, training
from api.access.callers import Admission
from api.blueprints import Blueprint
from api.documents import PROBLEMS, Api, ErrorForm
from api.settings import Settings
from api.state import EXTENSION, State, utc_now
from api.streaks.error_documents import ENVELOPES
from api.streaks.errors import as_envelope
from api.training.error_documents import CODED
from api.training.errors import as_code


class Dialect(NamedTuple):
    """What one OpenAPI document describes: a path prefix, and what is there."""

    prefix: str
    title: str
    description: str
    blueprints: tuple[Blueprint, ...]
    errors: ErrorForm = PROBLEMS


DIALECTS = (
    Dialect("/schema", "Milepost schema", schema.DESCRIPTION, schema.BLUEPRINTS),
    Dialect("/v1", "Milepost streaks", streaks.DESCRIPTION, streaks.BLUEPRINTS, ENVELOPES),
    Dialect("/api/public/v1", "Milepost training", training.DESCRIPTION, training.BLUEPRINTS, CODED),
    Dialect("/audit", "Milepost audit", audit.DESCRIPTION, audit.BLUEPRINTS),
    Dialect("/operations", "Milepost operations", operations.DESCRIPTION, operations.BLUEPRINTS),
)

errors.RENDERERS["/v1"] = as_envelope
errors.RENDERERS["/api/public/v1"] = as_code


def create_app(settings: Settings, *, now: Callable[[], datetime] = utc_now) -> Flask:
    """The api. `now` is its clock. Nothing is connected before the first request, so it may be made before a fork."""
    logs.configure(settings.log_level)
    app = Flask("milepost", static_folder=None)
    app.config["MAX_CONTENT_LENGTH"] = settings.max_body_bytes
    app.url_map.merge_slashes = False
    state = app.extensions[EXTENSION] = State(settings, now, Admission(settings.limits_storage))
    atexit.register(state.close)
    every_request.register(app, access_log=settings.access_log)
    errors.register(app)
    for dialect in DIALECTS:
        api = Api(app, dialect.prefix, dialect.title, dialect.description, dialect.errors)
        for blueprint in dialect.blueprints:
            api.register_blueprint(blueprint)
    docs.register(app, [(one.title, f"{one.prefix}/openapi.json") for one in DIALECTS])
    return app
