"""ProgressLog on a real database: entries once for ever, batches, and everything else that may be asked of it."""

from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest
from msgspec.structs import replace

from domain.application import ProgressLog
from domain.challenge_progress import RunFailed
from domain.commands import ChangeReward, Define, KeepUser, LogEntry, VoidEntry
from domain.engagement import EntryCounted, EntryNotCounted, RunCompleted
from domain.errors import AlreadyExists, Busy, DefinitionNotFound, EntryConflict, InvalidInput, NotFound, Refused
from domain.ids import definition_id, engagement_id, entry_id, owner_slice, run_id
from domain.outcomes import Logged, Position
from domain.vocabulary import OwnerStatus, Reason, Slug
from tests.domain.given import CHALLENGE_ID, OWNER, TENANT, add_milestone, at, entry, fields, redefine

OTHER_TENANT, OTHER_OWNER = "globex", "bob"
NOW = at("2026-04-20T12:00")
SLICES = 4
ENGAGEMENT = engagement_id(TENANT, CHALLENGE_ID, OWNER)


@pytest.fixture
def log(database_url: str) -> Iterator[ProgressLog]:
    """A log with the same challenge in two tenants; in the other one, somebody has 400 of 500 already."""
    with ProgressLog(database_url) as log:
        for tenant in (TENANT, OTHER_TENANT):
            define(log, tenant)
        log.log_entry(OTHER_TENANT, entry("2026-04-01", 400, "order-1"), now=NOW)
        yield log


def define(log: ProgressLog, tenant: str = TENANT, definition: UUID = CHALLENGE_ID, **changes: Any) -> None:
    command = Define(id=definition, slug=Slug.CHALLENGE, fields=fields(**changes))
    log.define(tenant, definition, command, add_milestone(100), now=NOW)


def of(owner: str, one: LogEntry) -> LogEntry:
    return replace(one, owner_id=owner)


def stored(database_url: str, query: str, *parameters: object) -> list[Any]:
    with psycopg.connect(database_url) as connection:
        return connection.execute(query, parameters).fetchall()


def answered(outcome: Logged | Refused) -> Logged:
    assert isinstance(outcome, Logged), outcome
    return outcome


def kinds(log: ProgressLog, stream: UUID = ENGAGEMENT) -> list[str]:
    return [type(one.event).__name__ for one in log.history(stream)]


def test_an_entry_is_answered_with_where_it_is_and_what_came_of_it(log: ProgressLog):
    logged = log.log_entry(TENANT, entry("2026-04-03", "187.50", "order-1"), now=NOW)

    assert logged.id == entry_id(ENGAGEMENT, "order-1")
    assert (logged.tenant, logged.recorded_at, logged.replayed) == (TENANT, NOW, False)
    assert logged.run is not None
    assert (logged.run.id, logged.run.value) == (run_id(ENGAGEMENT, "2026-04"), Decimal("187.5"))
    assert [one.milestone.target_value for one in logged.reached] == [100]
    recorded = log.history(ENGAGEMENT)
    assert [one.originator_version for one in recorded] == [1, 2, 3]
    # Whoever has read up to there has read the milestone too.
    assert logged.position == Position(owner_slice(TENANT, OWNER, SLICES), recorded[2].position)


def test_the_same_again_is_the_first_answer_and_writes_nothing(log: ProgressLog):
    """RULES 4: Same content: the first answer again, nothing new (`replayed`)."""
    first = log.log_entry(TENANT, entry("2026-04-03", 200, "order-1"), now=NOW)
    before = log.history(ENGAGEMENT)

    again = log.log_entry(TENANT, entry("2026-04-03", "200.00", "order-1"), now=NOW + timedelta(days=400))

    assert again == replace(first, replayed=True)
    assert log.history(ENGAGEMENT) == before


def test_the_same_again_is_the_first_answer_even_after_more_came(log: ProgressLog):
    told = [entry("2026-04-03", 200, "a"), entry("2026-04-04", 300, "b"), entry("2026-04-02", 50, "c")]
    told += [entry("2020-01-01", 5, "late"), entry("2026-04-05", 7, "d")]
    first = [log.log_entry(TENANT, one, now=NOW) for one in told]
    log.void_entry(TENANT, VoidEntry(entry_id=first[0].id, reason="refunded", actor="support"), now=NOW)
    log.advance(TENANT, [ENGAGEMENT], now=at("2026-06-01"))
    log.log_entry(TENANT, entry("2026-06-02", 9, "e"), now=at("2026-06-02"))

    again = log.log_entries(TENANT, told[::-1], now=at("2026-07-01"))

    assert again == [replace(one, replayed=True) for one in reversed(first)]


