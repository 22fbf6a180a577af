"""How the service is doing: health, readiness, metrics, the read tables."""

from api.operations import health, metrics, projections

DESCRIPTION = "How the service is doing. Errors are problems (RFC 9457), times are UTC with microseconds."

BLUEPRINTS = (health.BLUEPRINT, metrics.BLUEPRINT, projections.BLUEPRINT)
