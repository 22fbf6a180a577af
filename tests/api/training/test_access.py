"""API, Who may ask: whose progress the training dialect shows to whom, and how it refuses."""

import pytest

from tests.api.conftest import GLOBEX, Clock
from tests.api.training.conftest import ADA, BOB
from tests.given_training import Training

PREFIX = "/api/public/v1"
ARRAYS = ("practice-progress", "learn-progress", "assignments")
every_array = pytest.mark.parametrize("what", ARRAYS)


@pytest.fixture(autouse=True)
def planted(training: Training) -> Training:
    training.practise(ADA, "xss", 0)
    return training


@every_array
def test_a_user_whom_the_tenant_does_not_have_is_not_found(ask, what):
    response = ask(what, "nobody")

    assert (response.status_code, response.json) == (404, {"error": "not_found"})


@every_array
@pytest.mark.parametrize("how", ["registered", "in a team", "assigned something", "in flight"])
def test_a_user_whom_the_tenant_has_without_progress_has_an_empty_array(training, read, what, how):
    match how:
        case "registered":
            training.user("eve")
        case "in a team":
            training.team("eve")
        case "assigned something":
            training.reassign(training.assign("topic", "xss", "eve"), is_active=False)
        case "in flight":
            training.phase("eve", "xss", 0, 1)

    assert read(what, "eve") == []


@every_array
def test_another_tenant_does_not_have_the_users_of_this_one(training, ask, globex, what):
    training.practise("eve", "xss", 0)

    assert ask(what, "eve").status_code == 200
    assert ask(what, "eve", globex).status_code == 404


def test_rows_are_those_of_the_user_and_the_tenant_alone(read):
    assert [(row["topicId"], row["challengeIndex"]) for row in read("practice-progress")] == [("xss", 0)]
    assert read("learn-progress") == read("assignments") == []
    assert len(read("practice-progress", BOB)) == 7


@every_array
def test_an_end_user_reads_their_own_progress_alone(ask, end_user, what):
    own, others, nobodys = (ask(what, user, end_user(ADA)) for user in (ADA, BOB, "nobody"))

    assert own.status_code == 200
    assert (others.status_code, others.json) == (nobodys.status_code, nobodys.json) == (404, {"error": "not_found"})


@every_array
def test_a_scope_that_is_missing_is_named(ask, client_of, make_key, what):
    response = ask(what, client=client_of(make_key("operations", "audit:read").key))

    assert response.status_code == 403
    assert response.json == {
        "error": "insufficient_scope",
        "required": "progress:read",
        "present": ["audit:read", "operations"],
    }


@every_array
def test_a_guest_is_told_how_to_show_a_credential(ask, guest, what):
    response = ask(what, client=guest)

    assert (response.status_code, response.json["error"]) == (401, "unauthorized")
    assert response.headers["WWW-Authenticate"].startswith("Bearer")


def test_a_limit_that_is_used_up_says_for_how_long_and_of_which_window(ask, client_of, make_key, clock: Clock):
    client = client_of(make_key("progress:read", per_minute=2, per_hour=3).key)
    first = ask("assignments", client=client)
    ask("assignments", client=client)
    of_minute = ask("assignments", client=client)
    clock.advance(minutes=1)
    of_hour = ask("assignments", client=client)

    assert (first.status_code, first.headers["X-RateLimit-Window"]) == (200, "60")
    assert (of_minute.status_code, of_minute.json) == (429, {"error": "rate_limited"})
    assert (of_minute.headers["X-RateLimit-Window"], of_minute.headers["Retry-After"]) == ("60", "60")
    assert (of_minute.headers["X-RateLimit-Limit"], of_minute.headers["X-RateLimit-Remaining"]) == ("2", "0")
    assert (of_hour.status_code, of_hour.headers["X-RateLimit-Window"]) == (429, "3600")


@every_array
@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
def test_progress_can_only_be_read(acme, what, method):
    response = acme.open(f"{PREFIX}/users/{ADA}/{what}", method=method)

    assert (response.status_code, response.json["error"]) == (405, "method_not_allowed")
    assert {one.strip() for one in response.headers["Allow"].split(",")} == {"GET", "HEAD", "OPTIONS"}


@pytest.mark.parametrize(
    "path", ["", "/", "/users", f"/users/{ADA}", f"/users/{ADA}/assignments/", "/progress/users", "/users//assignments"]
)
def test_a_path_that_is_not_there_is_not_found_in_the_form_of_the_dialect(acme, path):
    response = acme.get(f"{PREFIX}{path}")

    assert (response.status_code, response.json) == (404, {"error": "not_found"})
    assert response.content_type == "application/json"


def test_a_neighbouring_path_keeps_the_form_of_its_own_dialect(acme):
    assert acme.get("/api/public/v10").content_type == "application/problem+json"
    assert acme.get("/api/public").content_type == "application/problem+json"


@every_array
@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("limit=0", "limit"),
        ("limit=1001", "limit"),
        ("limit=ten", "limit"),
        ("updatedSince=yesterday", "updatedSince"),
        ("updatedSince=2026-05-20T14:32:08", "updatedSince"),
        ("cursor=nonsense", "cursor"),
        ("cursor=WyJ4XHUwMDAwIiwgMV0", "cursor"),
        ("cursor=WyJ4IiwgOTk5OTk5OTk5OTldCg", "cursor"),
        ("offset=1", "offset"),
        ("limit=1&limit=2", "limit"),
    ],
)
def test_a_wrong_parameter_is_named(ask, what, query, field):
    response = ask(what, query_string=query)

    assert response.status_code == 400
    assert response.json["error"] == "invalid_input"
    assert response.json["message"]
    assert list(response.json["errors"]) == [field]


def test_a_user_id_that_nobody_can_have_is_wrong_input(ask):
    for user in ("x" * 201, "a%00b"):
        response = ask("assignments", user)
        assert (response.status_code, list(response.json["errors"])) == (400, ["userId"])


@every_array
def test_what_nobody_foresaw_says_nothing_of_itself(ask, reader, what):
    reader.write("ALTER TABLE account_user RENAME TO elsewhere", {})

    response = ask(what, headers={"Request-Id": "seven"})

    assert response.status_code == 500
    assert response.json == {
        "error": "internal_error",
        "message": "something went wrong here; it is logged as seven",
    }


def test_the_same_user_of_another_tenant_is_somebody_else(training, read, make_key, client_of, ask):
    of_globex = ask("practice-progress", ADA, client_of(make_key("progress:read", tenant=GLOBEX).key)).json

    assert (len(of_globex), len(read("practice-progress"))) == (7, 1)
