"""API, Reading: challenge progress records in the schema dialect."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from uuid import uuid4

import msgspec
import pytest

from api.schema.challenge_progress_record import record_after
from api.wire import encode
from projections import records
from tests.api.conftest import NOW
from tests.api.given import ADA, BOB, EVE, SPEND, STEPS, UNKNOWN, VISITS

RECORDS = "/schema/challenge_progress/record"
MAY_1 = datetime(2026, 5, 1, tzinfo=UTC)


@pytest.fixture
def spent(given, catch_up):
    """Ada has spent 187.50 of 500, Bob 20: the records' ids."""
    given.define(SPEND).user(ADA, first_name="Ada", last_name="Lovelace")
    ada, bob = given.entry(SPEND, ADA, "187.50"), given.entry(SPEND, BOB, "20")
    catch_up()
    return {ADA: str(ada.run.id), BOB: str(bob.run.id)}


def owners(response) -> list[str]:
    return [record["ownedById"] for record in response.json["data"]]


def test_a_record_has_every_field_of_the_source_and_what_follows_from_them(acme, spent):
    response = acme.get(f"{RECORDS}/{spent[ADA]}")

    assert response.status_code == 200
    assert response.json == {
        "id": spent[ADA],
        "challengeId": str(SPEND),
        "uniqueIdentifier": f"{SPEND}:{ADA}",
        "currentProgressValue": 187.5,
        "challengeProgressStatus": "in_progress",
        "challengeStartedAt": "2026-04-03T10:15:00.000Z",
        "challengeCompletedAt": None,
        "challengeFailedAt": None,
        "completionTargetValue": 500,
        "remainingValue": 312.5,
        "progressPercent": 37.5,
        "ownedById": ADA,
        "ownedBy": {"id": ADA, "externalId": "user-1", "firstName": "Ada", "lastName": "Lovelace"},
        "taskProgress": {
            "periodKey": "2026-04",
            "periodStartAt": "2026-04-01T00:00:00.000Z",
            "periodEndAt": "2026-05-01T00:00:00.000Z",
            "currentProgressValue": 187.5,
            "targetValue": 500,
            "remainingValue": 312.5,
            "progressPercent": 37.5,
            "count": 1,
            "isCompleted": False,
            "secondsUntilPeriodEnd": int((MAY_1 - NOW).total_seconds()),
        },
        "createdAt": "2026-04-03T10:15:00.000Z",
        "updatedAt": "2026-04-03T10:15:00.000Z",
    }


def test_numbers_are_written_exactly_and_in_their_shortest_form(acme, given, catch_up):
    given.define(SPEND, completion_target_value=Decimal("500.00")).entry(SPEND, ADA, "187.50")
    given.entry(SPEND, ADA, "0.000001")
    catch_up()

    text = acme.get(RECORDS).text

    assert '"currentProgressValue":187.500001,' in text
    assert '"remainingValue":312.499999,' in text
    assert '"completionTargetValue":500,' in text
    assert '"progressPercent":37.5,' in text


def test_a_list_is_data_and_paging(acme, spent):
    response = acme.get(RECORDS)

    assert response.json["paging"] == {"limit": 20, "offset": 0, "totalCount": None, "nextCursor": None}
    assert {record["id"] for record in response.json["data"]} == set(spent.values())
    assert "Link" not in response.headers


def test_a_list_holds_the_records_that_the_single_reads_answer(acme, spent):
    listed = {record["id"]: record for record in acme.get(RECORDS).json["data"]}

    assert listed == {id: acme.get(f"{RECORDS}/{id}").json for id in spent.values()}


def test_the_owner_of_a_record_is_there_without_being_known(acme, spent):
    record = acme.get(f"{RECORDS}/{spent[BOB]}").json

    assert record["ownedBy"] == {"id": BOB, "externalId": None, "firstName": None, "lastName": None}


def test_an_erased_owner_has_an_id_and_no_name(acme, spent, reader):
    reader.write("UPDATE account_user SET erased_at = %(now)s WHERE id = %(id)s", {"now": NOW, "id": ADA})

    assert acme.get(f"{RECORDS}/{spent[ADA]}").json["ownedBy"] == {"id": ADA, "erased": True}


