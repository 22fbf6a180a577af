"""API, Who may ask: requests that a tenant signs."""

import hmac
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from hashlib import sha256

import pytest
from flask import Flask, Response, request
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from api.access import keys, signing_secrets
from api.access.callers import requires
from api.app import create_app
from api.state import state_of
from domain.errors import InvalidInput
from tests.api.conftest import ACME, BARE, GLOBEX, NOW
from tests.api.given import ADA, SPEND

RECORDS, LOG, LINES = (
    "/schema/challenge_progress/record",
    "/schema/challenge_log/record",
    "/schema/challenge_log/records",
)
ENTRY = (
    f'{{"challengeId": "{SPEND}", "ownedById": "{ADA}", "activityAt": "2026-04-03T10:15:00Z",'
    ' "uniqueIdentifier": "order-1001", "activityValue": 187.50}'
).encode()
SECONDS = int(NOW.timestamp())


def signature(secret: str, method: str, path: str, timestamp: object, body: bytes = b"") -> str:
    """As a tenant computes it: none of the server's code."""
    text = f"{method}\n{path}\n{timestamp}\n".encode() + body
    return f"hmac-sha256={hmac.new(secret.encode(), text, sha256).hexdigest()}"


class Signer:
    """Somebody who signs requests; every part of a request can differ from what was signed."""

    def __init__(self, client: FlaskClient, secret: str, tenant: str = ACME) -> None:
        self.client, self.secret, self.tenant = client, secret, tenant

    def headers(self, method: str, path: str, body: bytes = b"", timestamp: object = SECONDS) -> dict[str, str]:
        signed = signature(self.secret, method, path.partition("?")[0], timestamp, body)
        return {"X-Tenant-Id": self.tenant, "X-Timestamp": str(timestamp), "X-Signature": signed}

    def get(self, path: str = RECORDS, *, timestamp: object = SECONDS, **headers: str) -> TestResponse:
        signed = self.headers("GET", path, timestamp=timestamp)
        return self.client.get(path, headers={**signed, **headers})

    def post(self, path: str = LOG, body: bytes = ENTRY, content_type: str = "application/json") -> TestResponse:
        headers = self.headers("POST", path, body)
        return self.client.post(path, data=body, headers=headers, content_type=content_type)


@pytest.fixture(scope="module")
def bare_app() -> Flask:
    """The app, with something at every path below /signed."""
    app = create_app(BARE)
    app.add_url_rule("/signed/<path:name>", view_func=requires("progress:read")(lambda name: Response(name)))
    return app


@pytest.fixture
def make_signer(reader, guest):
    """`make_signer("progress:read")`, of acme unless another tenant is named."""

    def make_signer(*scopes: str, tenant: str = ACME, **options) -> Signer:
        wanted = scopes or keys.SCOPES
        new = signing_secrets.create(reader, tenant=tenant, name="a test", scopes=wanted, **options)
        return Signer(guest, new.signing_secret, tenant)

    return make_signer


@pytest.fixture
def signer(make_signer) -> Signer:
    return make_signer()


@pytest.fixture
def stored(reader):
    """How many signatures were written down."""
    return lambda: reader.value("SELECT count(*) FROM accepted_signatures")


def refused(response: TestResponse, header: str) -> bool:
    """Whether it was refused because of this header."""
    assert response.headers["WWW-Authenticate"]
    detail = response.json["detail"]
    return response.status_code == 401 and response.json["code"] == "unauthorized" and detail.startswith(header)


def test_a_signed_request_does_what_the_scopes_of_its_secret_say_in_its_tenant(signer, given, catch_up):
    given.define(SPEND).entry(SPEND, ADA, "187.50")
    catch_up()

    response = signer.get(f"{RECORDS}?limit=5")

    assert response.status_code == 200
    assert [record["currentProgressValue"] for record in response.json["data"]] == [187.5]


def test_a_body_is_signed_byte_for_byte_and_still_there_to_be_read(signer, given):
    given.define(SPEND)

    response = signer.post(body=ENTRY.replace(b"order-1001", "Größe 38 ☕".encode()))

    assert response.status_code == 201, response.text
    assert response.json["uniqueIdentifier"] == "Größe 38 ☕"


def test_lines_are_still_there_to_be_read(signer, given):
    given.define(SPEND)

    response = signer.post(LINES, ENTRY + b"\n" + ENTRY.replace(b"1001", b"1002"), "application/x-ndjson")

    assert [line.count('"status":201') for line in response.text.splitlines()] == [1, 1]


