"""Streak log: what end users did in streaks."""

from api.schema.activity_log_record import activity_log
from api.schema.entry_log import blueprint_of
from api.schema.streak_progress_record import StreakProgressSchema, record_after
from domain.vocabulary import Slug
from projections.records import STREAK_LOG

KIND = activity_log(Slug.STREAK, STREAK_LOG, StreakProgressSchema, record_after)
BLUEPRINT = blueprint_of(KIND)
