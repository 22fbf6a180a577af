"""What can be read: one file a read model, the projector that fills them, the queries."""

from projections import (
    challenge,
    challenge_progress,
    entry_log,
    milestone,
    reward_log,
    streak,
    streak_period,
    streak_progress,
    task_progress,
)

PROJECTIONS = (
    challenge.PROJECTION,
    streak.PROJECTION,
    milestone.PROJECTION,
    challenge_progress.PROJECTION,
    task_progress.PROJECTION,
    streak_progress.PROJECTION,
    streak_period.PROJECTION,
    entry_log.PROJECTION,
    reward_log.PROJECTION,
)
