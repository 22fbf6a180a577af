"""Several writers at once (RULES 4.1 and 6): everybody's work is done once, and nothing is lost."""

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor, ThreadPoolExecutor
from datetime import timedelta
from functools import partial
from multiprocessing import get_context
from threading import Barrier
from typing import Any

import pytest

from domain.application import ProgressLog
from domain.commands import Define, LogEntry, VoidEntry
from domain.engagement import EntryCounted, EntryVoided
from domain.ids import engagement_id, entry_id
from domain.outcomes import Logged
from domain.vocabulary import Slug
from tests.domain.given import CHALLENGE_ID, OWNER, TENANT, add_milestone, at, entry, fields, redefine

NOW = at("2026-04-20T12:00")
WRITERS = 4
ENGAGEMENT = engagement_id(TENANT, CHALLENGE_ID, OWNER)


@pytest.fixture
def log(database_url: str) -> Iterator[ProgressLog]:
    with ProgressLog(database_url) as log:
        command = Define(id=CHALLENGE_ID, slug=Slug.CHALLENGE, fields=fields())
        log.define(TENANT, CHALLENGE_ID, command, add_milestone(20), now=NOW)
        yield log


def together(*tasks: Callable[[], Any]) -> list[Any]:
    """Run the tasks in threads that all start at the same moment."""
    barrier = Barrier(len(tasks))

    def run(task: Callable[[], Any]) -> Any:
        barrier.wait()
        return task()

    with ThreadPoolExecutor(len(tasks)) as pool:
        return [future.result() for future in [pool.submit(run, task) for task in tasks]]


def log_one_by_one(log: ProgressLog, entries: list[LogEntry]) -> list[Logged]:
    return [log.log_entry(TENANT, one, now=NOW) for one in entries]


def log_in_a_process(database_url: str, entries: list[LogEntry]) -> list[bool]:
    with ProgressLog(database_url) as log:
        return [log.log_entry(TENANT, one, now=NOW).replayed for one in entries]


def counted(log: ProgressLog) -> list[EntryCounted]:
    recorded = log.history(ENGAGEMENT)
    assert [one.originator_version for one in recorded] == list(range(1, len(recorded) + 1))
    return [one.event for one in recorded if isinstance(one.event, EntryCounted)]


def test_writers_of_one_engagement_lose_nothing(log: ProgressLog):
    parts = [[entry("2026-04-03", 1, f"{writer}-{n}") for n in range(15)] for writer in range(WRITERS)]

    together(*[partial(log_one_by_one, log, part) for part in parts])

    assert [event.total for event in counted(log)] == list(range(1, 61))


def test_processes_that_send_the_same_entries_record_them_once(log: ProgressLog, database_url: str):
    entries = [entry("2026-04-03", 1, f"n-{n}") for n in range(25)]

    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as pool:
        futures: list[Future[list[bool]]] = [pool.submit(log_in_a_process, database_url, entries) for _ in range(2)]
        replayed = [future.result() for future in futures]

    assert [sum(not again for again in both) for both in zip(*replayed, strict=True)] == [1] * 25
    assert [event.total for event in counted(log)] == list(range(1, 26))


def test_the_same_entry_from_many_at_once_has_one_first_answer(log: ProgressLog):
    one = entry("2026-04-03", 20, "order-1")

    answers: list[Logged] = together(*[partial(log.log_entry, TENANT, one, now=NOW)] * 8)

    assert sorted(answer.replayed for answer in answers) == [False] + [True] * 7
    assert len({(answer.id, answer.position, answer.recorded_at) for answer in answers}) == 1
    assert [len(answer.reached) for answer in answers] == [1] * 8


def test_batches_over_the_same_owners_lose_nothing(log: ProgressLog):
    owners = [f"owner-{number}" for number in range(12)]
    batches = [
        [
            LogEntry(
                definition_id=CHALLENGE_ID,
                owner_id=owner,
                activity_at=at("2026-04-03"),
                unique_identifier=f"{writer}-{n}",
                activity_value=entry("2026-04-03", 1).activity_value,
            )
            for n in range(3)
            for owner in (owners if writer % 2 else reversed(owners))
        ]
        for writer in range(WRITERS)
    ]

    answers = together(*[partial(log.log_entries, TENANT, batch, now=NOW) for batch in batches])

    assert all(isinstance(one, Logged) and not one.replayed for batch in answers for one in batch)
    for owner in owners:
        recorded = log.history(engagement_id(TENANT, CHALLENGE_ID, owner))
        totals = [one.event.total for one in recorded if isinstance(one.event, EntryCounted)]
        assert totals == list(range(1, 3 * WRITERS + 1))


def test_clocks_seal_an_engagement_once(log: ProgressLog):
    owners = [f"owner-{number}" for number in range(8)]
    for owner in owners:
        log.log_entry(TENANT, entry_of(owner), now=NOW)
    streams = [engagement_id(TENANT, CHALLENGE_ID, owner) for owner in owners]

    written = together(*[partial(log.advance, TENANT, streams, now=at("2026-05-02"))] * WRITERS)

    assert sum(written) == len(owners)
    assert {len(log.history(stream)) for stream in streams} == {3}


def entry_of(owner: str) -> LogEntry:
    return LogEntry(
        definition_id=CHALLENGE_ID,
        owner_id=owner,
        activity_at=at("2026-04-03"),
        unique_identifier="order-1",
        activity_value=entry("2026-04-03", 1).activity_value,
    )


def test_voids_and_entries_at_once_keep_the_tally_right(log: ProgressLog):
    kept = [entry("2026-04-04", 1, f"kept-{n}") for n in range(12)]
    gone = [entry("2026-04-03", 10, f"gone-{n}") for n in range(12)]
    log.log_entries(TENANT, gone, now=NOW)

    def void_all() -> None:
        for one in gone:
            identifier = entry_id(ENGAGEMENT, one.unique_identifier)
            log.void_entry(TENANT, VoidEntry(entry_id=identifier, reason="refunded", actor="support"), now=NOW)

    together(void_all, void_all, partial(log_one_by_one, log, kept))

    last = log.log_entry(TENANT, entry("2026-04-05", 0), now=NOW + timedelta(seconds=1))
    assert last.run is not None
    assert (last.run.value, last.run.tally.count) == (12, 13)
    assert sum(isinstance(one.event, EntryVoided) for one in log.history(ENGAGEMENT)) == 12


def test_edits_of_one_definition_are_all_kept(log: ProgressLog):
    edits = [{"name": "Another"}, {"description": "Told"}, {"late_grace_seconds": 60}, {"timezone": "Europe/Vienna"}]

    together(*[partial(log.define, TENANT, CHALLENGE_ID, redefine(**edit), now=NOW) for edit in edits])

    challenge = log.definition(TENANT, Slug.CHALLENGE, CHALLENGE_ID, now=NOW)
    assert challenge is not None
    assert challenge.version == 6
    assert (challenge.fields.name, challenge.fields.description) == ("Another", "Told")
    assert (challenge.fields.late_grace_seconds, challenge.fields.timezone) == (60, "Europe/Vienna")
