"""create_app: the api as one Flask app, put together."""

import atexit
from collections.abc import Callable
from datetime import datetime

from flask import Flask

from api import docs, errors, every_request, logs, operations, schema
from api.access.callers import Admission
from api.documents import Api
from api.settings import Settings
from api.state import EXTENSION, State, utc_now

# One OpenAPI document a dialect: path prefix, title, what it is about, what is in it.
DIALECTS = (
    ("/schema", "Milepost schema", schema.DESCRIPTION, schema.BLUEPRINTS),
    ("/operations", "Milepost operations", operations.DESCRIPTION, operations.BLUEPRINTS),
)


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
    for prefix, title, description, blueprints in DIALECTS:
        api = Api(app, prefix, title, description)
        for blueprint in blueprints:
            api.register_blueprint(blueprint)
    docs.register(app, [(title, f"{prefix}/openapi.json") for prefix, title, _, _ in DIALECTS])
    return app
