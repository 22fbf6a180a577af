"""API, Reading: training dialect. Pages, ETags and consistency leave the shape of the array alone."""

from datetime import timedelta

import pytest

from tests.api.conftest import Clock
from tests.api.training.conftest import ADA
from tests.given_training import Training

ARRAYS = ("practice-progress", "learn-progress", "assignments")
every_array = pytest.mark.parametrize("what", ARRAYS)


@pytest.fixture(autouse=True)
def planted(training: Training, clock: Clock) -> None:
    """Three rows of each kind."""
    training.practise(ADA, "xss", 1, 0).practise(ADA, "sql-injection", 3)
    training.scenario("csrf")
    for scenario in ("jwt", "auth-bypass-walkthrough", "csrf"):
        training.learn(ADA, scenario)
    training.assign("topic", "xss")
    training.assign("scenario", "jwt", ADA)
    training.assign("topic", "sql-injection", training.team(ADA))


def pages(ask, what: str, limit: int) -> list[list[dict]]:
    """Every page, by following Link."""
    found, path = [], f"?limit={limit}"
    while path:
        response = ask(what, query_string=path.partition("?")[2])
        assert response.status_code == 200, response.text
        found.append(response.json)
        link = response.headers.get("Link")
        assert link is None or link.endswith('>; rel="next"')
        path = link and link[1:].partition(">")[0]
    return found


@every_array
@pytest.mark.parametrize("limit", [1, 2, 3, 4])
def test_pages_are_the_whole_array_in_pieces(ask, read, what, limit):
    whole = read(what)

    found = pages(ask, what, limit)

    assert len(whole) == 3
    assert [row for page in found for row in page] == whole
    assert [len(page) for page in found[:-1]] == [limit] * (len(found) - 1)
    assert found[-1]


@every_array
def test_without_a_limit_all_rows_are_there_and_no_link(ask, what):
    assert "Link" not in ask(what).headers


@every_array
def test_a_cursor_goes_on_behind_its_row_whatever_changed_before_it(training, ask, read, what):
    first = ask(what, query_string="limit=1")
    training.practise(ADA, "sql-injection", 0, 3)
    training.learn(ADA, "auth-bypass-walkthrough", 5)

    cursor = first.headers["Link"].partition("cursor=")[2].partition(">")[0]
    rest = ask(what, query_string=f"cursor={cursor}").json

    assert rest == [row for row in read(what) if row in rest]
    assert len(rest) == 2


def test_a_cursor_belongs_to_its_own_array(ask):
    link = ask("practice-progress", query_string="limit=1").headers["Link"]
    cursor = link.partition("cursor=")[2].partition(">")[0]

    for what in ("learn-progress", "assignments"):
        assert ask(what, query_string=f"cursor={cursor}").status_code == 400


def test_only_what_changed_since_is_there_when_that_is_asked_for(training, clock, read):
    since = clock.advance(minutes=1)
    training.practise(ADA, "xss", 0)
    training.learn(ADA, "jwt")
    query = {"updatedSince": since.isoformat()}

    assert [(row["topicId"], row["challengeIndex"]) for row in read("practice-progress", query_string=query)] == [
        ("xss", 0)
    ]
    assert [row["scenarioId"] for row in read("learn-progress", query_string=query)] == ["jwt"]
    assert [row["targetId"] for row in read("assignments", query_string=query)] == ["xss"]


def test_an_assignment_changes_with_its_target_its_edits_and_its_deadline(training, clock, read):
    deadline = clock.moment + timedelta(hours=2)
    edited = training.assign("scenario", "csrf", deadline=deadline)
    times = [clock.advance(minutes=1)]
    training.topic("new", 1).change("new", parent_id="injection")
    training.change("sql-injection", title="SQL")
    times.append(clock.advance(minutes=1))
    training.reassign(edited, note="soon")
    times.append(clock.advance(minutes=1))

    def since(moment):
        return {row["targetId"] for row in read("assignments", query_string={"updatedSince": moment.isoformat()})}

    assert [since(one) for one in times] == [{"sql-injection", "csrf"}, {"csrf"}, set()]
    clock.moment = deadline
    assert since(times[-1]) == {"csrf"}


@every_array
def test_an_answer_that_is_there_already_is_not_sent_again(training, clock, ask, what):
    first = ask(what)
    clock.advance(minutes=50)
    again = ask(what, headers={"If-None-Match": first.headers["ETag"]})
    training.practise(ADA, "xss", 0, score=10)
    training.learn(ADA, "jwt", 3)
    training.reassign(training.assign("topic", "xss"), note="another")
    changed = ask(what, headers={"If-None-Match": first.headers["ETag"]})

    assert first.headers["ETag"].startswith('W/"')
    assert (again.status_code, again.data) == (304, b"")
    assert again.headers["ETag"] == first.headers["ETag"]
    assert again.headers["X-RateLimit-Remaining"]
    assert changed.status_code == 200


@every_array
def test_an_answer_says_how_far_it_goes_and_waits_for_a_position(ask, acme, what, clock):
    held = ask(what)
    too_far = ask(what, headers={"If-Position": "0:1000000"})

    assert held.headers["Consistent-Through"].endswith("Z")
    assert ask(what, headers={"If-Position": "0:1"}).status_code == 200
    assert (too_far.status_code, too_far.json["error"]) == (503, "unavailable")
    assert too_far.headers["Retry-After"] == "1"


@every_array
def test_an_answer_has_the_headers_of_every_answer(ask, what):
    response = ask(what, headers={"Request-Id": "seven"})

    assert response.headers["Request-Id"] == "seven"
    assert response.content_type == "application/json"
    assert {"X-RateLimit-Limit", "X-RateLimit-Remaining", "X-RateLimit-Reset"} <= set(response.headers.keys())
