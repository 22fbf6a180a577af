"""API, Who may ask: end-user tokens."""

import base64
from datetime import timedelta

import msgspec
import pytest

from api.access import keys
from tests.api.conftest import GLOBEX, NOW, token
from tests.api.given import ADA, BOB, SPEND, UNKNOWN

RECORDS = "/schema/challenge_progress/record"


def unix(**span: float) -> int:
    return int((NOW + timedelta(**span)).timestamp())


def segment(value: object) -> str:
    return base64.urlsafe_b64encode(msgspec.json.encode(value)).decode().rstrip("=")


@pytest.fixture
def key(make_key):
    return make_key("progress:read")


@pytest.fixture
def spent(given, catch_up):
    given.define(SPEND).entry(SPEND, ADA, "187.50")
    given.entry(SPEND, BOB, "20")
    catch_up()


@pytest.fixture
def status(client_of):
    """What a token is answered with."""
    return lambda credential: client_of(credential).get(RECORDS).status_code


def test_a_token_reads_the_records_of_its_subject(client_of, key, spent):
    response = client_of(token(key, sub=ADA)).get(RECORDS)

    assert [record["ownedById"] for record in response.json["data"]] == [ADA]


def test_a_token_is_of_the_tenant_of_the_key_that_signed_it(client_of, make_key, spent):
    foreign = make_key("progress:read", tenant=GLOBEX)

    response = client_of(token(foreign, sub=ADA, tenant="acme", aud="acme")).get(RECORDS)

    assert [record["currentProgressValue"] for record in response.json["data"]] == [1]


def test_a_key_that_may_everything_signs_tokens_that_only_read_progress(client_of, make_key):
    client = client_of(token(make_key(*keys.SCOPES), sub=ADA))

    assert client.get(RECORDS).status_code == 200
    assert client.get("/operations/projections").status_code == 403


@pytest.mark.parametrize(
    "claims",
    [
        {},
        {"sub": None},
        {"sub": ""},
        {"sub": 7},
        {"sub": [ADA]},
        {"sub": "x" * 201},
        {"sub": "a\x00b"},
        {"sub": ADA, "exp": None},
        {"sub": ADA, "exp": unix()},
        {"sub": ADA, "exp": unix(seconds=-1)},
        {"sub": ADA, "exp": unix(hours=25)},
        {"sub": ADA, "exp": unix(days=400_000)},
        {"sub": ADA, "exp": "tomorrow"},
        {"sub": ADA, "exp": True},
        {"sub": ADA, "nbf": unix(minutes=5)},
        {"sub": ADA, "iat": unix(minutes=5)},
    ],
)
def test_a_token_with_wrong_claims_opens_nothing(status, key, claims):
    assert status(token(key, **claims)) == 401


@pytest.mark.parametrize(
    "claims", [{"exp": unix(hours=24)}, {"exp": unix(seconds=1)}, {"iat": unix(seconds=30)}, {"x": {}}]
)
def test_a_token_with_other_good_claims_opens(status, key, claims):
    assert status(token(key, sub=ADA, **claims)) == 200


def test_a_token_expires_although_it_was_just_used(status, key, clock):
    credential = token(key, sub=ADA, exp=unix(seconds=2))
    assert status(credential) == 200

    clock.advance(seconds=2)

    assert status(credential) == 401


@pytest.mark.parametrize("kid", [None, "", "x", "7", str(UNKNOWN), 7, {}])
def test_a_token_must_name_a_key_that_is_there(status, key, kid):
    head, body = {"alg": "HS256", "kid": kid}, {"sub": ADA, "exp": unix(hours=1)}
    if kid is None:
        del head["kid"]

    unsigned = f"{segment(head)}.{segment(body)}"

    assert status(f"{unsigned}.{segment('signature')}") == 401


def test_a_token_of_a_key_that_another_key_signed_opens_nothing(status, key, make_key):
    other = make_key("progress:read", tenant=GLOBEX)

    assert status(token(key, sub=ADA, secret=other.token_secret)) == 401
    assert status(token(key, sub=ADA, header={"kid": str(other.id)})) == 401


@pytest.mark.parametrize("algorithm", ["none", "None", "nOnE", ""])
def test_a_token_without_a_signature_opens_nothing(status, key, algorithm):
    head = {"alg": algorithm, "kid": str(key.id)}
    body = {"sub": ADA, "exp": unix(hours=1)}

    assert status(f"{segment(head)}.{segment(body)}.") == 401
    assert status(f"{segment(head)}.{segment(body)}.{segment('x')}") == 401


@pytest.mark.parametrize("algorithm", ["HS384", "HS512"])
def test_a_token_of_another_algorithm_opens_nothing(status, key, algorithm):
    assert status(token(key, sub=ADA, alg=algorithm)) == 401


def test_a_token_whose_claims_were_changed_opens_nothing(status, key):
    head, _, signature = token(key, sub=ADA).split(".")

    assert status(f"{head}.{segment({'sub': BOB, 'exp': unix(hours=1)})}.{signature}") == 401


@pytest.mark.parametrize("text", ["a.b.c", "a.b", "....", "é.é.é", "e30.e30.e30", "x" * 5000, "[" * 3000])
def test_what_is_no_token_opens_nothing(status, text):
    assert status(text) == 401
    assert status(f"{base64.urlsafe_b64encode(text.encode()).decode()}.e30.e30") == 401


def test_a_token_ends_with_its_key(status, reader, make_key, clock):
    revoked, expiring = make_key("progress:read"), make_key("progress:read", expires_at=NOW + timedelta(seconds=3))
    credentials = [token(revoked, sub=ADA), token(expiring, sub=ADA)]
    assert list(map(status, credentials)) == [200, 200]

    keys.revoke(reader, revoked.id)
    clock.advance(seconds=5)

    assert list(map(status, credentials)) == [401, 401]