def test_a_signed_request_may_ask_wherever_a_key_may(signer):
    assert signer.get("/operations/projections").status_code == 200
    assert signer.get("/metrics").status_code == 200


def test_a_signature_is_accepted_once(signer, stored):
    answers = [signer.get() for _ in range(2)]

    assert answers[0].status_code == 200
    assert refused(answers[1], "X-Signature was accepted before")
    assert stored() == 1


def test_a_signature_in_capitals_is_the_same_signature(signer):
    signer.get()
    digits = signer.headers("GET", RECORDS)["X-Signature"].removeprefix("hmac-sha256=")

    again = signer.get(**{"X-Signature": f"hmac-sha256={digits.upper()}"})

    assert refused(again, "X-Signature was accepted before")


def test_a_request_that_is_signed_anew_is_another_request(signer):
    assert [signer.get(timestamp=SECONDS + n).status_code for n in (0, 1, -1)] == [200, 200, 200]


def test_a_signature_is_accepted_once_by_all_apps_of_a_database(signer, settings, clock):
    other = create_app(settings, now=clock)

    first, elsewhere = signer.get(), Signer(other.test_client(), signer.secret).get()
    state_of(other).close()

    assert first.status_code == 200
    assert refused(elsewhere, "X-Signature was accepted before")


def test_of_eight_who_send_the_same_at_once_one_gets_in(app: Flask, signer):
    with ThreadPoolExecutor(8) as pool:
        clients = [Signer(app.test_client(), signer.secret) for _ in range(8)]
        answers = list(pool.map(lambda one: one.get().status_code, clients))

    assert sorted(answers) == [200, *[401] * 7]


def test_a_signature_is_used_up_whatever_the_answer_was(make_signer):
    signer = make_signer("progress:read")

    assert signer.get("/metrics").status_code == 403
    assert signer.get(f"{RECORDS}?limit=no").status_code == 400
    assert refused(signer.get("/metrics"), "X-Signature was accepted before")
    assert refused(signer.get(RECORDS), "X-Signature was accepted before")


@pytest.mark.parametrize("off", [-300, -1, 0, 1, 300])
def test_clocks_may_differ_by_five_minutes(signer, off):
    assert signer.get(timestamp=SECONDS + off).status_code == 200


@pytest.mark.parametrize("off", [-86_400, -301, 301, 86_400, -SECONDS, 10**11])
def test_a_timestamp_that_is_further_off_is_refused(signer, off, stored):
    assert refused(signer.get(timestamp=SECONDS + off), "X-Timestamp")
    assert stored() == 0


@pytest.mark.parametrize("text", ["", "now", f"{SECONDS}.0", f"-{SECONDS}", f"+{SECONDS}", "٣", "1" * 13, "1e9", "0x1"])
def test_a_timestamp_is_unix_seconds_in_digits(signer, text):
    assert refused(signer.get(**{"X-Timestamp": text}), "X-Timestamp")


WRONG_SIGNATURES = [
    "",
    "{}",
    "hmac-sha256={}0",
    "hmac-sha512={}",
    "hmac-sha256:{}",
    "hmac-sha256= {}",
    "hmac-sha256={},x",
]


@pytest.mark.parametrize("form", WRONG_SIGNATURES)
def test_a_signature_has_one_form(signer, form):
    digits = signer.headers("GET", RECORDS)["X-Signature"].removeprefix("hmac-sha256=")

    assert refused(signer.get(**{"X-Signature": form.format(digits)}), "X-Signature")


@pytest.mark.parametrize("missing", ["X-Tenant-Id", "X-Timestamp", "X-Signature"])
def test_a_header_that_is_missing_is_named(signer, missing):
    headers = {name: value for name, value in signer.headers("GET", RECORDS).items() if name != missing}

    assert refused(signer.client.get(RECORDS, headers=headers), f"{missing} is missing")


@pytest.mark.parametrize("tenant", ["", "x" * 201, "a\xffb"])
def test_a_tenant_that_is_none_is_refused(signer, tenant):
    assert refused(signer.get(**{"X-Tenant-Id": tenant}), "X-Tenant-Id")


def test_a_tenant_may_have_any_letters(make_signer):
    signer = make_signer("progress:read", tenant="café")

    assert signer.get(**{"X-Tenant-Id": "café".encode().decode("latin-1")}).status_code == 200


