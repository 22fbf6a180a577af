"""Challenge log: what end users did in challenges."""

from api.schema.activity_log_record import activity_log
from api.schema.challenge_progress_record import ChallengeProgressSchema, record_after
from api.schema.entry_log import blueprint_of
from domain.vocabulary import Slug
from projections.records import CHALLENGE_LOG

KIND = activity_log(Slug.CHALLENGE, CHALLENGE_LOG, ChallengeProgressSchema, record_after)
BLUEPRINT = blueprint_of(KIND)
