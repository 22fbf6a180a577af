"""create_app: the api as one Flask app, put together."""

from collections.abc import Callable
from datetime import datetime

from flask import Flask
from flask_smorest import Api

from api.access.callers import Admission
from api.schema import BLUEPRINTS
from api.settings import Settings
from api.state import EXTENSION, State, utc_now


def create_app(settings: Settings, *, now: Callable[[], datetime] = utc_now) -> Flask:
    """The api. `now` is its clock; nothing is connected before the first request."""
    app = Flask("milepost", static_folder=None)
    app.extensions[EXTENSION] = State(settings, now, Admission(settings.limits_storage))
    app.config.update(
        MAX_CONTENT_LENGTH=settings.max_body_bytes,
        SCHEMA_API_TITLE="Milepost",
        SCHEMA_API_VERSION="1",
        SCHEMA_OPENAPI_VERSION="3.1.0",
        SCHEMA_OPENAPI_URL_PREFIX="/schema",
    )
    schema = Api(app, config_prefix="SCHEMA_")
    for blueprint in BLUEPRINTS:
        schema.register_blueprint(blueprint)
    return app
