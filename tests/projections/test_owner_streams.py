"""Engagements found in the log, among those of owners whose ids begin with the same two bytes."""

from itertools import count
from uuid import UUID

import pytest

from domain.ids import engagement_id
from domain.vocabulary import Slug
from projections import owner_streams
from tests.projections.conftest import ADA, define


@pytest.fixture
def near() -> str:
    """Another owner, of whom every id begins as Ada's do."""
    prefix = engagement_id("acme", UUID(int=0), ADA).bytes[:2]
    owners = (f"owner-{number}" for number in count())
    return next(owner for owner in owners if engagement_id("acme", UUID(int=0), owner).bytes[:2] == prefix)


def test_an_owners_streams_are_found_by_kind_and_by_definition(log, reader, say, play, challenge, streak, near):
    other = define(log)
    for definition in (challenge, other):
        for owner in (ADA, near):
            say(definition, owner, "1")
    play(streak, ADA, "1")
    say(define(log, "globex"), ADA, "1", tenant="globex")

    found = owner_streams.of_owner(reader, "acme", ADA, Slug.CHALLENGE)

    assert set(found) == {engagement_id("acme", definition, ADA) for definition in (challenge, other)}
    assert owner_streams.of_owner(reader, "acme", near, Slug.CHALLENGE, other) == [engagement_id("acme", other, near)]
    assert owner_streams.of_owner(reader, "acme", ADA, Slug.STREAK) == [engagement_id("acme", streak, ADA, "streak")]
    assert owner_streams.of_owner(reader, "acme", ADA, Slug.LEARN) == []


def test_a_run_is_found_where_it_was_started(log, reader, say, play, challenge, streak, near):
    said = {owner: say(challenge, owner, "1").run for owner in (ADA, near)}
    played = play(streak, ADA, "1").run

    for owner, run in said.items():
        assert owner_streams.of_run(reader, "acme", run.id) == [engagement_id("acme", challenge, owner)]
    assert owner_streams.of_run(reader, "acme", played.id) == [engagement_id("acme", streak, ADA, "streak")]
    assert owner_streams.of_run(reader, "globex", played.id) == []
