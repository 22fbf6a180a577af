"""Whatever happens to a streak, its rows say what its aggregate says."""

from datetime import timedelta
from random import Random
from typing import Any
from uuid import UUID

import pytest

from domain.application import ProgressLog
from domain.commands import Redefine, VoidEntry
from domain.errors import Refused
from domain.ids import engagement_id
from domain.streak_progress import StreakProgress, evolve
from domain.vocabulary import DefinitionStatus, Method, Slug
from projections.database import Reader
from tests.projections.conftest import ADA, APRIL_3, Say, define_streak

STEPS = 60
RUN = ("value", "started_at", "last_contribution_at", "last_completed_at", "completed_at", "created_at")

pytestmark = pytest.mark.usefixtures("others")


def aggregate(log: ProgressLog, stream: UUID, streak: UUID) -> StreakProgress:
    state = StreakProgress(id=stream, tenant="acme", definition_id=streak, owner_id=ADA)
    for recorded in log.history(stream):
        state = evolve(state, recorded.event, recorded.recorded_at)
    return state


def rows(reader: Reader, table: str, stream: UUID) -> list[dict[str, Any]]:
    return reader.rows(dict, f"SELECT * FROM {table} WHERE engagement_id = %(id)s", {"id": stream})


def assert_agreement(state: StreakProgress, reader: Reader) -> None:
    found = {row["id"]: row for row in rows(reader, "streak_progress", state.id)}
    for run in state.runs:
        row = found.pop(run.id)
        assert {name: row[name] for name in RUN} == {name: getattr(run, name) for name in RUN}
        assert (row["number"], row["first_period_start_at"]) == (run.number, run.window.start)
        assert row["status"] == run.status.value
        assert (row["period_start_at"], row["period_key"]) == (run.due and run.due.start, run.due and run.due.key)
        if run.completed_in:
            assert (row["completed_start_at"], row["completed_end_at"]) == (
                run.completed_in.start,
                run.completed_in.end,
            )
    assert all(row["status"] != "in_progress" for row in found.values())
    assert sorted(row["number"] for row in found.values()) == list(range(1, state.over + 1))
    periods = {row["period_start_at"]: row for row in rows(reader, "streak_period", state.id)}
    for one in state.windows:
        row = periods[one.window.start]
        assert (row["period_key"], row["period_end_at"]) == (one.window.key, one.window.end)
        assert (row["count"], tuple(row["distinct_values"])) == (one.tally.count, one.tally.distinct)


class Life:
    """Entries early and late, voids, pauses and a clock, as chance has it."""

    def __init__(self, seed: int, log: ProgressLog, play: Say, streak: UUID) -> None:
        self.chance, self.log, self.play, self.streak = Random(seed), log, play, streak
        self.now, self.entries = APRIL_3, []

    def step(self) -> None:
        self.now += timedelta(minutes=self.chance.randint(1, 50))
        match self.chance.random():
            case dice if dice < 0.7:
                self._enter()
            case dice if dice < 0.9 and self.entries:
                self._void(self.chance.choice(self.entries[-6:]))
            case dice if dice < 0.94:
                self._pause()
            case _:
                self.log.advance("acme", [engagement_id("acme", self.streak, ADA, Slug.STREAK)], now=self.now)

    def _enter(self) -> None:
        at = self.now - timedelta(minutes=self.chance.randint(-4, 240))
        game = self.chance.choice("abc")
        try:
            logged = self.play(self.streak, ADA, "1", at=at, now=self.now, game=game)
        except Refused:
            return
        self.entries.append(logged.id)

    def _void(self, entry: UUID) -> None:
        self.log.void_entry("acme", VoidEntry(entry_id=entry, reason="refunded", actor="me"), now=self.now)

    def _pause(self) -> None:
        for status in (DefinitionStatus.PAUSED, DefinitionStatus.LIVE):
            command = Redefine(id=self.streak, slug=Slug.STREAK, changes={"status": status})
            self.log.define("acme", self.streak, command, now=self.now)
            self.now += timedelta(minutes=self.chance.randint(1, 80))


@pytest.mark.parametrize("rollback", [False, True])
@pytest.mark.parametrize("seed", [4, 12, 18, 30])
def test_the_rows_of_a_streak_say_what_its_aggregate_says(log, play, projector, reader, seed, rollback):
    streak = define_streak(
        log,
        aggregation_period="hourly",
        aggregation_method=Method.DISTINCT,
        distinct_by="game",
        aggregation_target_value=1 + seed % 2,
        completion_target_value=1 + seed % 3,
        late_grace_seconds=4 * 3600,
        rollback_after_completion=rollback,
    )
    life, stream = Life(seed, log, play, streak), engagement_id("acme", streak, ADA, Slug.STREAK)

    for _ in range(STEPS):
        life.step()
        projector.catch_up()

        assert_agreement(aggregate(log, stream, streak), reader)
