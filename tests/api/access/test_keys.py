"""API, Who may ask: API keys."""

from datetime import timedelta
from uuid import uuid4

import pytest

from api.access import keys
from domain.errors import InvalidInput
from tests.api.conftest import GLOBEX, NOW
from tests.api.given import UNKNOWN

RECORDS = "/schema/challenge_progress/record"


def refused(response) -> bool:
    assert response.content_type == "application/problem+json"
    assert response.headers["WWW-Authenticate"].startswith("Bearer")
    return response.status_code == 401 and response.json["code"] == "unauthorized"


def test_a_key_is_shown_once_and_kept_as_a_hash(make_key, reader):
    new = make_key("progress:read", "logs:write")

    kept = keys.listed(reader)[0]

    assert new.key.startswith("mp_live_")
    assert len(new.key) == len("mp_live_") + 43
    assert (kept.id, kept.tenant, kept.scopes) == (new.id, "acme", ["progress:read", "logs:write"])
    assert new.key.startswith(kept.prefix)
    assert len(kept.prefix) == 12
    assert reader.value("SELECT count(*) FROM api_keys WHERE api_keys::text LIKE %(key)s", {"key": f"%{new.key}%"}) == 0


def test_two_keys_have_nothing_in_common(make_key):
    one, other = make_key("progress:read"), make_key("progress:read")

    assert len({one.id, other.id, one.key, other.key, one.token_secret, other.token_secret}) == 6


@pytest.mark.parametrize(
    "header", [{"X-API-Key": "{}"}, {"Authorization": "Bearer {}"}, {"Authorization": "bearer  {}"}]
)
def test_a_key_is_shown_in_either_header(guest, make_key, header):
    key = make_key("progress:read").key

    response = guest.get(RECORDS, headers={name: value.format(key) for name, value in header.items()})

    assert response.status_code == 200


@pytest.mark.parametrize("path", [RECORDS, f"{RECORDS}/{UNKNOWN}", "/operations/projections", "/metrics"])
def test_a_guest_gets_nothing(guest, path):
    assert refused(guest.get(path))


@pytest.mark.parametrize("path", ["/healthz", "/readyz", "/docs", "/schema/openapi.json", "/operations/openapi.json"])
def test_a_guest_gets_what_says_nothing_about_anybody(guest, path):
    assert guest.get(path).status_code == 200


def test_a_guest_is_turned_away_before_anything_is_said_about_the_input(guest):
    assert refused(guest.get(f"{RECORDS}?limit=no"))
    assert refused(guest.get(f"{RECORDS}/no-id"))


def garbled(key: str) -> dict[str, str]:
    return {
        "another last character": key[:-1] + ("A" if key[-1] != "A" else "B"),
        "cut short": key[:-1],
        "longer": key + "A",
        "without its mark": key.removeprefix("mp_live_"),
        "in capitals": key.upper(),
        "the mark alone": "mp_live_",
        "not ASCII": key[:-1] + "\xe9",
        "empty": "",
    }


@pytest.mark.parametrize("how", list(garbled("mp_live_x")))
def test_a_garbled_key_opens_nothing(guest, make_key, how):
    key = garbled(make_key("progress:read").key)[how]

    assert refused(guest.get(RECORDS, headers={"X-API-Key": key}))
    assert refused(guest.get(RECORDS, headers={"Authorization": f"Bearer {key}"}))


@pytest.mark.parametrize(
    "header", ["Basic YTpi", "Bearer", "Digest x", "mp_live_", "Bearer a.b.c", "Bearer ..", "Bearer x y"]
)
def test_another_authorization_opens_nothing(guest, header):
    assert refused(guest.get(RECORDS, headers={"Authorization": header}))


def test_an_expired_key_opens_nothing_from_its_moment_on(client_of, make_key, clock):
    client = client_of(make_key("progress:read", expires_at=NOW + timedelta(seconds=2)).key)

    before = client.get(RECORDS)
    clock.advance(seconds=2)

    assert before.status_code == 200
    assert refused(client.get(RECORDS))


def test_a_revoked_key_opens_nothing(client_of, make_key, reader):
    new = make_key("progress:read")

    assert keys.revoke(reader, new.id)

    assert refused(client_of(new.key).get(RECORDS))


def test_a_key_that_was_just_used_is_forgotten_five_seconds_after_it_was_revoked(client_of, make_key, reader, clock):
    new = make_key("progress:read")
    client = client_of(new.key)
    assert client.get(RECORDS).status_code == 200

    keys.revoke(reader, new.id)
    clock.advance(seconds=5)

    assert refused(client.get(RECORDS))


def test_a_key_works_at_once_even_if_it_was_tried_before(reader, client_of, make_key):
    new = make_key("progress:read")
    secret = reader.row(dict, "SELECT key_hash FROM api_keys WHERE id = %(id)s", {"id": new.id})["key_hash"]
    reader.write("UPDATE api_keys SET key_hash = 'x' WHERE id = %(id)s", {"id": new.id})
    client = client_of(new.key)
    assert refused(client.get(RECORDS))

    reader.write("UPDATE api_keys SET key_hash = %(hash)s WHERE id = %(id)s", {"id": new.id, "hash": secret})

    assert client.get(RECORDS).status_code == 200


def test_revoking_twice_keeps_the_first_time_and_a_key_that_is_not_there_is_said(make_key, reader):
    new = make_key("progress:read")
    keys.revoke(reader, new.id)
    first = keys.listed(reader)[0].revoked_at

    assert keys.revoke(reader, new.id)

    assert keys.listed(reader)[0].revoked_at == first
    assert not keys.revoke(reader, uuid4())


def test_keys_are_listed_by_tenant_or_all(make_key, reader):
    ours, theirs = make_key("progress:read"), make_key("progress:read", tenant=GLOBEX)

    assert [key.id for key in keys.listed(reader, "acme")] == [ours.id]
    assert [key.id for key in keys.listed(reader)] == [ours.id, theirs.id]


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"scopes": ["progress:write"]}, "scopes"),
        ({"scopes": []}, "scopes"),
        ({"tenant": ""}, "tenant"),
        ({"tenant": "a\x00b"}, "tenant"),
        ({"name": "x" * 201}, "name"),
        ({"expires_at": NOW.replace(tzinfo=None)}, "expires_at"),
        ({"per_minute": 0}, "per_minute"),
        ({"per_hour": 2**31}, "per_hour"),
    ],
)
def test_a_key_that_makes_no_sense_is_not_made(reader, wrong, field):
    options = {"tenant": "acme", "name": "a test", "scopes": ["progress:read"], **wrong}

    with pytest.raises(InvalidInput) as refusal:
        keys.create(reader, **options)

    assert list(refusal.value.errors) == [field]
    assert keys.listed(reader) == []


@pytest.mark.parametrize("scope", [scope for scope in keys.SCOPES if scope != "progress:read"])
def test_another_scope_does_not_read_progress(client_of, make_key, scope):
    response = client_of(make_key(scope).key).get(RECORDS)

    assert response.status_code == 403
    assert response.json["code"] == "insufficient_scope"
    assert (response.json["required"], response.json["present"]) == (["progress:read"], [scope])


def test_operations_are_for_their_own_scope(acme, admin):
    for path in ("/operations/projections", "/metrics"):
        assert acme.get(path).status_code == 403
        assert admin.get(path).status_code == 200
