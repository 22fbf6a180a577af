"""Teams (RULES 8): team membership counts from the moment of joining, and follows who belongs to it now."""

from uuid import UUID, uuid4

import pytest

from domain import membership
from domain.application import ProgressLog
from domain.assignments import complete_assignment, keep_members
from domain.commands import Define, Redefine
from domain.errors import InvalidInput
from domain.ids import assignment_progress_id, membership_id, owner_slice
from domain.membership import Membership, TeamJoined, TeamLeft
from domain.vocabulary import Slug
from tests.domain.given import OWNER, TENANT, at

RED, BLUE = UUID(int=1, version=4), UUID(int=2, version=4)
NOW = at("2026-04-03T12:00")
NOBODY = Membership(id=UUID(int=3), owner_id=OWNER)


def after(found: Membership, team: UUID, *, member: bool) -> Membership:
    event = membership.decide(found, team, NOW, member=member)
    return found if event is None else membership.evolve(found, event, NOW)


def test_who_joins_is_a_member_from_then_on():
    event = membership.decide(NOBODY, RED, NOW, member=True)

    assert event == TeamJoined(owner_id=OWNER, team_id=RED, joined_at=NOW)
    assert after(NOBODY, RED, member=True).teams == (RED,)


def test_who_leaves_is_no_member_any_more():
    both = after(after(NOBODY, RED, member=True), BLUE, member=True)

    assert membership.decide(both, RED, NOW, member=False) == TeamLeft(owner_id=OWNER, team_id=RED, left_at=NOW)
    assert after(both, RED, member=False).teams == (BLUE,)


@pytest.mark.parametrize("member", [True, False])
def test_what_is_so_already_is_no_event(member):
    found = after(NOBODY, RED, member=True) if member else NOBODY

    assert membership.decide(found, RED, NOW, member=member) is None


@pytest.fixture
def log(database_url: str):
    with ProgressLog(database_url) as log:
        yield log


def test_membership_is_kept_in_the_owners_slice(log):
    (position,) = keep_members(log, TENANT, RED, joining=[OWNER], now=NOW)

    assert position.slice == owner_slice(TENANT, OWNER, 4)
    assert [one.event.team_id for one in log.history(membership_id(TENANT, OWNER))] == [RED]
    assert log.history(membership_id("globex", OWNER)) == []


def test_members_that_are_kept_again_are_written_once(log):
    keep_members(log, TENANT, RED, joining=["ana", "bob"], now=NOW)

    again = keep_members(log, TENANT, RED, joining=["ana", "bob", "eve"], now=NOW)

    assert len(again) == 1


def test_who_joins_and_leaves_at_once_is_a_member(log):
    keep_members(log, TENANT, RED, joining=["ana"], leaving=["ana", "bob"], now=NOW)

    assert len(log.history(membership_id(TENANT, "ana"))) == 1
    assert log.history(membership_id(TENANT, "bob")) == []


def test_a_team_is_made_and_renamed(log):
    team = uuid4()
    log.define(TENANT, team, Define(id=team, slug=Slug.TEAM, fields={"name": "Red"}), now=NOW)

    found, _ = log.define(TENANT, team, Redefine(id=team, slug=Slug.TEAM, changes={"name": "Reds"}), now=NOW)

    assert (found.version, found.fields.name) == (2, "Reds")
    with pytest.raises(InvalidInput):
        log.define(TENANT, team, Redefine(id=team, slug=Slug.TEAM, changes={"name": ""}), now=NOW)


def test_a_completion_that_is_written_again_is_written_once(log):
    assignment = uuid4()

    first = complete_assignment(log, TENANT, assignment, OWNER, NOW, 5, now=NOW)
    second = complete_assignment(log, TENANT, assignment, OWNER, at("2026-05-01"), 6, now=NOW)

    assert first is not None
    assert first.slice == owner_slice(TENANT, OWNER, 4)
    assert second is None
    assert len(log.history(assignment_progress_id(TENANT, OWNER, assignment))) == 1
