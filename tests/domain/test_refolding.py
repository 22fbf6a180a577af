"""A stream is folded from its events alone; one that begins as no kind of stream does is refused by name."""

from datetime import UTC, datetime
from uuid import UUID

import pytest

from domain.engagement import RewardChanged
from domain.events import Recorded
from domain.membership import TeamJoined, TeamLeft
from domain.refolding import Unfoldable, refolded

MAY_1 = datetime(2026, 5, 1, tzinfo=UTC)
STREAM = UUID(int=1)


def recorded(version, event):
    return Recorded(originator_id=STREAM, originator_version=version, tenant="acme", recorded_at=MAY_1, event=event)


def test_the_state_is_that_after_the_last_event():
    red, blue = UUID(int=2), UUID(int=3)
    events = [
        TeamJoined(owner_id="ada", team_id=red, joined_at=MAY_1),
        TeamJoined(owner_id="ada", team_id=blue, joined_at=MAY_1),
        TeamLeft(owner_id="ada", team_id=red, left_at=MAY_1),
    ]

    snapshot = refolded([recorded(version, event) for version, event in enumerate(events, 1)])

    assert (snapshot.originator_id, snapshot.version, snapshot.topic) == (STREAM, 3, "Membership.1")
    assert str(blue) in snapshot.state
    assert str(red) not in snapshot.state


def test_a_stream_that_begins_as_none_does_is_refused():
    event = RewardChanged(reward_id=UUID(int=4), changed=())

    with pytest.raises(Unfoldable, match=f"stream {STREAM} begins with RewardChanged, as no kind of stream does"):
        refolded([recorded(1, event)])
