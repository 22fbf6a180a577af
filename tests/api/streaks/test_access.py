"""API, Who may ask: the streaks dialect refuses in its envelope, whatever is wrong."""

import hmac
from hashlib import sha256

import msgspec
import pytest

from api.access import keys, signing_secrets
from tests.api.conftest import ACME, GLOBEX, NOW
from tests.api.streaks.conftest import error, event
from tests.api.streaks.given_streaks import ADA, LOGINS

READS = [
    f"/v1/streaks/{ACME}/definitions",
    f"/v1/streaks/{ACME}/users/{ADA}",
    f"/v1/streaks/{ACME}/users/{ADA}/{LOGINS}",
    f"/v1/streaks/{ACME}/users/{ADA}/definitions/{LOGINS}",
]
WRITES = ["/v1/events", "/v1/events/bulk"]
every_path = pytest.mark.parametrize("path", [*READS, *WRITES])


@every_path
def test_what_a_path_cannot_do_is_refused_with_what_it_can(admin, path):
    can = {"GET", "HEAD", "OPTIONS"} if path in READS else {"OPTIONS", "POST"}

    for method in {"GET", "POST", "PUT", "PATCH", "DELETE"} - can:
        response = admin.open(path, method=method)
        error(response, 405, "METHOD_NOT_ALLOWED")
        assert {one.strip() for one in response.headers["Allow"].split(",")} == can


@pytest.mark.parametrize(
    "path",
    [
        "/v1/streaks",
        f"/v1/streaks/{ACME}",
        f"/v1/streaks/{ACME}/",
        f"/v1/streaks/{ACME}/users",
        f"/v1/streaks/{ACME}/users/",
        f"/v1/streaks//users/{ADA}",
        f"/v1/streaks/{ACME}/users/{ADA}/",
        f"/v1/streaks/{ACME}/users/{ADA}/definitions/{LOGINS}/more",
        f"/v1/streaks/{ACME}/definitions/{LOGINS}",
        "/v1/events/",
        "/v1/events/one",
    ],
)
def test_a_path_that_is_not_there_is_not_found(admin, path):
    assert error(admin.get(path), 404, "NOT_FOUND") == "there is no such path"


@every_path
def test_a_guest_is_told_how_to_show_a_credential(guest, path):
    response = guest.open(path, method="GET" if path in READS else "POST")

    error(response, 401, "UNAUTHORIZED")
    assert response.headers["WWW-Authenticate"].startswith("Bearer")


@every_path
def test_a_key_may_be_shown_in_either_header(guest, given, make_key, catch_up, path):
    given.define(LOGINS).entry(LOGINS, ADA)
    catch_up()
    key = make_key("progress:read", "logs:write").key
    body = event(lambda: NOW) if path == WRITES[0] else {"events": []}

    for headers in ({"X-API-Key": key}, {"Authorization": f"Bearer {key}"}):
        asked = {"method": "GET"} if path in READS else {"method": "POST", "json": body}
        response = guest.open(path, headers=headers, **asked)
        assert response.status_code == (200 if path in READS else 202), response.text


@every_path
def test_a_scope_that_is_missing_is_named(client_of, make_key, path):
    response = client_of(make_key("operations").key).open(path, method="GET" if path in READS else "POST")

    assert error(response, 403, "FORBIDDEN").endswith("is needed; the credential has operations")


@every_path
def test_a_limit_that_is_used_up_says_until_when(client_of, make_key, path):
    client = client_of(make_key(*keys.SCOPES, per_minute=1).key)
    method = "GET" if path in READS else "POST"
    client.open(path, method=method)

    response = client.open(path, method=method)

    error(response, 429, "RATE_LIMITED")
    assert response.headers["Retry-After"] == "60"
    assert (response.headers["X-RateLimit-Limit"], response.headers["X-RateLimit-Remaining"]) == ("1", "0")
    assert int(response.headers["X-RateLimit-Reset"]) == int(NOW.timestamp()) + 60


@pytest.fixture
def sign(guest, reader):
    """`sign("GET", path)`: ask with a signature, as a tenant computes it."""
    scopes = ["progress:read", "logs:write"]
    secret = signing_secrets.create(reader, tenant=ACME, name="a test", scopes=scopes).signing_secret

    def sign(method: str, path: str, body: bytes = b"", tenant: str = ACME):
        seconds = int(NOW.timestamp())
        text = f"{method}\n{path.partition('?')[0]}\n{seconds}\n".encode() + body
        signed = f"hmac-sha256={hmac.new(secret.encode(), text, sha256).hexdigest()}"
        headers = {"X-Tenant-Id": tenant, "X-Timestamp": str(seconds), "X-Signature": signed}
        content = {"data": body, "content_type": "application/json"} if body else {}
        return guest.open(path, method=method, headers=headers, **content)

    return sign


def test_a_signed_request_reads_and_writes(sign, given, clock, catch_up):
    given.define(LOGINS)
    catch_up()

    told = sign("POST", "/v1/events", msgspec.json.encode(event(clock)))
    catch_up()

    assert (told.status_code, len(told.json["fed"])) == (202, 1)
    for path in READS:
        assert sign("GET", path).status_code == 200


def test_a_signature_opens_once_and_for_its_tenant_alone(sign):
    path = f"/v1/streaks/{ACME}/users/{ADA}"

    assert sign("GET", path).json == {"streaks": []}
    assert "accepted before" in error(sign("GET", path), 401, "UNAUTHORIZED")
    error(sign("GET", f"{path}?limit=1", tenant=GLOBEX), 401, "UNAUTHORIZED")
    error(sign("GET", f"/v1/streaks/{GLOBEX}/users/{ADA}"), 403, "FORBIDDEN")
