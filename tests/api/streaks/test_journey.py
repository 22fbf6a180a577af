"""A week with a streak, told and read through the dialect alone."""

from datetime import timedelta
from uuid import UUID

from tests.api.conftest import ACME
from tests.api.streaks.given_streaks import ADA, BOB, LOGINS

PATH = f"/v1/streaks/{ACME}/users/{ADA}"


def test_a_week_of_logins(acme, given, clock, tell, catch_up):
    """Three logins a day are needed; Ada has them from Monday to Wednesday, misses Thursday and starts again."""
    clock.moment = clock.moment.replace(day=6, hour=8, minute=0)
    given.define(LOGINS, [1, 3], aggregation_target_value=3)
    offered = acme.get(f"/v1/streaks/{ACME}/definitions").json
    catch_up()
    days = []

    for logins in (3, 4, 3, 2, 3):
        for _ in range(logins):
            assert tell().json["fed"][0]["counted"]
            tell(user_id=BOB)
            clock.advance(hours=1)
        catch_up()
        days.append(acme.get(PATH).json["streaks"][0])
        clock.moment = clock().replace(hour=8) + timedelta(days=1)

    assert offered == {"definitions": []}
    assert [one["current_count"] for one in days] == [1, 2, 3, 3, 1]
    assert [one["current_window_progress"]["count"] for one in days] == [3, 4, 3, 2, 3]
    assert [one["current_window_satisfied"] for one in days] == [True, True, True, False, True]
    assert [one["current_window_key"] for one in days] == [f"2026-04-{day:02}" for day in range(6, 11)]
    assert [one["seconds_until_window_close"] for one in days] == [
        13 * 3600,
        12 * 3600,
        13 * 3600,
        14 * 3600,
        13 * 3600,
    ]
    assert [one["earned_milestones"] for one in days] == [[1], [1], [1, 3], [1, 3], [1, 3]]
    assert [one["next_milestone"] for one in days] == [3, 3, None, None, None]
    assert [one["last_activity_at"][:13] for one in days[:2]] == ["2026-04-06T10", "2026-04-07T11"]
    assert len({one["id"] for one in days}) == 1
    assert acme.get(f"{PATH}/{LOGINS}").json["id"] == days[0]["id"]
    assert acme.get(f"{PATH}/{UUID(int=7)}").status_code == 404