def test_one_entry_again_on_a_long_stream_is_the_first_answer(log: ProgressLog):
    first = log.log_entries(TENANT, [entry("2026-04-03", 1, f"n-{n}") for n in range(300)], now=NOW)

    again = log.log_entries(TENANT, [entry("2026-04-03", 1, f"n-{n}") for n in range(300)], now=NOW)

    assert [answered(one).run for one in again] == [answered(one).run for one in first]
    assert {answered(one).replayed for one in again} == {True}


@pytest.mark.parametrize(
    "other",
    [
        {"activity_value": Decimal(201)},
        {"activity_value": None},
        {"activity_at": at("2026-04-03T00:00:00.000001")},
        {"activity_id": "made_a_purchase"},
        {"attributes": {"shop": "Graz"}},
    ],
)
def test_other_content_under_the_same_identifier_is_a_conflict(log: ProgressLog, other: dict[str, Any]):
    """RULES 4: Other content: conflict (409), nothing new."""
    log.log_entry(TENANT, entry("2026-04-03", 200, "order-1"), now=NOW)
    before = log.history(ENGAGEMENT)

    with pytest.raises(EntryConflict) as refusal:
        log.log_entry(TENANT, replace(entry("2026-04-03", 200, "order-1"), **other), now=NOW)

    assert set(refusal.value.errors) == {"unique_identifier"}
    assert log.history(ENGAGEMENT) == before


def test_an_identifier_belongs_to_one_tenant_definition_and_owner(log: ProgressLog):
    other_definition = uuid4()
    define(log, definition=other_definition)
    one = entry("2026-04-03", 10, "order-1")

    answers = [
        log.log_entry(TENANT, one, now=NOW),
        log.log_entry(TENANT, of(OTHER_OWNER, one), now=NOW),
        log.log_entry(TENANT, replace(one, definition_id=other_definition), now=NOW),
    ]

    assert [answer.replayed for answer in answers] == [False, False, False]
    assert [answer.run and answer.run.value for answer in answers] == [10, 10, 10]
    assert len({answer.id for answer in answers}) == 3


def test_twice_in_one_batch_is_once(log: ProgressLog):
    one = entry("2026-04-03", 200, "order-1")

    first, second, third = log.log_entries(TENANT, [one, one, entry("2026-04-03", 10, "order-2")], now=NOW)

    assert second == replace(answered(first), replayed=True)
    assert answered(third).run.value == 210
    assert kinds(log).count("EntryCounted") == 2


def test_other_content_in_one_batch_is_a_conflict_too(log: ProgressLog):
    first, second = log.log_entries(
        TENANT, [entry("2026-04-03", 200, "order-1"), entry("2026-04-03", 300, "order-1")], now=NOW
    )

    assert answered(first).run.value == 200
    assert isinstance(second, EntryConflict)


def test_a_refused_entry_leaves_no_trace_and_stops_no_other(log: ProgressLog):
    unknown = replace(entry("2026-04-03", 1), definition_id=uuid4())
    refused = [unknown, entry("2026-04-03"), entry("2026-04-21", 1), entry("2026-04-03", 1, "x\x00")]
    batch = [refused[0], entry("2026-04-01", 10), *refused[1:3], entry("2026-04-02", 20), refused[3]]

    outcomes = log.log_entries(TENANT, batch, now=NOW)

    assert [type(one).__name__ for one in outcomes] == [
        "DefinitionNotFound",
        "Logged",
        "InvalidInput",
        "InvalidInput",
        "Logged",
        "InvalidInput",
    ]
    assert kinds(log) == ["RunStarted", "EntryCounted", "EntryCounted"]


def test_a_batch_of_refused_entries_writes_nothing(log: ProgressLog, database_url: str):
    heads = stored(database_url, "SELECT slice, head FROM slices ORDER BY slice")

    outcomes = log.log_entries(TENANT, [entry("2026-04-03"), entry("2026-06-03", 1)], now=NOW)

    assert all(isinstance(one, InvalidInput) for one in outcomes)
    assert stored(database_url, "SELECT slice, head FROM slices ORDER BY slice") == heads
    assert log.log_entries(TENANT, [], now=NOW) == []


