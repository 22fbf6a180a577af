"""API, Reading: streaks dialect. Where a user stands."""

from datetime import timedelta
from decimal import Decimal
from uuid import UUID

import pytest

from tests.api.conftest import ACME, GLOBEX
from tests.api.streaks.conftest import error
from tests.api.streaks.given_streaks import ADA, BOB, LOGINS, MODES, SPEND

OF_ADA = f"/v1/streaks/{ACME}/users/{ADA}"
FORMS = (f"{OF_ADA}/{{}}", f"{OF_ADA}/definitions/{{}}")
both_forms = pytest.mark.parametrize("form", FORMS)


@both_forms
def test_both_paths_lead_to_the_same_streak(acme, planted, catch_up, form):
    planted.entry(LOGINS, ADA)
    catch_up()

    response = acme.get(form.format(LOGINS))

    assert response.status_code == 200
    assert (response.json["definition_id"], response.json["user_id"]) == (str(LOGINS), ADA)
    assert response.json == acme.get(OF_ADA).json["streaks"][0]


def test_a_list_holds_the_streaks_of_one_user_in_one_tenant(acme, globex, planted, catch_up):
    planted.entry(LOGINS, ADA)
    planted.define(SPEND).entry(SPEND, ADA, "12.50")
    catch_up()

    streaks = acme.get(OF_ADA).json["streaks"]
    elsewhere = globex.get(f"/v1/streaks/{GLOBEX}/users/{ADA}").json["streaks"]

    assert [one["definition_name"] for one in streaks] == ["Daily logins", "Spend every day"]
    assert {(one["tenant_id"], one["user_id"]) for one in streaks} == {(ACME, ADA)}
    assert [one["current_window_progress"]["count"] for one in streaks] == [1, 1]
    assert [(one["definition_name"], one["current_window_progress"]["count"]) for one in elsewhere] == [
        ("Of somebody else", 3)
    ]


def test_somebody_unknown_has_no_streaks(acme, planted, catch_up):
    catch_up()

    response = acme.get(f"/v1/streaks/{ACME}/users/nobody")

    assert (response.status_code, response.json) == (200, {"streaks": []})
    assert response.headers["ETag"]
    assert response.headers["Consistent-Through"]


@both_forms
@pytest.mark.parametrize("definition", [LOGINS, UUID(int=7)])
def test_a_streak_in_which_the_user_has_no_record_is_not_found(acme, planted, catch_up, form, definition):
    catch_up()

    response = acme.get(form.format(definition))

    message = error(response, 404, "NOT_FOUND")
    assert message == f"Streak not found for user '{ADA}' and definition '{definition}'"


@both_forms
@pytest.mark.parametrize("malformed", ["7", "logins", f"{LOGINS}0", LOGINS.hex, "definitions"])
def test_a_malformed_id_is_refused_by_its_name(acme, form, malformed):
    response = acme.get(form.format(malformed))

    assert error(response, 400, "INVALID_INPUT") == "definition_id: must be a UUID"


@pytest.mark.parametrize("rest", ["definitions", f"users/{ADA}", f"users/{ADA}/{LOGINS}"])
def test_a_query_parameter_that_is_not_known_is_refused_by_its_name(acme, rest):
    response = acme.get(f"/v1/streaks/{ACME}/{rest}?limit=3&shoe=44")

    message = error(response, 400, "INVALID_INPUT")
    assert "limit: is not a parameter" in message
    assert "shoe: is not a parameter" in message


@pytest.mark.parametrize("user", ["x" * 201, "a%00b"])
def test_a_user_that_nobody_can_be_is_refused(acme, user):
    response = acme.get(f"/v1/streaks/{ACME}/users/{user}")

    assert error(response, 400, "INVALID_INPUT").startswith("user_id: must ")


@pytest.mark.parametrize("user", ["Zoë", "a b", "50% off", "a+b@example.com", "x" * 200, "definitions"])
def test_a_user_is_called_whatever_the_tenant_likes(acme, planted, catch_up, user):
    planted.entry(LOGINS, user)
    catch_up()

    response = acme.get(f"/v1/streaks/{ACME}/users/{user.replace('%', '%25')}/definitions/{LOGINS}")

    assert response.json["user_id"] == user


def test_a_record_keeps_its_id_through_all_runs(given, clock, one):
    given.define(LOGINS)
    given.entry(LOGINS, ADA)
    first = one()
    clock.advance(days=5)
    given.entry(LOGINS, ADA)

    assert one()["id"] == first["id"]


