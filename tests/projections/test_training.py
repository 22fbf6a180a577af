"""Practice and learn progress as they are read (RULES 8): a row a completed challenge, a row an opened scenario."""

from tests.projections.conftest import ADA
from tests.projections.given_training import clock, level, shown, training

__all__ = ["clock", "level", "shown", "training"]


def practised(found):
    return [(row.topic_id, row.challenge_index, row.score, row.completed_at) for row in found.rows]


def test_a_challenge_has_a_row_once_it_is_completed(training, shown, clock):
    training.phase(ADA, "sql", 1, 1, 30, hint_used=True)
    in_flight = shown.practice()
    training.phase(ADA, "sql", 1, 2, 50, language="ruby")

    found = shown.practice()

    assert (in_flight.rows, in_flight.known) == ([], True)
    assert practised(found) == [("sql", 1, 80, clock.moment)]
    row = found.rows[0]
    assert (row.language, row.phase1_score, row.phase2_score) == ("ruby", 30, 50)
    assert (row.phase1_hint_used, row.phase2_hint_used) == (True, False)


def test_the_row_changes_when_a_new_attempt_completes_and_not_before(training, shown, clock):
    first = clock.moment
    training.practise(ADA, "sql", 0)
    clock.advance()
    training.phase(ADA, "sql", 0, 1, 10)
    in_flight = shown.practice()
    training.phase(ADA, "sql", 0, 2, 20)

    assert practised(in_flight) == [("sql", 0, 100, first)]
    assert practised(shown.practice()) == [("sql", 0, 30, clock.moment)]


def test_a_void_removes_the_row_or_restores_the_completion_before(training, shown, clock):
    first = clock.moment
    training.phase(ADA, "sql", 0, 1, 10)
    only = training.phase(ADA, "sql", 0, 2, 10)
    clock.advance()
    training.phase(ADA, "sql", 0, 1)
    again = training.phase(ADA, "sql", 0, 2)

    training.void(again)
    restored = shown.practice()
    training.void(only)

    assert practised(restored) == [("sql", 0, 20, first)]
    assert (shown.practice().rows, shown.practice().known) == ([], True)


def test_rows_are_in_order_and_those_of_one_owner_of_one_tenant(training, shown):
    training.practise(ADA, "xss", 1, 0).practise(ADA, "sql", 2)

    assert [row[:2] for row in practised(shown.practice())] == [("sql", 2), ("xss", 0), ("xss", 1)]
    assert len(shown.practice(tenant="other").rows) == 5


def test_a_scenario_has_a_row_once_it_is_opened(training, shown, clock):
    opened = clock.moment
    training.learn(ADA, "jwt")
    started = shown.learn().rows[0]
    finished = clock.advance()
    training.learn(ADA, "jwt", 9)
    clock.advance()
    training.learn(ADA, "jwt", 1)

    row = shown.learn().rows[0]

    assert (started.current_step, started.total_steps, started.completed_at) == (0, 4, None)
    assert (row.current_step, row.started_at, row.completed_at) == (4, opened, finished)
    assert row.last_access_at == clock.moment


def test_a_scenario_that_is_voided_away_has_no_row(training, shown):
    opened = training.learn(ADA, "jwt")
    reached = training.learn(ADA, "jwt", 4)

    training.void(reached)
    back = shown.learn().rows
    training.void(opened)

    assert [(row.current_step, row.completed_at) for row in back] == [(0, None)]
    assert shown.learn().rows == []


def test_every_entry_is_kept_with_what_became_of_it(training, shown, reader, clock):
    alone = training.phase(ADA, "sql", 0, 2, 40)
    opened = training.learn(ADA, "jwt", 2)
    training.void(opened)
    shown.level()

    query = "SELECT * FROM training_log WHERE tenant = 'acme' AND owner_id = %(owner)s ORDER BY slug DESC"
    practice, learn = reader.rows(dict, query, {"owner": ADA})

    assert (practice["id"], practice["counted"], practice["reason"]) == (alone.id, False, "phase_missing")
    assert (practice["topic_id"], practice["phase"], practice["score"]) == ("sql", 2, 40)
    assert (practice["language"], practice["hint_used"], practice["challenge_index"]) == ("python", False, 0)
    assert (learn["id"], learn["counted"], learn["scenario_id"], learn["step"]) == (opened.id, True, "jwt", 2)
    assert (learn["voided_at"], learn["void_reason"]) == (clock.moment, "a mistake")
    assert (learn["recorded_at"], learn["activity_at"]) == (clock.moment, clock.moment)


def test_what_an_owner_did_and_is_asked_is_in_one_slice(training, shown, reader):
    training.practise(ADA, "sql", 0)
    training.learn(ADA, "jwt")
    training.join(training.team(), ADA)
    shown.level()

    slices = {
        row["slice"]
        for table in ("practice_progress", "learn_progress", "training_log", "team_member")
        for row in reader.rows(
            dict, f"SELECT slice FROM {table} WHERE tenant = 'acme' AND owner_id = %(owner)s", {"owner": ADA}
        )
    }

    assert len(slices) == 1


def test_a_user_whom_nobody_knows_is_not_known(training, shown):
    assert shown.practice("nobody").known is False
    assert shown.learn("nobody").known is False
    assert shown.assignments("nobody").known is False
