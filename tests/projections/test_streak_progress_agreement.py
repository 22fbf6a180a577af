"""Whatever happens to a streak, its rows say what its aggregate says."""

from datetime import datetime, timedelta
from random import Random
from typing import Any
from uuid import UUID

import pytest

from domain.application import ProgressLog
from domain.commands import Redefine, VoidEntry
from domain.definitions import Pause
from domain.errors import Refused
from domain.explaining import explain_game
from domain.ids import engagement_id
from domain.streak_progress import StreakProgress, evolve
from domain.streak_reading import readings
from domain.vocabulary import DefinitionStatus, Method, Slug
from projections import streak_progress
from projections.database import Reader
from projections.listing import Page
from projections.streak_standing import of_user
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
    kept = {row["id"]: row for row in rows(reader, "streak_progress", state.id)}
    foreseen = {identifier for identifier, row in kept.items() if row["after_missed"] is not None}
    assert foreseen == {one.id for one in state.foreseen}
    found = {identifier: row for identifier, row in kept.items() if identifier not in foreseen}
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


def assert_read_alike(state: StreakProgress, pauses: tuple[Pause, ...], reader: Reader, now: datetime) -> None:
    """What is read at a moment is what the domain says of that moment, on every way of asking."""
    filters = {"definition_id": state.definition_id}
    found = {one.number: one for one in listed(reader, filters, now)}
    read = list(readings(state, pauses, now))
    assert sorted(found) == [*range(1, state.over + 1), *(run.number for run, _ in read)]
    for run, missed in read:
        record = found[run.number]
        assert {name: getattr(record, name) for name in RUN} == {name: getattr(run, name) for name in RUN}
        assert (record.id, record.first_period_start_at) == (run.id, run.window.start)
        assert record.status == ("broken" if missed else run.status.value)
        assert record.broken_at == (missed and missed.end)
        if missed or run.completed_in:
            window = missed or run.completed_in
            assert (record.period_key, record.period_start_at, record.period_end_at) == (
                window.key,
                window.start,
                window.end,
            )
    open_ones = [number for number, one in found.items() if one.status == "in_progress"]
    assert [one.number for one in listed(reader, {**filters, "status": "in_progress"}, now)] == open_ones
    assert len(open_ones) <= 1
    if found:
        (standing,) = of_user(reader, "acme", ADA, now=now, definition_id=state.definition_id)
        latest = found[max(found)]
        assert (standing.number, standing.status, standing.value) == (latest.number, latest.status, latest.value)
        assert standing.last_contribution_at == latest.last_contribution_at


def assert_explained_alike(log: ProgressLog, stream: UUID, streak: UUID, reader: Reader, now: datetime) -> int:
    """An explanation has the runs that are read at that moment, as they read. How many of them are only foreseen."""
    definition = log.definition("acme", Slug.STREAK, streak, now=now)
    told = explain_game(Slug.STREAK, log.history(stream), definition, now)
    explained = [
        (one.id, one.number, one.status, one.value, one.started_at, one.ended_at, one.last_contribution_at)
        for one in told.runs
        if one.status != "withdrawn"
    ]
    records = listed(reader, {"definition_id": streak}, now)
    assert sorted(explained, key=lambda one: one[1]) == [
        (
            one.id,
            one.number,
            one.status,
            one.value,
            one.started_at,
            one.completed_at or one.broken_at,
            one.last_contribution_at,
        )
        for one in sorted(records, key=lambda one: one.number)
    ]
    # A window in which something counted belongs to a run, written or not.
    assert all(one.run_id for one in told.windows if one.count)
    return len(records) - len(aggregate(log, stream, streak).runs) - aggregate(log, stream, streak).over


def listed(reader: Reader, filters: dict[str, Any], now: datetime) -> list[streak_progress.Record]:
    page = Page(sort="created_at", descending=False, limit=1000)
    return streak_progress.of_tenant(reader, "acme", filters, page, now=now, owner_id=ADA).rows


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
@pytest.mark.parametrize(("seed", "period"), [(4, "hourly"), (57, "rolling"), (41, "hourly"), (45, "rolling")])
def test_the_rows_of_a_streak_say_what_its_aggregate_says(log, play, projector, reader, seed, rollback, period):
    streak = define_streak(
        log,
        aggregation_period=period,
        rolling_seconds=3600 if period == "rolling" else None,
        aggregation_method=Method.DISTINCT,
        distinct_by="game",
        aggregation_target_value=1 + seed % 2,
        completion_target_value=1 + seed % 3,
        late_grace_seconds=4 * 3600,
        rollback_after_completion=rollback,
    )
    life, stream = Life(seed, log, play, streak), engagement_id("acme", streak, ADA, Slug.STREAK)
    foreseen = 0

    for _ in range(STEPS):
        life.step()
        projector.catch_up()

        state, pauses = aggregate(log, stream, streak), log.definition("acme", Slug.STREAK, streak, now=life.now).pauses
        assert_agreement(state, reader)
        for hours in (0, 2, 9):
            moment = life.now + timedelta(hours=hours)
            assert_read_alike(state, pauses, reader, moment)
            foreseen += assert_explained_alike(log, stream, streak, reader, moment)
    assert foreseen
