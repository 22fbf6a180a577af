"""`milepost keys`: made and shown once, listed without their secret, revoked for good."""

import json
from datetime import UTC, datetime

import pytest

from api.access import keys, signing_secrets
from projections.database import Reader


@pytest.fixture
def stored(database_url):
    """The keys as the api finds them."""
    reader = Reader(database_url)
    yield lambda key: keys.by_hash(reader, keys.hashed(key))
    reader.close()


@pytest.fixture
def signing(database_url):
    """The signing secrets as the api finds them."""
    reader = Reader(database_url)
    yield lambda: signing_secrets.listed(reader)
    reader.close()


def make(milepost, *options, tenant="acme", scopes="progress:read,logs:write"):
    result = milepost("keys", "create", "--tenant", tenant, "--scopes", scopes, "--json", *options)
    assert result.exit_code == 0, result.stderr
    return json.loads(result.stdout)


def test_a_new_key_is_shown_once_and_opens_its_tenant(milepost, stored):
    new = make(milepost, "--name", "till 7")

    kept = stored(new["key"])
    assert new.keys() == {"id", "key", "tokenSecret"}
    assert (str(kept.id), kept.tenant, kept.name) == (new["id"], "acme", "till 7")
    assert kept.scopes == ["progress:read", "logs:write"]
    assert kept.token_secret.decode() == new["tokenSecret"]
    assert kept.expires_at is None


def test_a_key_ends_when_it_was_said(milepost, stored):
    by_time = make(milepost, "--expires", "2999-01-31T00:00:00+01:00")
    by_days = make(milepost, "--expires", "30d")

    assert stored(by_time["key"]).expires_at == datetime(2999, 1, 30, 23, tzinfo=UTC)
    assert (stored(by_days["key"]).expires_at - datetime.now(UTC)).days in (29, 30)


@pytest.mark.parametrize("wrong", ["soon", "2999-01-31T00:00:00", "2020-01-01T00:00:00Z", "99999d99", "2999-13-01"])
def test_an_end_that_is_no_time_to_come_is_wrong_usage(milepost, wrong):
    result = milepost("keys", "create", "--tenant", "acme", "--scopes", "progress:read", "--expires", wrong)

    assert result.exit_code == 2
    assert "--expires" in result.stderr


@pytest.mark.parametrize("wrong", ["", ",", "progress:write", "progress:read,fly"])
def test_a_scope_that_there_is_not_is_wrong_usage(milepost, wrong):
    result = milepost("keys", "create", "--tenant", "acme", "--scopes", wrong)

    assert result.exit_code == 2
    assert "--scopes" in result.stderr


def test_a_key_belongs_to_a_tenant(milepost):
    nobody = milepost("keys", "create", "--scopes", "progress:read")
    nameless = milepost("keys", "create", "--tenant", "", "--scopes", "progress:read")

    assert nobody.exit_code == 2
    assert (nameless.exit_code, "tenant" in nameless.stderr) == (1, True)


def test_the_list_never_shows_a_key_and_keeps_to_a_tenant(milepost):
    new, other = make(milepost), make(milepost, tenant="other")

    of_all = milepost("keys", "list", "--json").stdout
    of_one = [json.loads(line) for line in milepost("keys", "list", "--json", "--tenant", "acme").stdout.splitlines()]

    assert [one["id"] for one in of_one] == [new["id"]]
    assert of_one[0]["state"] == "valid"
    assert new["id"] in of_all
    assert other["id"] in of_all
    assert not any(secret in of_all for one in (new, other) for secret in (one["key"], one["tokenSecret"]))
    assert new["id"] in milepost("keys", "list").stdout


def test_a_revoked_key_opens_nothing(milepost, stored):
    new = make(milepost)

    result = milepost("keys", "revoke", new["id"])

    assert result.exit_code == 0
    assert not stored(new["key"]).valid(datetime.now(UTC))
    assert json.loads(milepost("keys", "list", "--json").stdout)["state"] == "revoked"


def test_a_key_that_there_is_not_cannot_be_revoked(milepost):
    unknown = milepost("keys", "revoke", "11111111-1111-4111-8111-111111111111")
    broken = milepost("keys", "revoke", "key-1")

    assert (unknown.exit_code, broken.exit_code) == (1, 2)
    assert unknown.stderr == "Error: there is no key 11111111-1111-4111-8111-111111111111\n"


def test_a_new_signing_secret_is_shown_once_and_signs_for_its_tenant(milepost, signing):
    new = make(milepost, "--signing", "--name", "partner", "--expires", "30d")

    kept = signing()[0]
    assert new.keys() == {"id", "signingSecret"}
    assert (str(kept.id), kept.tenant, kept.name) == (new["id"], "acme", "partner")
    assert kept.scopes == ["progress:read", "logs:write"]
    assert kept.secret.decode() == new["signingSecret"]
    assert (kept.expires_at - datetime.now(UTC)).days in (29, 30)


def test_a_signing_secret_is_printed_for_people_too(milepost, signing):
    result = milepost("keys", "create", "--tenant", "acme", "--scopes", "progress:read", "--signing")

    kept = signing()[0]
    lines = [line.split() for line in result.stdout.splitlines()]
    assert lines == [["id", str(kept.id)], ["signingSecret", kept.secret.decode()]]


def test_the_list_shows_both_kinds_and_never_a_secret(milepost):
    key, secret, other = make(milepost), make(milepost, "--signing"), make(milepost, "--signing", tenant="other")

    found = milepost("keys", "list", "--json").stdout
    of_one = [json.loads(line) for line in milepost("keys", "list", "--json", "--tenant", "acme").stdout.splitlines()]

    assert [(one["id"], one["kind"]) for one in of_one] == [(key["id"], "key"), (secret["id"], "signing")]
    assert secret["signingSecret"].startswith(of_one[1]["prefix"])
    assert other["id"] in found
    assert not any(one["signingSecret"] in found for one in (secret, other))
    assert f"{secret['id']}\tsigning\tacme" in milepost("keys", "list").stdout


def test_a_revoked_signing_secret_signs_nothing(milepost, signing):
    new, other = make(milepost, "--signing"), make(milepost, "--signing")

    result = milepost("keys", "revoke", new["id"])

    states = {str(one.id): one.valid(datetime.now(UTC)) for one in signing()}
    assert result.exit_code == 0
    assert states == {new["id"]: False, other["id"]: True}


def test_a_signing_secret_of_nobody_is_not_made(milepost, signing):
    nameless = milepost("keys", "create", "--tenant", "", "--scopes", "progress:read", "--signing")

    assert (nameless.exit_code, "tenant" in nameless.stderr) == (1, True)
    assert signing() == []
