"""Reading is watched: every audit read leaves a line in the log, with the key that asked and what it asked for."""

from typing import Any

import structlog
from flask import Response, g, request

from api.blueprints import Blueprint
from api.logs import Lines

# Whatever MILEPOST_LOG_LEVEL leaves out, it leaves these lines in.
log = structlog.wrap_logger(Lines(), wrapper_class=structlog.make_filtering_bound_logger(0))


def audited(blueprint: Blueprint) -> Blueprint:
    """The blueprint, whose every request is logged: which key of which tenant, what for, and how it was answered.

    One line of use: `BLUEPRINT = audited(Blueprint("…", __name__, url_prefix="/audit/…", description="…"))`.
    """
    blueprint.after_request(_logged)
    return blueprint


def _logged(response: Response) -> Response:
    caller: Any = g.get("caller")
    log.info(
        "audit read",
        key=caller.key_id if caller else None,
        tenant=caller.tenant if caller else None,
        what=str(request.url_rule),
        filter={**(request.view_args or {}), **request.args.to_dict()},
        status=response.status_code,
        request_id=g.get("request_id"),
    )
    return response
