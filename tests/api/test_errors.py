"""API: errors are problems (RFC 9457) that say what and where."""

from uuid import uuid4

import pytest
from flask import Flask

from api.state import state_of
from tests.api.given import ADA, UNKNOWN

RECORDS = "/schema/challenge_progress/record"
PROBLEM = {"type", "title", "status", "code", "detail"}


def assert_problem(response, status: int, code: str) -> dict:
    assert response.status_code == status, response.text
    assert response.content_type == "application/problem+json"
    assert response.headers["Request-Id"]
    assert response.json.keys() >= PROBLEM
    assert (response.json["status"], response.json["code"]) == (status, code)
    return response.json


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("limit=0", "limit"),
        ("limit=1001", "limit"),
        ("limit=-1", "limit"),
        ("limit=ten", "limit"),
        ("limit=1.0", "limit"),
        ("limit=1_0", "limit"),
        ("limit=", "limit"),
        ("limit=%D9%A1", "limit"),
        ("limit=99999999999999999999999", "limit"),
        ("limit=1&limit=1", "limit"),
        ("offset=-1", "offset"),
        ("offset=2147483648", "offset"),
        ("sortBy=name", "sortBy"),
        ("sortBy=--createdAt", "sortBy"),
        ("sortBy=createdAt;DROP", "sortBy"),
        ("fields=id,shoeSize", "fields"),
        ("fields=", "fields"),
        ("fields=id,", "fields"),
        ("challengeId=7", "challengeId"),
        ("challengeId=%00", "challengeId"),
        ("challengeId=0ada000000004000800000000000000a", "challengeId"),
        ("ownedById=ada", "ownedById"),
        ("challengeProgressStatus=broken", "challengeProgressStatus"),
        ("challengeProgressStatus=COMPLETED", "challengeProgressStatus"),
        ("updatedSince=yesterday", "updatedSince"),
        ("updatedSince=2026-04-03", "updatedSince"),
        ("updatedSince=2026-04-03T10:15:00", "updatedSince"),
        ("updatedSince=2026-02-30T10:15:00Z", "updatedSince"),
        ("updatedSince=1775211300", "updatedSince"),
        ("endsBefore=%00", "endsBefore"),
        ("fetchTotalCount=1", "fetchTotalCount"),
        ("fetchTotalCount=TRUE", "fetchTotalCount"),
        ("shoeSize=44", "shoeSize"),
        ("%zz=1", "%zz"),
        ("a%00b=1", "a\x00b"),
    ],
)
def test_wrong_input_is_400_and_names_the_parameter(acme, query, field):
    body = assert_problem(acme.get(f"{RECORDS}?{query}"), 400, "invalid_input")

    assert list(body["errors"]) == [field]
    assert all(isinstance(message, str) for message in body["errors"][field])
    assert body["detail"].startswith(f"{field}: ")


def test_everything_that_is_wrong_is_said_at_once(acme):
    body = assert_problem(acme.get(f"{RECORDS}?limit=0&sortBy=x&shoeSize=44&ownedById=1"), 400, "invalid_input")

    assert set(body["errors"]) == {"limit", "sortBy", "shoeSize", "ownedById"}


@pytest.mark.parametrize("text", ["7", "no-id", str(UNKNOWN)[:-1], UNKNOWN.hex, "%00", "%FF", "{x}"])
def test_a_malformed_id_is_400(acme, text):
    body = assert_problem(acme.get(f"{RECORDS}/{text}"), 400, "invalid_input")

    assert list(body["errors"]) == ["id"]


def test_a_record_that_is_not_there_is_404(acme):
    identifier = uuid4()

    assert str(identifier) in assert_problem(acme.get(f"{RECORDS}/{identifier}"), 404, "not_found")["detail"]


def test_an_id_in_capitals_is_the_same_id(acme):
    assert_problem(acme.get(f"{RECORDS}/{str(uuid4()).upper()}"), 404, "not_found")


@pytest.mark.parametrize(
    "path",
    ["/", "/nothing", "/schema", "/schema/nothing/record", f"{RECORDS}/", f"{RECORDS}/a/b", f"/{RECORDS}", "/%00"],
)
def test_a_path_that_is_not_there_is_404_for_everybody(guest, acme, path):
    for client in (guest, acme):
        assert_problem(client.get(path), 404, "not_found")


def test_a_method_that_is_not_there_names_those_that_are(guest):
    response = guest.post("/healthz")

    assert_problem(response, 405, "method_not_allowed")
    assert {one.strip() for one in response.headers["Allow"].split(",")} == {"GET", "HEAD", "OPTIONS"}


def test_a_database_that_does_not_answer_is_503_and_says_nothing_of_itself(app: Flask, acme, database_url):
    state_of(app).reader.close()

    response = acme.get(RECORDS, headers={"X-API-Key": "mp_live_" + "x" * 43})

    assert_problem(response, 503, "busy")
    assert response.headers["Retry-After"] == "1"
    assert database_url not in response.text


def test_what_nobody_foresaw_is_500_under_the_name_of_the_request(app: Flask, acme, reader, capfd):
    reader.write("ALTER TABLE challenge_progress RENAME TO elsewhere", {})

    response = acme.get(RECORDS, headers={"Request-Id": "seven"})

    body = assert_problem(response, 500, "internal_error")
    assert "seven" in body["detail"]
    assert "elsewhere" not in response.text
    written = capfd.readouterr().err
    assert '"request_id":"seven"' in written
    assert "UndefinedTable" in written


def test_a_space_where_a_plus_was_not_escaped_is_understood(acme):
    assert acme.get(f"{RECORDS}?updatedSince=2026-04-03T12:15:00+02:00&ownedById={ADA}").status_code == 200


@pytest.mark.parametrize("moment", ["0001-01-01T00:00:00%2B23:59", "9999-12-31T23:59:59-23:59"])
def test_a_moment_at_the_edge_of_time_is_a_moment(acme, moment):
    assert acme.get(f"{RECORDS}?updatedSince={moment}&endsBefore={moment}").status_code == 200
