"""The problems in the documents are answers of the running app. WRITE_EXAMPLES=1 writes them anew."""

from typing import Any
from uuid import UUID

import msgspec
import pytest

from api.examples import FOLDER
from tests.api.given import ADA, SPEND
from tests.kept import assert_example

RECORDS = "/schema/challenge_progress/record"
LOG = "/schema/challenge_log/record"
ENTRY = {
    "challengeId": str(SPEND),
    "ownedById": ADA,
    "activityAt": "2026-04-03T10:15:00Z",
    "uniqueIdentifier": "order-1001",
    "activityValue": 20,
}

SUMMARIES = {
    400: "Two parameters are wrong.",
    401: "There is no credential.",
    403: "The key is not for this.",
    404: "There is no such record.",
    409: "The same uniqueIdentifier came with other content.",
    413: "The body is too large.",
    415: "The body is of another media type.",
    429: "The limit of the key is used up.",
    500: "Something went wrong here.",
    503: "The read tables are not that far yet.",
}


@pytest.fixture
def answers(admin, acme, guest, given, client_of, make_key, settings) -> dict[int, Any]:
    """Everything that can go wrong, once."""
    given.define(SPEND)
    limited = client_of(make_key("progress:read", per_minute=1).key)
    limited.get(RECORDS)
    admin.post(LOG, json=ENTRY)
    found = {
        400: acme.get(f"{RECORDS}?limit=0&shoeSize=44"),
        401: guest.get(RECORDS),
        403: acme.post(LOG, json=ENTRY),
        404: acme.get(f"{RECORDS}/{UUID(int=7)}"),
        409: admin.post(LOG, json={**ENTRY, "activityValue": 21}),
        413: admin.post(LOG, data=b" " * (settings.max_body_bytes + 1), content_type="application/json"),
        415: admin.post(LOG, data="challengeId=7", content_type="application/x-www-form-urlencoded"),
        429: limited.get(RECORDS),
        503: acme.get(RECORDS, headers={"If-Position": "0:1000000"}),
    }
    assert {status: response.status_code for status, response in found.items()} == {status: status for status in found}
    return found


@pytest.fixture
def broken(admin, reader):
    """What the app answers when something is wrong with the app."""
    reader.write("ALTER TABLE challenge_progress RENAME TO elsewhere", {})
    return admin.get(RECORDS, headers={"Request-Id": "3f2a9c41d07be658"})


@pytest.mark.parametrize("status", [status for status in SUMMARIES if status != 500])
def test_an_example_of_a_problem_is_what_the_app_answers(answers, status):
    compare(answers[status], status)


def test_the_example_of_an_error_of_ours_is_what_the_app_answers(broken):
    compare(broken, 500)


def compare(response, status: int) -> None:
    assert response.content_type == "application/problem+json"
    assert_example(FOLDER, f"problem_{status}", SUMMARIES[status], msgspec.json.decode(response.data))
