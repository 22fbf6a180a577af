"""Who may read what happened, and that every such read is itself logged."""

import json

import pytest

from api.app import create_app
from api.settings import Settings
from api.state import state_of
from tests.api.given import ADA, SPEND, UNKNOWN

PATHS = [
    f"/audit/engagements/{SPEND}/{ADA}",
    f"/audit/engagements/{SPEND}/{ADA}/explain",
    f"/audit/progress/{UNKNOWN}",
    f"/audit/progress/{UNKNOWN}/explain",
]


def lines(capfd: pytest.CaptureFixture[str]) -> list[dict]:
    found = [json.loads(line) for line in capfd.readouterr().err.splitlines() if line.startswith("{")]
    return [one for one in found if one["event"] == "audit read"]


@pytest.mark.parametrize("path", PATHS)
def test_only_an_auditor_may_read_what_happened(given, guest, acme, end_user, make_key, client_of, path):
    given.define(SPEND).entry(SPEND, ADA)
    everything_else = [
        "progress:read", "logs:write", "logs:backfill", "logs:void", "definitions:read", "definitions:write",
        "operations",
    ]  # fmt: skip
    other = client_of(make_key(*everything_else).key)

    answers = [client.get(path) for client in (guest, acme, end_user(ADA), other)]

    assert [one.status_code for one in answers] == [401, 403, 403, 403]
    assert answers[-1].json["required"] == ["audit:read"]
    assert guest.post(path).status_code == 405


@pytest.mark.parametrize("level", ["error", "info"])
def test_every_audit_read_is_logged_with_its_key_and_filter_whatever_the_level(
    given, make_key, clock, settings: Settings, capfd, level
):
    given.define(SPEND).entry(SPEND, ADA)
    key = make_key("audit:read")
    app = create_app(Settings(database_url=settings.database_url, log_level=level, access_log=False), now=clock)
    client = app.test_client()
    capfd.readouterr()

    client.get(f"{PATHS[0]}?knownAt=2026-04-03T10:00:00Z", headers={"X-API-Key": key.key, "Request-Id": "a-request"})
    client.get(PATHS[3], headers={"X-API-Key": key.key})
    client.get(PATHS[1])
    state_of(app).close()

    found, missing, refused = lines(capfd)
    assert (found["key"], found["tenant"], found["status"], found["request_id"]) == (
        str(key.id),
        "acme",
        200,
        "a-request",
    )
    assert found["what"] == "/audit/engagements/<definitionId>/<ownerId>"
    assert found["filter"] == {"definitionId": str(SPEND), "ownerId": ADA, "knownAt": "2026-04-03T10:00:00Z"}
    assert (missing["status"], missing["filter"]) == (404, {"id": str(UNKNOWN)})
    assert (refused["status"], refused["key"]) == (401, None)


def test_reading_something_else_is_no_audit_read(acme, capfd):
    acme.get("/schema/challenge_progress/record")

    assert lines(capfd) == []
