"""The whole line, walked by a client of the running app: a log entry goes in, a record of progress comes out."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from joserfc import jwt
from joserfc.jwk import OctKey

from tests.processes import ask, eventually, running

NOW = datetime.now(UTC)
ADA, BOB = "7b0c7a3e-52a0-4d80-9b7e-0e7c5f3f1a01", "7b0c7a3e-52a0-4d80-9b7e-0e7c5f3f1a02"
CHALLENGE = {
    "name": "Spend 500 in a day",
    "status": "live",
    "aggregationMethod": "sum",
    "aggregationPeriod": "rolling",
    "completionTargetValue": 500,
}
SCOPES = "progress:read,logs:write,definitions:read,definitions:write"


class Client:
    """A tenant's key, and the running app that it asks."""

    def __init__(self, url, made):
        self.url = url
        self.key = made
        self.headers = {"X-API-Key": made["key"]}

    def ask(self, path, body=None, headers=None):
        return ask(f"{self.url}/schema/{path}", headers or self.headers, body)

    def token(self, owner):
        claims = {"sub": owner, "exp": int((NOW + timedelta(hours=1)).timestamp())}
        header = {"alg": "HS256", "kid": self.key["id"]}
        signed = jwt.encode(header, claims, OctKey.import_key(self.key["tokenSecret"]))
        return {"Authorization": f"Bearer {signed}"}


@pytest.fixture
def url(database_url, tmp_path):
    with running("serve", "--port", 0, "--json", database_url=database_url, folder=tmp_path) as run:
        yield json.loads(run.printed[0])["url"]


@pytest.fixture
def client(milepost, url):
    """Make a tenant's key at the command line."""

    def make(tenant):
        result = milepost("keys", "create", "--tenant", tenant, "--scopes", SCOPES, "--json")
        return Client(url, json.loads(result.stdout))

    return make


def entry(challenge, owner, key, value):
    about = {"challengeId": challenge, "ownedById": owner, "activityAt": NOW.isoformat()}
    return {**about, "uniqueIdentifier": key, "activityValue": value}


def read(client, path, headers=None):
    """The records of a list."""
    status, found = client.ask(path, headers=headers)
    assert status == 200, found
    return found["data"]


def test_entries_of_every_door_meet_in_one_record_that_only_its_own_may_see(client, milepost, tmp_path):
    acme, other = client("acme"), client("other")
    made, challenge = acme.ask("challenge/record", CHALLENGE)
    milestone = {"linkedSchemaSlug": "challenge", "linkedSchemaRecordId": challenge["id"], "milestoneTargetValue": 100}
    with_milestone, _ = acme.ask("milestone/record", {**milestone, "name": "First hundred"})

    one, answer = acme.ask("challenge_log/record", entry(challenge["id"], ADA, "a", 187.5))
    again, replay = acme.ask("challenge_log/record", entry(challenge["id"], ADA, "a", 187.5))
    many, answers = acme.ask("challenge_log/records", [entry(challenge["id"], BOB, key, 300) for key in "abb"])
    file = tmp_path / "entries.jsonl"
    file.write_text(json.dumps(entry(challenge["id"], ADA, "from a file", 12.5)))
    loaded = milepost("log", "import", file, "--kind", "challenge_log", "--tenant", "acme")

    assert (made, with_milestone, one, again, many, loaded.exit_code) == (201, 201, 201, 200, 200, 0)
    assert answer["challengeProgress"]["remainingValue"] == 312.5
    assert answer["achievedMilestone"]["name"] == "First hundred"
    assert replay["replayed"] is True
    assert (answers["accepted"], answers["replayed"], answers["refused"]) == (2, 1, 0)
    records = {one["ownedById"]: one for one in until(acme, ADA, 200)}
    assert {owner: (one["currentProgressValue"], one["challengeProgressStatus"]) for owner, one in records.items()} == {
        ADA: (200, "in_progress"),
        BOB: (600, "completed"),
    }
    assert read(other, "challenge_progress/record") == []
    assert [one["ownedById"] for one in read(acme, "challenge_progress/record", headers=acme.token(BOB))] == [BOB]
    assert acme.ask(f"challenge_progress/record/{records[ADA]['id']}", headers=acme.token(BOB))[0] == 404
    assert [one["ownedById"] for one in read(acme, f"reward_log/record?ownedById={BOB}")] == [BOB]


def until(client, owner, value):
    """The records, once this owner's has the value: the import answers no position to wait for."""

    def found():
        records = read(client, "challenge_progress/record")
        values = {record["ownedById"]: record["currentProgressValue"] for record in records}
        return records if values.get(owner) == value else None

    return eventually(found)