def test_a_completed_record_says_when_and_is_capped(acme, given, catch_up):
    given.define(SPEND).entry(SPEND, ADA, "750")
    catch_up()

    record = acme.get(RECORDS).json["data"][0]

    assert (record["challengeProgressStatus"], record["challengeCompletedAt"]) == (
        "completed",
        "2026-04-03T10:15:00.000Z",
    )
    assert (record["currentProgressValue"], record["remainingValue"], record["progressPercent"]) == (750, 0, 100)
    assert (record["taskProgress"]["isCompleted"], record["taskProgress"]["secondsUntilPeriodEnd"]) == (True, 0)


def test_a_record_reads_failed_from_the_boundary_on_whether_or_not_that_is_written(acme, spent, clock):
    clock.moment = MAY_1 - timedelta(microseconds=1)
    before = acme.get(f"{RECORDS}/{spent[ADA]}").json
    clock.moment = MAY_1
    after = acme.get(f"{RECORDS}/{spent[ADA]}").json

    assert (before["challengeProgressStatus"], before["taskProgress"]["secondsUntilPeriodEnd"]) == ("in_progress", 0)
    assert (after["challengeProgressStatus"], after["challengeFailedAt"]) == ("failed", "2026-05-01T00:00:00.000Z")
    assert after["taskProgress"]["secondsUntilPeriodEnd"] == 0
    assert [one["id"] for one in acme.get(f"{RECORDS}?challengeProgressStatus=failed").json["data"]] == [
        record["id"] for record in acme.get(RECORDS).json["data"]
    ]
    assert acme.get(f"{RECORDS}?challengeProgressStatus=in_progress").json["data"] == []


def test_the_seconds_left_are_whole_and_rounded_down(acme, spent, clock):
    clock.moment = MAY_1 - timedelta(seconds=1, milliseconds=1)

    assert acme.get(f"{RECORDS}/{spent[ADA]}").json["taskProgress"]["secondsUntilPeriodEnd"] == 1


def test_another_tenant_sees_none_of_it(globex, spent):
    assert globex.get(f"{RECORDS}/{spent[ADA]}").status_code == 404
    assert [one["currentProgressValue"] for one in globex.get(RECORDS).json["data"]] == [1]


def test_an_end_user_sees_their_own_records_alone(end_user, spent):
    ada = end_user(ADA)

    assert owners(ada.get(RECORDS)) == [ADA]
    assert owners(ada.get(f"{RECORDS}?ownedById={ADA}")) == [ADA]
    assert ada.get(f"{RECORDS}?ownedById={BOB}&fetchTotalCount=true").json == {
        "data": [],
        "paging": {"limit": 20, "offset": 0, "totalCount": 0, "nextCursor": None},
    }
    assert ada.get(f"{RECORDS}?fetchTotalCount=true").json["paging"]["totalCount"] == 1
    assert ada.get(f"{RECORDS}/{spent[ADA]}").status_code == 200


def test_somebody_elses_record_is_not_found_in_the_words_of_one_that_never_was(end_user, spent):
    ada, unknown = end_user(ADA), uuid4()

    theirs, nobodys = ada.get(f"{RECORDS}/{spent[BOB]}"), ada.get(f"{RECORDS}/{unknown}")

    assert (theirs.status_code, nobodys.status_code) == (404, 404)
    assert theirs.text.replace(spent[BOB], "…") == nobodys.text.replace(str(unknown), "…")


@pytest.mark.parametrize(
    ("query", "found"),
    [
        (f"challengeId={SPEND}", {ADA, BOB}),
        (f"challengeId={STEPS}", {EVE}),
        (f"ownedById={BOB}", {BOB}),
        ("challengeProgressStatus=completed", {EVE}),
        ("challengeProgressStatus=failed", set()),
        ("updatedSince=2026-04-03T10:15:00Z", {ADA, BOB, EVE}),
        ("updatedSince=2026-04-03T10:15:01%2B00:00", {EVE}),
        ("updatedSince=2026-04-03T12:15:01+02:00", {EVE}),
        ("endsBefore=2026-04-07T00:00:00Z", {EVE}),
        ("endsBefore=2026-04-06T00:00:00Z", set()),
        (f"challengeId={SPEND}&ownedById={ADA}&challengeProgressStatus=in_progress", {ADA}),
    ],
)
def test_a_filter_leaves_what_it_says(acme, given, spent, catch_up, clock, query, found):
    clock.advance(minutes=1)
    given.define(STEPS).entry(STEPS, EVE, "100000")
    catch_up()

    assert set(owners(acme.get(f"{RECORDS}?{query}"))) == found


