"""API, Reading: ETag, Consistent-Through, If-Position, Request-Id."""

from datetime import UTC, datetime, timedelta
from threading import Timer

import pytest

from projections.consistency import WATERMARK_GRACE
from tests.api.given import ADA, BOB, EVE, SPEND

RECORDS = "/schema/challenge_progress/record"
MAY_1 = datetime(2026, 5, 1, tzinfo=UTC)


@pytest.fixture
def path(given, catch_up) -> str:
    """The path of Ada's record."""
    logged = given.define(SPEND).entry(SPEND, ADA, "187.50")
    catch_up()
    return f"{RECORDS}/{logged.run.id}"


@pytest.fixture(params=["one record", "a list"])
def read(request: pytest.FixtureRequest, acme, path):
    """Ask for Ada's record, alone or in a list."""
    where = path if request.param == "one record" else RECORDS
    return lambda **headers: acme.get(where, headers={name.replace("_", "-"): value for name, value in headers.items()})


def test_the_etag_is_weak_and_answers_304(read):
    tag = read().headers["ETag"]

    answer = read(If_None_Match=tag)

    assert tag.startswith('W/"')
    assert (answer.status_code, answer.data) == (304, b"")
    assert answer.headers["ETag"] == tag
    assert "Consistent-Through" in answer.headers
    assert "Request-Id" in answer.headers


@pytest.mark.parametrize("known", ['"other", {tag}', "{strong}", "*"])
def test_if_none_match_takes_lists_strong_tags_and_the_star(read, known):
    tag = read().headers["ETag"]

    assert read(If_None_Match=known.format(tag=tag, strong=tag.removeprefix("W/"))).status_code == 304


@pytest.mark.parametrize("known", ['W/"other"', "", "nonsense", '"', ","])
def test_another_tag_gets_the_answer(read, known):
    assert read(If_None_Match=known).status_code == 200


def test_the_etag_stays_while_only_seconds_tick(read, clock):
    before = read()
    clock.advance(days=20)
    after = read()

    assert before.json != after.json
    assert before.headers["ETag"] == after.headers["ETag"]


def test_the_etag_changes_at_the_boundary(read, clock):
    clock.moment = MAY_1 - timedelta(microseconds=1)
    before = read()
    clock.moment = MAY_1
    after = read(If_None_Match=before.headers["ETag"])

    assert after.status_code == 200
    assert "failed" in after.text


def test_the_etag_changes_with_an_entry_even_at_the_same_moment(read, given, catch_up):
    before = read()
    given.entry(SPEND, ADA, "1")
    catch_up()

    assert read(If_None_Match=before.headers["ETag"]).status_code == 200


def test_the_etag_changes_with_the_name_of_the_owner(read, given, catch_up, clock):
    before = read()
    clock.advance(seconds=1)
    given.user(ADA, first_name="Augusta")
    catch_up()

    assert read(If_None_Match=before.headers["ETag"]).status_code == 200


def test_the_etag_of_a_list_is_also_of_what_stands_beside_the_records(acme, given, path, catch_up):
    given.entry(SPEND, BOB)
    catch_up()

    tags = {
        acme.get(f"{RECORDS}?{query}").headers["ETag"]
        for query in ("limit=1", "limit=1&fetchTotalCount=true", "limit=1&offset=1", "limit=1&sortBy=createdAt", "")
    }

    assert len(tags) == 5


def test_the_etag_differs_for_those_who_see_other_rows(acme, globex, path):
    assert acme.get(RECORDS).headers["ETag"] != globex.get(RECORDS).headers["ETag"]


def through(response) -> datetime:
    text = response.headers["Consistent-Through"]
    assert len(text) == len("2026-04-03T10:15:00.000000Z")
    return datetime.fromisoformat(text)


def test_an_answer_of_level_tables_holds_everything_up_to_now_less_the_grace(read):
    before = datetime.now(UTC)

    assert before - WATERMARK_GRACE - timedelta(seconds=5) < through(read()) <= datetime.now(UTC) - WATERMARK_GRACE


def test_an_answer_of_tables_that_lag_holds_what_they_have_read(read, given, clock):
    clock.advance(hours=1)
    given.entry(SPEND, ADA, "1")

    assert through(read()) < clock.moment


def test_an_empty_answer_also_says_what_it_holds(acme, end_user, given, catch_up):
    given.define(SPEND)
    catch_up()

    for response in (acme.get(RECORDS), end_user(EVE).get(f"{RECORDS}?ownedById={ADA}")):
        assert response.json["data"] == []
        assert datetime.now(UTC) - through(response) < timedelta(minutes=1)


def test_if_position_waits_until_the_tables_hold_it(acme, path, given, catch_up):
    position = given.entry(SPEND, ADA, "1").position

    late = Timer(0.3, catch_up)
    late.start()
    record = acme.get(path, headers={"If-Position": f"{position}"}).json
    late.join()

    assert record["currentProgressValue"] == 188.5


def test_if_position_gives_up_with_a_problem(acme, path, given):
    position = given.entry(SPEND, ADA, "1").position

    response = acme.get(path, headers={"If-Position": str(position)})

    assert response.status_code == 503
    assert response.headers["Retry-After"] == "1"
    assert (response.content_type, response.json["code"]) == ("application/problem+json", "not_yet_held")
    assert str(position) in response.json["detail"]


def test_if_position_takes_several(acme, path, given, catch_up):
    first, second = given.entry(SPEND, ADA, "1").position, given.entry(SPEND, BOB, "1").position
    catch_up()

    assert acme.get(path, headers={"If-Position": f"{first},{second}, {first}"}).status_code == 200


@pytest.mark.parametrize(
    "text", ["", "1", "1:", ":1", "a:b", "1:2:3", "-1:2", "1:-2", "4:1", "0:99999999999999999999", "0:1,"]
)
def test_what_is_no_position_is_refused(acme, path, text):
    response = acme.get(path, headers={"If-Position": text})

    assert response.status_code == 400
    assert list(response.json["errors"]) == ["If-Position"]


def test_a_guest_may_not_make_us_wait(guest, path):
    assert guest.get(path, headers={"If-Position": "0:999999"}).status_code == 401


def test_a_request_keeps_the_name_that_it_came_with(guest):
    assert guest.get("/healthz", headers={"Request-Id": "my-request.7_A"}).headers["Request-Id"] == "my-request.7_A"


@pytest.mark.parametrize("name", ["", "two words", "x" * 129, "é", "a\tb", "<script>"])
def test_a_name_that_could_harm_a_log_is_replaced(guest, name):
    given = guest.get("/healthz", headers={"Request-Id": name}).headers["Request-Id"]

    assert given != name
    assert given.isalnum()


def test_every_answer_has_a_name_of_its_own(guest):
    names = [guest.get(path).headers["Request-Id"] for path in ("/healthz", "/nothing", RECORDS, "/docs") for _ in "ab"]

    assert len(set(names)) == len(names)
