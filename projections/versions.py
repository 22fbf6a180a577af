"""Which version of each read table this release reads and fills.

A changed table or a changed `rows` gets the next number here: another table, which is filled from the first event on
while a release that knows the number before goes on with its own.
"""

from collections.abc import Iterable

VERSIONS = {
    "challenge": 2,
    "streak": 2,
    "milestone": 1,
    "challenge_progress": 1,
    "task_progress": 1,
    "streak_progress": 2,
    "streak_period": 1,
    "entry_log": 1,
    "reward_log": 2,
    "catalogue": 1,
    "practice_progress": 1,
    "learn_progress": 1,
    "training_log": 1,
    "team": 1,
    "team_member": 1,
    "assignment": 1,
    "assignment_progress": 1,
}


def versions_of(names: Iterable[str]) -> dict[str, int]:
    """The versions of these read tables."""
    return {name: VERSIONS[name] for name in names}