def test_a_refused_entry_may_come_again_corrected(log: ProgressLog):
    with pytest.raises(InvalidInput):
        log.log_entry(TENANT, entry("2026-04-03", name="order-1"), now=NOW)

    assert not log.log_entry(TENANT, entry("2026-04-03", 10, "order-1"), now=NOW).replayed


def test_an_entry_of_a_definition_that_is_missing_says_so(log: ProgressLog):
    with pytest.raises(DefinitionNotFound) as refusal:
        log.log_entry(TENANT, replace(entry("2026-04-03", 1), definition_id=UUID(int=7)), now=NOW)

    assert refusal.value.errors == {"definition_id": [f"there is no challenge {UUID(int=7)}"]}


def test_a_batch_over_many_owners_is_answered_in_its_order(log: ProgressLog):
    owners = [f"owner-{number % 37}" for number in range(200)]
    batch = [of(owner, entry("2026-04-03", 1, f"n-{number}")) for number, owner in enumerate(owners)]

    outcomes = [answered(one) for one in log.log_entries(TENANT, batch, now=NOW)]

    assert [one.event.entry for one in outcomes] == batch
    assert [one.run.value for one in outcomes] == [1 + number // 37 for number in range(200)]
    assert {one.position.slice for one in outcomes} == {0, 1, 2, 3}
    for outcome in outcomes[:20]:
        stream = engagement_id(TENANT, CHALLENGE_ID, outcome.event.entry.owner_id)
        numbers = {one.entry_id: one.position for one in log.history(stream)}
        assert outcome.position == (owner_slice(TENANT, outcome.event.entry.owner_id, SLICES), numbers[outcome.id])


def test_two_tenants_never_meet(log: ProgressLog):
    ours = log.log_entry(TENANT, entry("2026-04-03", 50, "order-1"), now=NOW)
    theirs = engagement_id(OTHER_TENANT, CHALLENGE_ID, OWNER)
    their_entry = entry_id(theirs, "order-1")

    log.define(TENANT, CHALLENGE_ID, redefine(status="paused"), now=NOW)
    with pytest.raises(NotFound):
        log.void_entry(TENANT, VoidEntry(entry_id=their_entry, reason="x", actor="y"), now=NOW)
    log.keep_user(TENANT, KeepUser(id=OWNER, status=OwnerStatus.PAUSED), now=NOW)
    still = log.log_entry(OTHER_TENANT, entry("2026-04-03", 50, "order-2"), now=NOW)

    assert (ours.replayed, ours.run.value) == (False, 50)
    assert still.run.value == 450
    assert {one.tenant for one in log.history(theirs)} == {OTHER_TENANT}


def test_time_seals_several_engagements_at_once(log: ProgressLog, database_url: str):
    owners = [f"owner-{number}" for number in range(10)]
    log.log_entries(TENANT, [of(owner, entry("2026-04-03", 10)) for owner in owners], now=NOW)
    streams = [engagement_id(TENANT, CHALLENGE_ID, owner) for owner in owners]
    due = "SELECT count(*) FROM streams WHERE due_at IS NOT NULL"
    assert stored(database_url, due) == [(11,)]

    early = log.advance(TENANT, streams, now=at("2026-05-01T00:04:59"))
    sealed = log.advance(
        TENANT, [*streams, uuid4(), definition_id(TENANT, "challenge", CHALLENGE_ID)], now=at("2026-05-02")
    )
    again = log.advance(TENANT, streams, now=at("2026-05-03"))

    assert (early, sealed, again) == (0, 10, 0)
    assert [type(log.history(stream)[-1].event) for stream in streams] == [RunFailed] * 10
    assert stored(database_url, due) == [(1,)]


def test_the_next_deadline_is_kept_with_the_stream(log: ProgressLog, database_url: str):
    log.log_entry(TENANT, entry("2026-04-03", 10), now=NOW)

    due = stored(database_url, "SELECT due_at FROM streams WHERE originator_id = %s", ENGAGEMENT)

    assert due == [(at("2026-05-01T00:05"),)]


def test_a_backfill_has_the_clock_of_its_entries(log: ProgressLog):
    history = [entry(f"20{year}-04-03", 500, f"n-{year}") for year in range(10, 20)]

    outcomes = [answered(one) for one in log.log_entries(TENANT, history, now=NOW, import_id=uuid4())]

    assert [type(one.event) for one in outcomes] == [EntryCounted] * 10
    assert [one.run.window.key for one in outcomes] == [f"20{year}-04" for year in range(10, 20)]
    live = log.log_entry(TENANT, entry("2015-04-04", 1), now=NOW)
    assert isinstance(live.event, EntryNotCounted)
    assert live.event.reason is Reason.TOO_LATE


def test_a_void_is_written_once(log: ProgressLog):
    logged = log.log_entry(TENANT, entry("2026-04-03", 200, "order-1"), now=NOW)
    command = VoidEntry(entry_id=logged.id, reason="refunded", actor="support")

    first = log.void_entry(TENANT, command, now=NOW)
    second = log.void_entry(TENANT, command, now=NOW + timedelta(days=1))

    assert kinds(log).count("EntryVoided") == 1
    assert first == log.position_of(ENGAGEMENT, log.history(ENGAGEMENT)[-1].position)
    assert first.slice == second.slice
    assert log.log_entry(TENANT, entry("2026-04-04", 1), now=NOW).run.value == 1


def test_an_entry_that_is_not_there_cannot_be_voided(log: ProgressLog):
    with pytest.raises(NotFound):
        log.void_entry(TENANT, VoidEntry(entry_id=uuid4(), reason="x", actor="y"), now=NOW)


def test_a_user_is_registered_changed_and_left_alone(log: ProgressLog, database_url: str):
    person = {"first_name": "Ana", "email": "ana@example.org"}
    identifier, registered = log.keep_user(TENANT, KeepUser(external_id="crm-7", personal=person), now=NOW)
    again = log.keep_user(TENANT, KeepUser(external_id="crm-7"), now=NOW + timedelta(days=1))
    _, changed = log.keep_user(TENANT, KeepUser(id=identifier, personal={"email": None}), now=NOW + timedelta(days=2))

    assert again == (identifier, None)
    assert registered is not None
    assert changed is not None
    assert (registered.slice, changed.slice) == (owner_slice(TENANT, identifier, SLICES),) * 2
    row = "SELECT tenant, external_id, first_name, email, created_at, updated_at FROM account_user"
    assert stored(database_url, row) == [(TENANT, "crm-7", "Ana", None, NOW, NOW + timedelta(days=2))]


def test_a_refused_user_leaves_no_row(log: ProgressLog, database_url: str):
    with pytest.raises(InvalidInput):
        log.keep_user(TENANT, KeepUser(id="ana", personal={"shoe_size": "43"}), now=NOW)
    with pytest.raises(InvalidInput):
        log.keep_user(TENANT, KeepUser(), now=NOW)

    assert stored(database_url, "SELECT id FROM account_user") == []


def test_the_entries_of_a_paused_user_are_not_counted(log: ProgressLog):
    log.keep_user(TENANT, KeepUser(id=OWNER, status=OwnerStatus.PAUSED), now=NOW)
    paused = log.log_entry(TENANT, entry("2026-04-03", 10), now=NOW)
    log.keep_user(TENANT, KeepUser(id=OWNER, status=OwnerStatus.LIVE), now=NOW)

    live = log.log_entry(TENANT, entry("2026-04-04", 10), now=NOW)

    assert isinstance(paused.event, EntryNotCounted)
    assert paused.event.reason is Reason.OWNER_PAUSED
    assert isinstance(live.event, EntryCounted)


def test_a_reward_is_noted_on_once(log: ProgressLog):
    (reached,) = log.log_entry(TENANT, entry("2026-04-03", 100), now=NOW).reached
    command = ChangeReward(
        reward_id=reached.reward_id, definition_id=CHALLENGE_ID, owner_id=OWNER, changes={"coupon_code": "SPRING"}
    )

    written = log.change_reward(TENANT, command, now=NOW)

    assert written == log.position_of(ENGAGEMENT, log.history(ENGAGEMENT)[-1].position)
    assert log.change_reward(TENANT, command, now=NOW) is None
    for wrong in ({"owner_id": OTHER_OWNER}, {"reward_id": uuid4()}):
        with pytest.raises(NotFound):
            log.change_reward(TENANT, replace(command, **wrong), now=NOW)
    with pytest.raises(NotFound):
        log.change_reward(OTHER_TENANT, command, now=NOW)


def test_a_definition_is_made_changed_and_left_alone(log: ProgressLog):
    identifier = uuid4()
    define(log, definition=identifier)
    change = replace(redefine(name="Another name"), id=identifier)

    changed, position = log.define(TENANT, identifier, change, now=NOW)
    same, nowhere = log.define(TENANT, identifier, change, now=NOW)

    assert (changed.version, same.version) == (3, 3)
    assert (position is None, nowhere) == (False, None)
    assert log.definition(TENANT, Slug.CHALLENGE, identifier, now=NOW) == changed
    assert log.definition(OTHER_TENANT, Slug.CHALLENGE, identifier, now=NOW) is None
    with pytest.raises(AlreadyExists):
        define(log, definition=identifier)
    with pytest.raises(NotFound):
        log.define(OTHER_TENANT, identifier, change, now=NOW)


def test_several_commands_on_a_definition_are_all_or_none(log: ProgressLog):
    identifier = uuid4()
    command = Define(id=identifier, slug=Slug.CHALLENGE, fields=fields())

    with pytest.raises(InvalidInput):
        log.define(TENANT, identifier, command, add_milestone(100, 1), add_milestone(100, 2), now=NOW)
    assert log.definition(TENANT, Slug.CHALLENGE, identifier, now=NOW) is None

    trial, nowhere = log.define(TENANT, identifier, command, add_milestone(100), now=NOW, dry_run=True)
    assert (len(trial.milestones), nowhere) == (1, None)
    assert log.definition(TENANT, Slug.CHALLENGE, identifier, now=NOW) is None


def test_a_snapshot_of_another_shape_is_folded_anew(log: ProgressLog, database_url: str):
    log.log_entry(TENANT, entry("2026-04-03", 200), now=NOW)
    log.log_entry(TENANT, of(OTHER_OWNER, entry("2026-04-03", 10)), now=NOW)
    old = "UPDATE streams SET topic = replace(topic, '.1', '.0'), state = '{}' RETURNING topic"
    assert {"Challenge.0", "ChallengeProgress.0"} <= {topic for (topic,) in stored(database_url, old)}

    counted = log.log_entry(TENANT, entry("2026-04-04", 300), now=NOW)
    sealed = log.advance(TENANT, [engagement_id(TENANT, CHALLENGE_ID, OTHER_OWNER)], now=at("2026-05-02"))

    assert counted.run.value == 500
    assert (kinds(log)[-1], sealed) == ("RunCompleted", 1)


def test_a_stream_that_begins_with_an_uncounted_entry_is_folded_anew(log: ProgressLog, database_url: str):
    log.log_entry(TENANT, entry("2020-04-03", 200), now=NOW)
    stored(database_url, "UPDATE streams SET topic = 'ChallengeProgress.0', state = '{}' RETURNING 1")

    assert log.advance(TENANT, [ENGAGEMENT], now=NOW) == 0
    assert log.log_entry(TENANT, entry("2026-04-03", 500), now=NOW).run.completed_at == at("2026-04-03")


def test_a_log_that_does_not_answer_in_time_is_busy(log: ProgressLog, database_url: str):
    logged = log.log_entry(TENANT, entry("2026-04-03", 10), now=NOW)
    hasty = ProgressLog(database_url, DATABASE_LOCK_TIMEOUT="50")
    with hasty, psycopg.connect(database_url) as holding:
        holding.execute("SELECT FROM slices FOR UPDATE")

        for ask in (
            lambda: hasty.log_entry(TENANT, entry("2026-04-03", 10), now=NOW),
            lambda: hasty.advance(TENANT, [ENGAGEMENT], now=at("2026-06-01")),
            lambda: hasty.void_entry(TENANT, VoidEntry(entry_id=logged.id, reason="x", actor="y"), now=NOW),
            lambda: hasty.define(TENANT, CHALLENGE_ID, redefine(name="Another"), now=NOW),
            lambda: hasty.keep_user(TENANT, KeepUser(id=OWNER), now=NOW),
        ):
            with pytest.raises(Busy):
                ask()

    assert kinds(log) == ["RunStarted", "EntryCounted"]


def test_the_answer_of_a_completion_holds_the_completed_run(log: ProgressLog):
    logged = log.log_entry(TENANT, entry("2026-04-03", 500, "order-1"), now=NOW)
    again = log.log_entry(TENANT, entry("2026-04-03", 500, "order-1"), now=NOW)

    assert logged.run.completed_at == again.run.completed_at == at("2026-04-03")
    assert [type(one.event) for one in log.history(ENGAGEMENT)][2] is RunCompleted
    assert len(again.reached) == len(logged.reached) == 1
