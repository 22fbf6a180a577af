"""The kinds of streams: how each is folded and kept, and, where things are logged or defined, who decides."""

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any, NamedTuple

import msgspec

from domain import (
    assignment,
    assignment_progress,
    catalogue,
    challenge,
    challenge_decisions,
    challenge_progress,
    learn_decisions,
    learn_progress,
    membership,
    practice_decisions,
    practice_progress,
    streak,
    streak_clock,
    streak_decisions,
    streak_progress,
    streak_reading,
    team,
    user,
)
from domain.assignment import Assignment
from domain.assignment_progress import AssignmentProgress
from domain.catalogue import CatalogueItem
from domain.challenge import Challenge
from domain.challenge_progress import ChallengeProgress
from domain.definition import DefinitionCommand
from domain.definitions import Pause
from domain.events import Event
from domain.learn_progress import LearnProgress
from domain.membership import Membership
from domain.practice_progress import PracticeProgress
from domain.streak import Streak
from domain.streak_progress import StreakProgress
from domain.team import Team
from domain.user import User
from domain.vocabulary import Slug


class Kind(NamedTuple):
    """How a kind of stream is folded and kept. A changed state gets another topic and is folded anew."""

    topic: str
    decode: Callable[[str], Any]
    evolve: Callable[[Any, Event, datetime], Any]


def _kind(topic: str, state: type, evolve: Callable[[Any, Event, datetime], Any]) -> Kind:
    return Kind(topic, msgspec.json.Decoder(state).decode, evolve)


KINDS: dict[type, Kind] = {
    Challenge: _kind("Challenge.1", Challenge, challenge.evolve),
    ChallengeProgress: _kind("ChallengeProgress.1", ChallengeProgress, challenge_progress.evolve),
    Streak: _kind("Streak.2", Streak, streak.evolve),
    StreakProgress: _kind("StreakProgress.2", StreakProgress, streak_progress.evolve),
    CatalogueItem: _kind("CatalogueItem.1", CatalogueItem, catalogue.evolve),
    PracticeProgress: _kind("PracticeProgress.1", PracticeProgress, practice_progress.evolve),
    LearnProgress: _kind("LearnProgress.1", LearnProgress, learn_progress.evolve),
    Team: _kind("Team.1", Team, team.evolve),
    Membership: _kind("Membership.1", Membership, membership.evolve),
    Assignment: _kind("Assignment.1", Assignment, assignment.evolve),
    AssignmentProgress: _kind("AssignmentProgress.1", AssignmentProgress, assignment_progress.evolve),
    User: _kind("User.1", User, user.evolve),
}


class Definable(NamedTuple):
    """What tenants define: the kind of its stream, and what follows from a command."""

    kind: Kind
    define: Callable[[Any, DefinitionCommand, datetime], Iterable[Event]]


DEFINABLE: dict[Slug, Definable] = {
    Slug.CHALLENGE: Definable(KINDS[Challenge], challenge.decide),
    Slug.STREAK: Definable(KINDS[Streak], streak.decide),
    Slug.CATALOGUE: Definable(KINDS[CatalogueItem], catalogue.decide),
    Slug.TEAM: Definable(KINDS[Team], team.decide),
    Slug.ASSIGNMENT: Definable(KINDS[Assignment], assignment.decide),
}


class Game(NamedTuple):
    """What entries are logged to: whose definition it has, the state of an engagement, and what each command does.

    `outcome` is what an entry is answered with: the progress after it, as it reads at a moment with these pauses.
    Without `advance` nothing comes due by itself.
    """

    slug: Slug
    definition: Slug
    state: type[Any]
    log_entry: Callable[..., None]
    void: Callable[..., None]
    outcome: Callable[[Any, Any, tuple[Pause, ...], datetime], Any]
    advance: Callable[[Any, tuple[Pause, ...], datetime], None] | None = None

    @property
    def kind(self) -> Kind:
        """The kind of its engagements' streams."""
        return KINDS[self.state]


def _run(state: Any, event: Any, pauses: tuple[Pause, ...], now: datetime) -> Any:
    return state.run(getattr(event, "run_id", None))


GAMES: dict[Slug, Game] = {
    Slug.CHALLENGE: Game(
        Slug.CHALLENGE,
        Slug.CHALLENGE,
        ChallengeProgress,
        challenge_decisions.log_entry,
        challenge_decisions.void,
        _run,
        challenge_decisions.advance,
    ),
    Slug.STREAK: Game(
        Slug.STREAK,
        Slug.STREAK,
        StreakProgress,
        streak_decisions.log_entry,
        streak_decisions.void,
        streak_reading.outcome,
        streak_clock.advance,
    ),
    Slug.PRACTICE: Game(
        Slug.PRACTICE,
        Slug.CATALOGUE,
        PracticeProgress,
        practice_decisions.log_entry,
        practice_decisions.void,
        lambda state, event, pauses, now: state.completion,
    ),
    Slug.LEARN: Game(
        Slug.LEARN,
        Slug.CATALOGUE,
        LearnProgress,
        learn_decisions.log_entry,
        learn_decisions.void,
        lambda state, event, pauses, now: state.steps,
    ),
}
GAME_OF = {game.kind.topic.partition(".")[0]: game for game in GAMES.values()}
