"""What was true, and what was known, at a moment."""

from datetime import timedelta
from random import Random
from types import SimpleNamespace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.catalogue import CatalogueItem, CatalogueItemDefined
from domain.engagement import EntryCounted, happened_at
from domain.events import Recorded
from domain.ids import catalogue_id
from domain.replay import replayed
from domain.time_travel import as_it_was
from domain.vocabulary import Slug
from tests.domain import given_streak
from tests.domain.given import LONG_AGO, TENANT, at
from tests.domain.given_training import Learn, Practice, opened, scored
from tests.domain.given_travel import START, Life, counted, live, steps

EXAMPLES = settings(max_examples=100, deadline=None)
SLUGS = st.sampled_from([Slug.CHALLENGE, Slug.STREAK])
END = at("2026-05-01")
MINUTES = st.integers(0, 1500)


@EXAMPLES
@given(SLUGS, steps(), st.booleans())
def test_decided_again_with_nothing_left_out_a_log_is_itself(slug, told, rollback):
    life = live(Life(slug, rollback_after_completion=rollback), told)
    if life.names:
        written = [one for one in replayed(life.events, life.definition, life.now) if one.originator_version]
        assert written == life.events


@EXAMPLES
@given(SLUGS, steps(), MINUTES)
def test_known_at_is_what_was_recorded_by_then(slug, told, minutes):
    life, moment = live(Life(slug), told), START + timedelta(minutes=minutes)

    known = as_it_was(life.events, life.definition, known_at=moment)

    assert known == [one for one in life.events if one.recorded_at <= moment]
    assert as_it_was(life.events, life.definition, as_of=moment, known_at=moment) == known


@EXAMPLES
@given(SLUGS, steps(orderly=True, voids=False), MINUTES)
def test_as_of_is_what_was_known_then_when_everything_came_in_order(slug, told, minutes):
    life, moment = live(Life(slug), told), START + timedelta(minutes=minutes)

    assert as_it_was(life.events, life.definition, as_of=moment) == as_it_was(
        life.events, life.definition, known_at=moment
    )


@EXAMPLES
@given(SLUGS, steps(), MINUTES)
def test_as_of_has_the_entries_that_had_happened_each_counted_as_it_was(slug, told, minutes):
    life, moment = live(Life(slug), told), START + timedelta(minutes=minutes)

    then = as_it_was(life.events, life.definition, as_of=moment)

    happened = {one.entry_id for one in life.events if one.entry_id and happened_at(one) <= moment}
    assert counted(then) == {entry: was for entry, was in counted(life.events).items() if entry in happened}


@EXAMPLES
@given(SLUGS, steps(voids=False, edits=False), MINUTES)
def test_as_of_is_what_would_have_been_known_had_everything_come_when_it_happened(slug, told, minutes):
    life, moment = live(Life(slug), told), START + timedelta(minutes=minutes)
    happened = [one for one in life.events if one.entry_id and happened_at(one) <= moment]

    punctual = life.twin()
    for one in sorted(happened, key=happened_at):
        if isinstance(one.event, EntryCounted):
            punctual.advance_to(happened_at(one))
            punctual.engagement.log(one.event.entry, happened_at(one))
    punctual.advance_to(moment)

    if happened:
        life.engagement.recorded = replayed(life.events, life.definition, moment)
        assert outcomes(life) == outcomes(punctual)


def test_history_that_was_loaded_at_once_is_there_day_by_day():
    """RULES 4, backfill. Two days are met, the third is missed; the fifth begins another run."""
    life = Life(Slug.STREAK, aggregation_period="daily", aggregation_target_value=1)
    life.now = START + timedelta(days=365)
    for day in (0, 1, 4):
        life.enter(late=(365 - day) * 24 * 60 - 600, backfill=True)
    life.advance()

    def then(**since: int) -> list[tuple[str, int]]:
        events = as_it_was(life.events, life.definition, as_of=START + timedelta(**since))
        return given_streak.told(SimpleNamespace(recorded=events))

    assert then(hours=9) == []
    assert then(hours=10) == [("in_progress", 1)]
    assert then(days=1, hours=12) == then(days=2, hours=23) == [("in_progress", 2)]
    # It is sealed an hour and a half after its end: until then the read side works the break out.
    assert then(days=3, hours=2) == then(days=4, hours=9) == [("broken", 2)]
    assert then(days=4, hours=10) == then(days=5, hours=23) == [("broken", 2), ("in_progress", 1)]
    assert then(days=6, hours=2) == [("broken", 2), ("broken", 1)]
    assert as_it_was(life.events, life.definition, known_at=START + timedelta(days=364)) == []


def test_what_is_decided_again_stands_where_its_entry_stands_and_the_rest_is_not_in_the_log():
    life = Life(Slug.CHALLENGE)
    life.enter()
    life.pass_time(30)
    life.enter()
    life.pass_time(60)
    life.enter(late=70)

    then = as_it_was(life.events, life.definition, as_of=START + timedelta(minutes=25))

    assert [(type(one.event).__name__, one.originator_version, one.recorded_at - START) for one in then] == [
        ("RunStarted", 1, timedelta(0)),
        ("EntryCounted", 2, timedelta(0)),
        ("MilestoneReached", 3, timedelta(0)),
        ("EntryCounted", 6, timedelta(minutes=90)),
        ("MilestoneReached", 0, timedelta(minutes=90)),
    ]
    assert [one.event.total for one in then if one.entry_id] == [1, 2]


@pytest.mark.parametrize("seed", range(20))
@pytest.mark.parametrize("kind", [Practice, Learn])
def test_training_decided_again_with_nothing_left_out_is_itself(kind, seed):
    chance, engagement, names = Random(seed), kind(), []
    for number in range(15):
        now = f"2026-04-03T{10 + number // 6}:{number % 6}0"
        if names and chance.random() < 0.2:
            engagement.void(chance.choice(names), now)
            continue
        at, name = f"2026-04-03T09:{chance.randint(10, 59)}", f"n-{number}"
        phase = chance.choice((1, 2))
        one = scored(phase, 40, at, name) if kind is Practice else opened(at, chance.choice((None, 3, 7)), name)
        engagement.log(one, now=now)
        names.append(name)

    assert replayed(engagement.recorded, defined(engagement.about), END) == engagement.recorded


def defined(item: CatalogueItem) -> list[Recorded]:
    """The stream of an item of the catalogue."""
    event = CatalogueItemDefined(item_id=item.id, fields=item.fields)
    stream = catalogue_id(TENANT, item.id)
    return [Recorded(originator_id=stream, originator_version=1, tenant=TENANT, recorded_at=LONG_AGO, event=event)]


def outcomes(life: Life) -> list[tuple]:
    """The records, less the moment of a completion, which depends on the order of arrival (RULES 4)."""
    found = life.words.records(life.engagement)
    shown = sorted(found if isinstance(found, list) else found.values())
    return [one if one.status != "completed" else one._replace(ended_at=None) for one in shown]
