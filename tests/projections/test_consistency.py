"""Up to when an answer is complete, and waiting until it holds more."""

from datetime import UTC, datetime
from threading import Timer

from projections.consistency import holds, through, wait_until_held
from tests.projections.conftest import ADA, APRIL_3

TABLES = ["challenge_progress"]


def test_level_tables_are_complete_up_to_the_question(reader, projector, challenge, say):
    say(challenge, ADA, "5")
    projector.catch_up()
    before = datetime.now(UTC)

    assert through(reader, TABLES) >= before


def test_tables_that_are_behind_are_complete_up_to_their_last_event(reader, projector, challenge, say):
    say(challenge, ADA, "5")
    projector.catch_up()
    last = say(challenge, ADA, "6", at=APRIL_3.replace(day=5))

    assert through(reader, TABLES, last.position.slice) == APRIL_3


def test_tables_that_have_read_nothing_are_complete_up_to_nothing(reader, challenge, say):
    say(challenge, ADA, "5")

    assert through(reader, TABLES).year == 1970


def test_a_position_is_held_once_the_projector_was_there(reader, projector, challenge, say):
    position = say(challenge, ADA, "5").position
    wanted = {position.slice: position.number}
    before = holds(reader, wanted)

    projector.catch_up()

    assert (before, holds(reader, wanted)) == (False, True)


def test_waiting_ends_when_the_position_is_held(reader, projector, challenge, say):
    position = say(challenge, ADA, "5").position
    timer = Timer(0.1, projector.catch_up)
    timer.start()

    assert wait_until_held(reader, {position.slice: position.number})
    timer.join()


def test_waiting_gives_up_in_the_end(reader, challenge, say):
    position = say(challenge, ADA, "5").position

    assert not wait_until_held(reader, {position.slice: position.number}, seconds=0.05)