@pytest.mark.parametrize(
    ("sort", "order"),
    [
        ("createdAt", [BOB, ADA, EVE]),
        ("-createdAt", [EVE, ADA, BOB]),
        ("updatedAt", [ADA, EVE, BOB]),
        ("-updatedAt", [BOB, EVE, ADA]),
        ("currentProgressValue", [EVE, ADA, BOB]),
        ("-currentProgressValue", [BOB, ADA, EVE]),
    ],
)
def test_a_list_is_sorted_as_asked(acme, given, catch_up, clock, sort, order):
    given.define(SPEND)
    for owner, value in ((BOB, "10"), (ADA, "9"), (EVE, "8.5"), (BOB, "1")):
        clock.advance(seconds=1)
        given.entry(SPEND, owner, value)
    catch_up()

    assert owners(acme.get(f"{RECORDS}?sortBy={sort}")) == order


def test_the_default_is_the_latest_first(acme, given, catch_up, clock):
    given.define(SPEND).entry(SPEND, ADA)
    clock.advance(seconds=1)
    given.entry(SPEND, BOB)
    catch_up()

    assert owners(acme.get(RECORDS)) == [BOB, ADA]


def test_fields_cut_the_records_down_in_the_order_given(acme, spent):
    response = acme.get(f"{RECORDS}?fields=currentProgressValue,id&ownedById={ADA}&fetchTotalCount=true")

    assert response.json["data"] == [{"currentProgressValue": 187.5, "id": spent[ADA]}]
    assert list(response.json["data"][0]) == ["currentProgressValue", "id"]
    assert response.json["paging"]["totalCount"] == 1


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
@pytest.mark.parametrize("path", [RECORDS, f"{RECORDS}/{UNKNOWN}", f"{RECORDS}/no-id"])
def test_progress_can_only_be_read(acme, guest, method, path):
    for client in (acme, guest):
        response = client.open(path, method=method, json={})

        assert response.status_code == 405
        assert {one.strip() for one in response.headers["Allow"].split(",")} == {"GET", "HEAD", "OPTIONS"}
        assert response.content_type == "application/problem+json"
        assert response.json["code"] == "method_not_allowed"


def test_head_answers_as_get_without_the_body(acme, spent):
    for path in (RECORDS, f"{RECORDS}/{spent[ADA]}"):
        got, head = acme.get(path), acme.head(path)

        assert (head.status_code, head.data) == (200, b"")
        assert head.headers["ETag"] == got.headers["ETag"]
        assert head.headers["Content-Length"] == got.headers["Content-Length"]


def test_options_names_the_methods(guest):
    response = guest.options(RECORDS)

    assert response.status_code == 200
    assert {one.strip() for one in response.headers["Allow"].split(",")} == {"GET", "HEAD", "OPTIONS"}


def test_two_challenges_of_one_owner_are_two_records(acme, given, catch_up):
    given.define(SPEND, VISITS).entry(SPEND, ADA, "1")
    given.entry(VISITS, ADA, None)
    catch_up()

    found = {one["challengeId"]: one["taskProgress"]["count"] for one in acme.get(RECORDS).json["data"]}

    assert found == {str(SPEND): 1, str(VISITS): 1}


@pytest.mark.parametrize("value", ["187.50", "500", "750"])
@pytest.mark.parametrize("days", [0, 28, 40])
def test_the_record_after_a_write_is_the_one_that_a_read_shows(acme, given, catch_up, clock, reader, value, days):
    logged = given.define(SPEND).user(ADA, first_name="Ada").entry(SPEND, ADA, value)
    catch_up()
    now = clock.advance(days=days)
    user = records.one(reader, records.ACCOUNT_USER, "acme", ADA)

    written = record_after(logged, user, now)

    assert msgspec.json.decode(encode(written)) == acme.get(f"{RECORDS}/{logged.run.id}").json