def test_a_secret_signs_for_its_own_tenant_alone(make_signer, stored):
    ours, theirs = make_signer(), make_signer(tenant=GLOBEX)

    for tenant in (GLOBEX, "nobody", ACME.upper()):
        assert refused(Signer(ours.client, ours.secret, tenant).get(), "X-Signature is not that")
    assert refused(Signer(ours.client, theirs.secret, ACME).get(), "X-Signature is not that")
    assert stored() == 0


def test_another_secret_opens_nothing_and_a_failure_does_not_use_the_signature_up(signer, stored):
    for wrong in (signer.secret[:-1], signer.secret + "A", signer.secret.removeprefix("mp_sign_"), ""):
        assert refused(Signer(signer.client, wrong).get(), "X-Signature is not that")

    assert stored() == 0
    assert signer.get().status_code == 200


@pytest.mark.parametrize("changed", ["method", "path", "escape", "body", "no body", "timestamp", "order"])
def test_a_request_that_was_changed_on_its_way_is_refused(signer, given, changed, stored):
    given.define(SPEND)
    headers = signer.headers("POST", LOG, ENTRY)
    sent = {"path": LOG, "method": "POST", "data": ENTRY, "content_type": "application/json"}
    differences = {
        "method": {"method": "PUT"},
        "path": {"path": f"{LOG}s"},
        "escape": {"path": LOG.replace("_log", "%5Flog")},
        "body": {"data": ENTRY.replace(b"187.50", b"987.50")},
        "no body": {"data": b""},
        "timestamp": {"headers": {**headers, "X-Timestamp": str(SECONDS + 1)}},
        "order": {"data": ENTRY.replace(b": ", b":")},
    }

    response = signer.client.open(**{**sent, "headers": headers, **differences[changed]})

    # Whoever asks is looked at after the method: PUT is none of the path.
    assert response.status_code == (405 if changed == "method" else 401)
    assert stored() == 0
    assert signer.post().status_code == 201


def test_the_method_is_signed(signer):
    headers = signer.headers("HEAD", RECORDS)

    assert refused(signer.client.get(RECORDS, headers=headers), "X-Signature is not that")
    assert signer.client.head(RECORDS, headers=headers).status_code == 200


@pytest.mark.parametrize(
    "path", ["/signed/a%2Fb", "/signed/zo%c3%ab", "/signed/zo%C3%AB", "/signed/a+b", "/signed/%41;c"]
)
def test_a_path_is_signed_as_it_is_sent(signer, path):
    assert signer.get(f"{path}?a=b").status_code == 200


def test_a_whole_address_in_the_request_line_is_signed_by_its_path(signer):
    headers = signer.headers("GET", RECORDS)
    line = {"RAW_URI": f"http://localhost{RECORDS}?limit=5"}

    assert signer.client.get(RECORDS, headers=headers, environ_overrides=line).status_code == 200


def test_any_valid_secret_of_the_tenant_signs(make_signer):
    old, new = make_signer("progress:read"), make_signer("operations")

    assert (old.get().status_code, new.get("/metrics").status_code) == (200, 200)
    assert (old.get("/metrics").status_code, new.get(RECORDS).status_code) == (403, 403)


def test_a_scope_that_is_missing_is_403(make_signer):
    response = make_signer("operations").get()

    assert (response.status_code, response.json["code"]) == (403, "insufficient_scope")
    assert response.json["present"] == ["operations"]


def test_a_revoked_secret_signs_nothing_at_once_and_the_others_still_do(make_signer, reader):
    old, new = make_signer(), make_signer()
    assert old.get().status_code == 200

    assert signing_secrets.revoke(reader, signing_secrets.listed(reader)[0].id)

    assert refused(old.get(timestamp=SECONDS + 1), "X-Signature is not that")
    assert new.get().status_code == 200


def test_an_expired_secret_signs_nothing_from_its_moment_on(make_signer, clock):
    signer = make_signer(expires_at=NOW + timedelta(seconds=2))
    assert signer.get().status_code == 200

    clock.advance(seconds=2)

    assert refused(signer.get(timestamp=SECONDS + 1), "X-Signature is not that")


def test_a_key_decides_when_there_is_one(signer, make_key):
    key, wrong = make_key("progress:read").key, {"X-Signature": "hmac-sha256=no"}

    assert signer.get(**wrong, **{"X-API-Key": key}).status_code == 200
    assert signer.get(**wrong, Authorization=f"Bearer {key}").status_code == 200
    assert signer.get(**{"X-API-Key": "mp_live_no"}).status_code == 401
    assert signer.get(Authorization="Basic YTpi").status_code == 200