def test_a_broken_streak_counts_nothing_whether_or_not_that_is_written(given, clock, one):
    given.define(LOGINS)
    for _ in range(3):
        given.entry(LOGINS, ADA)
        clock.advance(days=1)
    assert (one()["current_count"], one()["current_window_satisfied"]) == (3, False)

    clock.advance(days=1)

    assert one()["current_count"] == 0
    assert one()["current_window_progress"] == {"count": 0, "distinct": [], "sum": 0}
    assert one()["current_window_key"] == clock().date().isoformat()
    given.entry(LOGINS, ADA)
    assert (one()["current_count"], one()["current_window_satisfied"]) == (1, True)


def test_a_completed_run_is_shown_until_its_last_window_is_over(given, clock, one):
    given.define(LOGINS, completion_target_value=2)
    given.entry(LOGINS, ADA)
    clock.advance(days=1)
    given.entry(LOGINS, ADA)
    assert (one()["current_count"], one()["current_window_satisfied"]) == (2, True)

    clock.moment = clock().replace(hour=0, minute=0) + timedelta(days=1)

    assert (one()["current_count"], one()["current_window_satisfied"]) == (0, False)
    given.entry(LOGINS, ADA)
    assert one()["current_count"] == 1


def test_a_sum_is_exact_and_the_other_tallies_are_empty(given, one):
    given.define(SPEND)
    given.entry(SPEND, ADA, "0.1", mode="arcade")
    given.entry(SPEND, ADA, "350.4")

    found = one(SPEND)

    assert found["current_window_progress"] == {"count": 2, "distinct": [], "sum": 350.5}
    assert (found["condition"], found["current_window_satisfied"]) == ({"type": "sum", "min": 500}, False)
    given.entry(SPEND, ADA, "149.5")
    assert one(SPEND)["current_window_satisfied"] is True


def test_different_values_are_listed_as_they_came(given, one):
    given.define(MODES)
    for mode in ("arcade", "ranked", "arcade"):
        given.entry(MODES, ADA, "5", mode=mode)

    found = one(MODES)

    assert found["current_window_progress"] == {"count": 3, "distinct": ["arcade", "ranked"], "sum": 0}
    assert found["condition"] == {"type": "distinct", "min": 3, "distinct_by": "mode"}
    assert found["current_window_satisfied"] is False
    given.entry(MODES, ADA, "5", mode="casual")
    assert one(MODES)["current_window_satisfied"] is True


def test_every_milestone_that_was_earned_stays_and_the_next_one_is_what_is_left(given, clock, one):
    given.define(LOGINS, [1, 2])
    given.milestone(LOGINS, 3, repeatable=True, reward_item_id="badge")
    given.entry(LOGINS, ADA)
    assert (one()["earned_milestones"], one()["next_milestone"]) == ([1], 2)
    for _ in range(2):
        clock.advance(days=1)
        given.entry(LOGINS, ADA)

    assert (one()["earned_milestones"], one()["next_milestone"]) == ([1, 2, 3], None)
    assert one()["milestones"] == [
        {"threshold": 1, "reward_item_id": None, "repeatable": False},
        {"threshold": 2, "reward_item_id": None, "repeatable": False},
        {"threshold": 3, "reward_item_id": "badge", "repeatable": True},
    ]
    clock.advance(days=2)
    assert (one()["current_count"], one()["earned_milestones"], one()["next_milestone"]) == (0, [1, 2, 3], 3)


def test_a_run_keeps_the_rules_that_it_began_with(given, clock, one):
    given.define(LOGINS)
    given.entry(LOGINS, ADA)
    given.redefine(LOGINS, aggregation_target_value=4, aggregation_period="weekly")

    assert one()["condition"] == {"type": "count", "min": 1}
    assert one()["window"] == {"type": "calendar", "period": "daily", "timezone": "UTC", "reset_time": "00:00"}
    clock.advance(days=2)
    assert one()["condition"] == {"type": "count", "min": 4}
    assert one()["window"]["period"] == "weekly"


def test_a_streak_that_is_not_live_any_more_is_still_shown_to_who_has_a_record(given, acme, one):
    given.define(LOGINS)
    given.entry(LOGINS, ADA)
    given.redefine(LOGINS, status="archived")

    assert one()["current_count"] == 1
    assert acme.get(f"/v1/streaks/{ACME}/definitions").json == {"definitions": []}


