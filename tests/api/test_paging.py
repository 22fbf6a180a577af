"""API, Reading: pages by offset and by cursor."""

from urllib.parse import parse_qs, urlsplit
from uuid import UUID

import pytest

from api.paging import encoded
from tests.api.conftest import NOW
from tests.api.given import SPEND, UNKNOWN

RECORDS = "/schema/challenge_progress/record"
OWNERS = [str(UUID(int=number)) for number in range(1, 8)]


@pytest.fixture
def seven(given, catch_up, clock):
    """Seven owners; two of them came at the same moment, and each has spent more than the one before."""
    given.define(SPEND)
    for number, owner in enumerate(OWNERS):
        if number != 3:
            clock.advance(seconds=1)
        given.entry(SPEND, owner, str(number + 1))
    catch_up()


def pages(client, query: str) -> list[list[dict]]:
    """All pages, following nextCursor; the Link header says the same."""
    found, path = [], f"{RECORDS}?{query}"
    while path:
        response = client.get(path)
        assert response.status_code == 200, response.text
        found.append(response.json["data"])
        cursor, link = response.json["paging"]["nextCursor"], response.headers.get("Link")
        path = None
        if cursor is not None:
            path, _, relation = link.removeprefix("<").partition(">; ")
            assert relation == 'rel="next"'
            assert parse_qs(urlsplit(path).query)["cursor"] == [cursor]
        else:
            assert link is None
    return found


@pytest.mark.parametrize("sort", ["createdAt", "-createdAt", "updatedAt", "-updatedAt", "-currentProgressValue"])
@pytest.mark.parametrize("limit", [1, 2, 3, 7, 8])
def test_pages_by_cursor_hold_every_record_once_in_order(acme, seven, sort, limit):
    whole = [one["id"] for one in acme.get(f"{RECORDS}?sortBy={sort}&limit=1000").json["data"]]

    found = pages(acme, f"sortBy={sort}&limit={limit}")

    assert [one["id"] for page in found for one in page] == whole
    assert [len(page) for page in found[:-1]] == [limit] * (len(found) - 1)
    assert len(found) == -(-7 // limit)


def test_a_page_by_cursor_keeps_the_other_parameters(acme, seven):
    found = pages(acme, f"sortBy=createdAt&limit=2&fields=ownedById&challengeId={SPEND}&fetchTotalCount=true")

    assert [one for page in found for one in page] == [{"ownedById": owner} for owner in OWNERS]


def test_pages_by_cursor_stay_in_step_while_records_come_and_change(acme, seven, given, catch_up, clock):
    first = acme.get(f"{RECORDS}?limit=3").json
    clock.advance(seconds=1)
    for owner in (str(UUID(int=99)), OWNERS[0], OWNERS[6]):
        given.entry(SPEND, owner, "100")
    catch_up()

    rest = acme.get(f"{RECORDS}?limit=10&cursor={first['paging']['nextCursor']}").json

    seen = [one["ownedById"] for one in first["data"] + rest["data"]]
    assert sorted(seen) == OWNERS
    assert rest["paging"]["nextCursor"] is None


def test_pages_by_offset_leave_out_as_many(acme, seven):
    everything = acme.get(f"{RECORDS}?limit=7").json["data"]

    page = acme.get(f"{RECORDS}?limit=3&offset=5&fetchTotalCount=true").json

    assert page["data"] == everything[5:]
    assert page["paging"] == {"limit": 3, "offset": 5, "totalCount": 7, "nextCursor": None}


def test_a_page_behind_the_end_is_empty(acme, seven):
    page = acme.get(f"{RECORDS}?offset=7&fetchTotalCount=true").json

    assert (page["data"], page["paging"]["totalCount"]) == ([], 7)


def test_the_total_counts_what_the_filters_leave(acme, seven):
    path = f"{RECORDS}?limit=1&fetchTotalCount=true&ownedById={OWNERS[0]}"

    assert acme.get(path).json["paging"]["totalCount"] == 1
    assert acme.get(path.replace("true", "false")).json["paging"]["totalCount"] is None


def test_a_cursor_belongs_to_its_order(acme, seven):
    cursor = acme.get(f"{RECORDS}?limit=1").json["paging"]["nextCursor"]

    response = acme.get(f"{RECORDS}?sortBy=createdAt&cursor={cursor}")

    assert (response.status_code, list(response.json["errors"])) == (400, ["cursor"])
    assert "sortBy=-createdAt" in response.json["detail"]


@pytest.mark.parametrize(
    "cursor",
    [
        "x",
        "!!!!",
        "%00",
        "%C3%A9",
        "%FF",
        "e30",
        "bnVsbA",
        encoded("-createdAt", NOW, "no-id"),
        encoded("-createdAt", "yesterday", UNKNOWN),
        encoded("-createdAt", 7, UNKNOWN),
        encoded("-createdAt", None, UNKNOWN),
        encoded("-createdAt", NOW, UNKNOWN)[:-2],
        "A" * 1001,
    ],
)
def test_a_broken_cursor_is_refused_by_name(acme, cursor):
    response = acme.get(f"{RECORDS}?cursor={cursor}")

    assert (response.status_code, list(response.json["errors"])) == (400, ["cursor"])


def test_a_cursor_of_another_tenant_shows_nothing_of_it(acme, globex, seven, given, catch_up):
    cursor = acme.get(f"{RECORDS}?limit=1&sortBy=createdAt").json["paging"]["nextCursor"]

    found = globex.get(f"{RECORDS}?sortBy=createdAt&cursor={cursor}").json["data"]

    assert found == []


def test_a_cursor_and_an_offset_are_refused_together(acme, seven):
    cursor = acme.get(f"{RECORDS}?limit=1").json["paging"]["nextCursor"]

    response = acme.get(f"{RECORDS}?cursor={cursor}&offset=0")

    assert (response.status_code, list(response.json["errors"])) == (400, ["cursor"])