def test_each_secret_has_a_limit_of_its_own(make_signer, clock):
    one, other = make_signer(per_minute=2), make_signer(per_minute=1)

    answers = [one.get(timestamp=SECONDS + n) for n in range(3)]

    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert [answer.headers["X-RateLimit-Remaining"] for answer in answers] == ["1", "0", "0"]
    assert answers[2].headers["Retry-After"] == "60"
    assert other.get().status_code == 200


def test_a_body_over_the_limit_is_413_whoever_signed_it(make_signer, settings, stored):
    body = b" " * (settings.max_body_bytes + 1)
    stranger = Signer(make_signer().client, "no secret", "nobody")

    for signer in (make_signer(), stranger):
        assert signer.post(LOG, body).status_code == 413
        assert signer.post(LINES, body, "application/x-ndjson").status_code == 413
    assert stored() == 0


def test_a_body_at_the_limit_is_taken(signer, settings, given):
    given.define(SPEND)

    response = signer.post(body=ENTRY.ljust(settings.max_body_bytes))

    assert response.status_code == 201


def test_a_body_is_not_read_before_the_headers_are_good(app: Flask, signer):
    headers = signer.headers("POST", LOG, timestamp=SECONDS - 301)
    with app.test_request_context(LOG, method="POST", headers=headers, data=b"[1]", content_type="application/json"):
        response = app.full_dispatch_request()

        assert response.status_code == 401
        assert request.stream.read() == b"[1]"


def test_signatures_are_forgotten_when_they_could_not_be_accepted_any_more(signer, clock, stored):
    signer.get(timestamp=SECONDS + 300)
    kept = []
    for minutes in (5, 10, 15, 20):
        clock.moment = NOW + timedelta(minutes=minutes, seconds=1)
        signer.get(timestamp=int(clock.moment.timestamp()))
        kept.append(stored())

    assert kept == [2, 3, 3, 3]


def test_what_is_forgotten_a_bit_at_a_time_is_forgotten_in_the_end(signer, reader, stored, monkeypatch):
    monkeypatch.setattr("api.access.signing.FORGET_AT_ONCE", 4)
    reader.write(
        "INSERT INTO accepted_signatures SELECT 'acme', n::text::bytea, %(before)s FROM generate_series(1, 10) AS n",
        {"before": NOW - timedelta(seconds=1)},
    )

    kept = []
    for n in range(4):
        signer.get(timestamp=SECONDS + n)
        kept.append(stored())

    assert kept == [7, 4, 3, 4]


def test_a_secret_is_shown_once_and_is_another_each_time(reader):
    made = [signing_secrets.create(reader, tenant=ACME, name="a test", scopes=["progress:read"]) for _ in range(2)]

    kept = signing_secrets.listed(reader, ACME)

    assert len({one.signing_secret for one in made}) == 2
    assert [(one.id, one.secret.decode()) for one in kept] == [(one.id, one.signing_secret) for one in made]
    assert all(one.signing_secret.startswith(found.prefix) for one, found in zip(made, kept, strict=True))
    assert {len(one.signing_secret) for one in made} == {len("mp_sign_") + 43}


@pytest.mark.parametrize(
    ("wrong", "field"),
    [({"scopes": []}, "scopes"), ({"tenant": ""}, "tenant"), ({"name": ""}, "name"), ({"per_minute": 0}, "per_minute")],
)
def test_a_secret_that_makes_no_sense_is_not_made(reader, wrong, field):
    options = {"tenant": ACME, "name": "a test", "scopes": ["progress:read"], **wrong}

    with pytest.raises(InvalidInput) as refusal:
        signing_secrets.create(reader, **options)

    assert list(refusal.value.errors) == [field]
    assert signing_secrets.listed(reader) == []


def test_every_operation_of_the_documents_names_the_scheme(guest):
    for path in ("/schema/openapi.json", "/operations/openapi.json"):
        document = guest.get(path).json
        schemes = document["components"]["securitySchemes"]
        for item in document["paths"].values():
            for security in [one["security"] for one in item.values() if isinstance(one, dict) and one.get("security")]:
                assert {schemes[name]["name"] for name in security[-1]} == {"X-Tenant-Id", "X-Timestamp", "X-Signature"}
