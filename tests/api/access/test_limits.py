"""API, Who may ask: limits per key and end user."""

import pytest

from api import logs
from api.access.limits import Limits
from tests.api.conftest import NOW, token
from tests.api.given import ADA, BOB

RECORDS = "/schema/challenge_progress/record"
MINUTE_ENDS = int(NOW.timestamp()) + 60


def standing(response) -> tuple[int, ...]:
    return tuple(int(response.headers[f"X-RateLimit-{name}"]) for name in ("Limit", "Remaining", "Reset"))


def test_every_answer_says_where_the_caller_stands(client_of, make_key):
    client = client_of(make_key("progress:read", per_minute=5).key)

    answers = [
        client.get(RECORDS),
        client.get(f"{RECORDS}?limit=no"),
        client.get("/metrics"),
        client.get(f"{RECORDS}/x"),
    ]

    assert [answer.status_code for answer in answers] == [200, 400, 403, 400]
    assert list(map(standing, answers)) == [(5, left, MINUTE_ENDS) for left in (4, 3, 2, 1)]


def test_what_exceeds_the_minute_is_refused_until_the_next(client_of, make_key, clock):
    client = client_of(make_key("progress:read", per_minute=2).key)
    clock.advance(seconds=20)

    answers = [client.get(RECORDS) for _ in range(3)]
    clock.advance(seconds=40)

    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert answers[2].headers["Retry-After"] == "40"
    assert standing(answers[2]) == (2, 0, MINUTE_ENDS)
    assert answers[2].content_type == "application/problem+json"
    assert answers[2].json["code"] == "rate_limited"
    assert client.get(RECORDS).status_code == 200


def test_the_nearest_limit_is_the_one_that_is_said(client_of, make_key, clock):
    client = client_of(make_key("progress:read", per_minute=3, per_hour=4).key)

    first = [standing(client.get(RECORDS))[:2] for _ in range(2)]
    clock.advance(minutes=1)
    then = [client.get(RECORDS) for _ in range(3)]

    assert first == [(3, 2), (3, 1)]
    assert [(answer.status_code, *standing(answer)[:2]) for answer in then] == [(200, 4, 1), (200, 4, 0), (429, 4, 0)]
    assert then[2].headers["Retry-After"] == str(44 * 60)


def test_keys_are_counted_apart(client_of, make_key):
    one, other = (client_of(make_key("progress:read", per_minute=1).key) for _ in range(2))

    assert [one.get(RECORDS).status_code for _ in range(2)] == [200, 429]
    assert other.get(RECORDS).status_code == 200


def test_an_end_user_uses_up_neither_the_key_nor_another_end_user(client_of, make_key):
    key = make_key("progress:read", per_minute=1)
    ada, again, bob = (client_of(token(key, sub=owner, jti=str(n))) for n, owner in enumerate((ADA, ADA, BOB)))

    assert [client.get(RECORDS).status_code for client in (ada, again, bob)] == [200, 429, 200]
    assert client_of(key.key).get(RECORDS).status_code == 200


def test_a_guest_has_no_standing(guest):
    assert "X-RateLimit-Limit" not in guest.get(RECORDS).headers


def test_counters_of_windows_that_are_over_are_forgotten(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("api.access.limits.MAX_COUNTERS", 10)
    limits = Limits("memory://")

    seen = [limits.hit(f"caller {n}", 5, 50, now=60.0 * n).remaining for n in range(100)]
    busy = [limits.hit("busy", 5, 50, now=10_000.0).remaining for _ in range(3)]

    assert set(seen) == {4}
    assert busy == [4, 3, 2]


def test_while_redis_does_not_answer_nobody_is_limited(capfd: pytest.CaptureFixture[str]):
    logs.configure("warning")
    limits = Limits("redis://nobody:secret@127.0.0.1:1/0")

    found = [limits.hit("caller", 1, 1, now=0.0) for _ in range(2)]

    assert [one.exceeded for one in found] == [False, False]
    assert "limits are not counted" in capfd.readouterr().err
