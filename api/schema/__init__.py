"""The schema dialect: camelCase records under /schema, problems as errors."""

from api.schema import challenge_progress

BLUEPRINTS = (challenge_progress.BLUEPRINT,)