def test_an_end_user_reads_their_own_streaks_alone(planted, end_user, catch_up):
    planted.entry(LOGINS, ADA)
    catch_up()
    ada = end_user(ADA)

    assert [one["user_id"] for one in ada.get(OF_ADA).json["streaks"]] == [ADA]
    assert ada.get(f"{OF_ADA}/{LOGINS}").json["user_id"] == ADA
    assert ada.get(f"/v1/streaks/{ACME}/users/{BOB}").json == {"streaks": []}
    for form in FORMS:
        of_bob = ada.get(form.format(LOGINS).replace(f"/{ADA}/", f"/{BOB}/"))
        assert error(of_bob, 404, "NOT_FOUND").startswith("Streak not found")
    assert ada.get(f"/v1/streaks/{ACME}/definitions").status_code == 200


@pytest.mark.parametrize("rest", ["definitions", f"users/{ADA}", f"users/{ADA}/{LOGINS}"])
def test_another_tenant_is_forbidden(acme, end_user, planted, catch_up, rest):
    catch_up()

    for client in (acme, end_user(ADA)):
        response = client.get(f"/v1/streaks/{GLOBEX}/{rest}")
        assert error(response, 403, "FORBIDDEN") == f"the credential is not one of tenant '{GLOBEX}'"


@pytest.mark.parametrize("path", [OF_ADA, f"{OF_ADA}/{LOGINS}"])
def test_an_etag_changes_with_events_and_boundaries_and_not_with_seconds(acme, planted, clock, catch_up, path):
    planted.entry(LOGINS, ADA)
    catch_up()
    etag = acme.get(path).headers["ETag"]
    assert etag.startswith('W/"')

    clock.advance(seconds=59)
    same = acme.get(path, headers={"If-None-Match": etag})
    assert (same.status_code, same.data) == (304, b"")
    assert same.headers["Consistent-Through"]

    planted.entry(LOGINS, ADA)
    catch_up()
    after_event = acme.get(path, headers={"If-None-Match": etag})
    assert after_event.status_code == 200
    clock.moment = clock().replace(hour=23, minute=59, second=59)
    etag = after_event.headers["ETag"]
    assert acme.get(path, headers={"If-None-Match": etag}).status_code == 304
    clock.advance(seconds=1)
    assert acme.get(path, headers={"If-None-Match": etag}).status_code == 200


def test_what_was_written_is_read_by_whoever_names_its_position(acme, planted, catch_up):
    position = str(planted.entry(LOGINS, ADA).position)

    early = acme.get(OF_ADA, headers={"If-Position": position})
    catch_up()
    level = acme.get(OF_ADA, headers={"If-Position": position})

    assert error(early, 503, "UNAVAILABLE")
    assert early.headers["Retry-After"] == "1"
    assert len(level.json["streaks"]) == 1


def test_a_late_event_inside_the_grace_turns_a_broken_streak_round(given, clock, one):
    clock.moment = clock().replace(hour=12, minute=0)
    given.define(LOGINS)
    given.entry(LOGINS, ADA)
    clock.advance(days=1, hours=12, minutes=2)
    assert one()["current_count"] == 0

    given.entry(LOGINS, ADA, at=clock() - timedelta(minutes=3))

    assert (one()["current_count"], one()["current_window_satisfied"]) == (2, False)
    assert one()["current_window_key"] == "2026-04-05"
    clock.advance(hours=24)
    assert one()["current_count"] == 0


def test_a_pause_breaks_nothing(given, clock, one):
    given.define(LOGINS)
    given.entry(LOGINS, ADA)
    given.redefine(LOGINS, status="paused")
    clock.advance(days=5)
    assert (one()["current_count"], one()["current_window_key"]) == (1, "2026-04-08")

    given.redefine(LOGINS, status="live")
    given.entry(LOGINS, ADA)

    assert (one()["current_count"], one()["current_window_satisfied"]) == (2, True)


def test_a_milestone_that_a_later_one_came_before_is_still_to_be_earned(given, clock, one):
    given.define(LOGINS, [2])
    for _ in range(2):
        given.entry(LOGINS, ADA)
        clock.advance(days=1)
    given.milestone(LOGINS, 1)

    assert (one()["earned_milestones"], one()["next_milestone"]) == ([2], 1)


def test_a_threshold_and_a_target_are_exact_numbers(given, acme, catch_up):
    given.define(SPEND, aggregation_target_value=Decimal("0.1"))
    given.milestone(SPEND, "2.000001")
    given.entry(SPEND, ADA, "123456789012.123456")
    catch_up()

    text = acme.get(f"{OF_ADA}/{SPEND}").text

    assert '"sum":123456789012.123456' in text
    assert '"min":0.1}' in text
    assert '"next_milestone":2.000001' in text
