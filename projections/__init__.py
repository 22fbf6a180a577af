"""What can be read: one file a read model, the projector that fills them, the queries."""

from projections import challenge, challenge_progress, entry_log, milestone, reward_log, task_progress

PROJECTIONS = (
    challenge.PROJECTION,
    milestone.PROJECTION,
    challenge_progress.PROJECTION,
    task_progress.PROJECTION,
    entry_log.PROJECTION,
    reward_log.PROJECTION,
)
