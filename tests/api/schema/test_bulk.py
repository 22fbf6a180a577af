"""API, Writing: many entries in one request, as an array and as lines."""

import resource
from collections.abc import Iterator
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest
from werkzeug.exceptions import ClientDisconnected

from api.schema import bulk
from api.schema.outbox import PIECE, Outbox
from tests.api.conftest import Clock
from tests.api.schema.conftest import ADA, BOB, Ask, Asker, Game, entry, made, read, write

RECORD, RECORDS = "/schema/challenge_log/record", "/schema/challenge_log/records"
LINES = "application/x-ndjson"


class Body:
    """A body that is made while it is read."""

    def __init__(self, parts: Iterator[bytes]) -> None:
        self._parts, self._rest = parts, b""

    def read(self, size: int) -> bytes:
        while len(self._rest) < size and (part := next(self._parts, b"")):
            self._rest += part
        data, self._rest = self._rest[:size], self._rest[size:]
        return data


def streamed(asker: Asker, parts: Iterator[bytes], query: str = "", path: str = RECORDS) -> Iterator[dict[str, Any]]:
    """The answers to a body of lines, while it goes in."""
    response = asker.client.post(
        path + query,
        environ_overrides={"wsgi.input": Body(parts), "wsgi.input_terminated": True},
        content_type=LINES,
        headers=asker.headers,
    )
    assert (response.status_code, response.mimetype) == (200, LINES)
    rest = b""
    for piece in response.iter_encoded():
        *lines, rest = (rest + piece).split(b"\n")
        yield from map(read, lines)
    assert rest == b""


def line(of: Game | str, *args: Any, **changes: Any) -> bytes:
    """An entry in a challenge, unless a kind is named."""
    sent = of.entry(*args, **changes) if isinstance(of, Game) else entry(of, *args, **changes)
    return write(sent) + b"\n"


def value_of(asker: Asker, challenge: str) -> Any:
    """What Ada has gathered so far."""
    body = asker.post(RECORD, entry(challenge, str(uuid4()), 0)).body
    return body["challengeProgress"]["currentProgressValue"]


def test_each_entry_of_an_array_is_answered_in_order(game: Game, acme: Asker):
    definition, unknown = game.made(acme), str(uuid4())
    acme.post(game.log, game.entry(definition, "before", 1))
    body = [
        game.entry(definition, "a", 1),
        game.entry(definition, "before", 1),
        game.entry(unknown, "b", 1),
        game.entry(definition, "a", 1),
        game.entry(definition, "before", 2),
        game.entry(definition, "c", -1),
        "nonsense",
        game.entry(definition, "d", 2, ownedById=BOB),
    ]

    answer = acme.post(f"{game.log}s", body)

    data = answer.body["data"]
    assert answer.status == 200
    assert [one["status"] for one in data] == [201, 200, 400, 200, 409, 400, 400, 201]
    assert {name: answer.body[name] for name in ("accepted", "replayed", "refused")} == {
        "accepted": 2,
        "replayed": 2,
        "refused": 4,
    }
    assert [one["error"]["errors"] for one in data if "error" in one] == [
        {f"{game.slug}Id": [f"there is no {game.slug} {unknown}"]},
        {"uniqueIdentifier": ["'before' came before with other content"]},
        {"activityValue": ["must not be negative"]},
        {"body": ["must be a JSON object"]},
    ]
    assert data[0]["entry"] == {**acme.post(game.log, body[0]).body, "replayed": False}


def test_the_position_of_an_array_is_the_last_of_each_slice(acme: Asker, projector: None):
    challenge = made(acme)
    owners = [str(UUID(int=number)) for number in range(20)]

    answer = acme.post(RECORDS, [entry(challenge, "a", 1, ownedById=owner) for owner in owners])

    header = answer.headers["Position"]
    slices = [part.split(":")[0] for part in header.split(", ")]
    assert slices == sorted(set(slices))
    assert len(slices) > 1
    assert len(acme.get(f"{RECORD}?limit=100", **{"If-Position": header}).body["data"]) == 20


def test_an_array_has_a_most(acme: Asker):
    challenge = made(acme)

    answer = acme.post(RECORDS, [entry(challenge, str(number), 1) for number in range(1001)])

    assert (answer.status, answer.body["code"]) == (400, "invalid_input")
    assert answer.errors == {"body": ["holds 1001 entries, and an array may hold 1000: send application/x-ndjson"]}
    assert value_of(acme, challenge) == 0


@pytest.mark.parametrize(
    ("body", "content_type", "status", "message"),
    [
        (b"[1", "application/json", 400, "is not JSON: Expecting ',' delimiter at character 2"),
        (b"{}", "application/json", 400, "must be an array of at most 1000 entries"),
        (b'["\xff"', "application/json", 400, "is not UTF-8: byte 0xff at position 2"),
        (b"[]", "text/csv", 415, None),
        (b"[%s]" % (b" " * 2_000_000), "application/json", 413, None),
    ],
)
def test_a_body_that_is_no_array_is_a_problem(
    acme: Asker, body: bytes, content_type: str, status: int, message: str | None
):
    answer = acme.send("POST", RECORDS, body, content_type)

    assert answer.status == status
    assert answer.errors == ({"body": [message]} if message else {})


def test_an_empty_array_is_answered_with_nothing(acme: Asker):
    assert acme.post(RECORDS, []).body == {"data": [], "accepted": 0, "replayed": 0, "refused": 0}


def test_a_broken_line_is_answered_in_its_place_and_the_others_go_on(game: Game, acme: Asker):
    definition = game.made(acme)
    parts = [
        line(game, definition, "a", 1),
        b'{"challengeId": \n',
        b'{"activityId": "\xff"}\n',
        b'{"activityId": "' + b"a" * 2_000_000 + b'"}\n',
        b"\n  \r\n",
        line(game, definition, "a", 1),
        line(game, definition, "b", 1).strip(),
    ]

    answers = list(streamed(acme, iter(parts), path=f"{game.log}s"))

    assert [one["status"] for one in answers] == [201, 400, 400, 400, 200, 201]
    assert [one["error"]["errors"]["body"] for one in answers if "error" in one] == [
        ["is not JSON: Expecting value at character 15"],
        ["is not UTF-8: byte 0xff at position 16"],
        ["line 4 is longer than 1048576 bytes"],
    ]
    assert answers[0]["entry"]["uniqueIdentifier"] == "a"
    assert game.gathered(game.logged(acme, definition, "last", 0)) == 2


def test_every_line_says_where_in_the_log_it_is(acme: Asker, projector: None):
    challenge = made(acme)

    answers = list(streamed(acme, iter([line(challenge, "a", 1), line(challenge, "b", 1)])))

    listed = acme.get(RECORD, **{"If-Position": answers[-1]["position"]})
    assert {one["uniqueIdentifier"] for one in listed.body["data"]} == {"a", "b"}


def test_lines_are_answered_while_others_still_come(acme: Asker):
    challenge, sent = made(acme), []

    def parts() -> Iterator[bytes]:
        for number in range(3 * bulk.BATCH):
            sent.append(number)
            yield line(challenge, str(number), 1)

    answers = streamed(acme, parts())

    assert next(answers)["entry"]["uniqueIdentifier"] == "0"
    assert len(sent) < 2 * bulk.BATCH
    assert [one["entry"]["uniqueIdentifier"] for one in answers] == [str(number) for number in range(1, 3 * bulk.BATCH)]


def test_twenty_thousand_lines_are_taken_in_the_memory_of_a_few(acme: Asker):
    challenge = made(acme, completionTargetValue=100_000)
    owners = [str(UUID(int=number)) for number in range(1, 500)]
    count, sent = 20_000, 0

    def parts() -> Iterator[bytes]:
        nonlocal sent
        for number in range(count):
            sent += 1
            yield b"broken\n" if number % 1000 == 7 else line(challenge, str(number), 1, ownedById=owners[number % 499])

    statuses, waiting, peaks = [], 0, []
    for answer in streamed(acme, parts()):
        statuses.append(answer["status"])
        waiting = max(waiting, sent - len(statuses))
        if len(statuses) % (count // 2) == 0:
            peaks.append(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)

    assert (statuses.count(201), statuses.count(400)) == (count - 20, 20)
    assert waiting < 3 * bulk.BATCH
    assert peaks[1] - peaks[0] < peaks[0] / 10


def test_history_in_lines_needs_its_scope_and_leaves_no_lease_behind(acme: Asker, ask: Ask, database_url: str):
    challenge = made(acme)
    old = [line(challenge, str(day), 1, activityAt=f"2020-01-{day:02}T12:00:00Z") for day in range(1, 29)]

    refused = ask("logs:write").send("POST", f"{RECORDS}?backfill=true", b"".join(old), LINES)
    answers = list(streamed(ask("logs:backfill"), iter(old), "?backfill=true"))

    assert refused.body["code"] == "insufficient_scope"
    assert all(one["entry"]["counted"] for one in answers)
    with psycopg.connect(database_url) as connection:
        leases = connection.execute("SELECT expires_at <= clock_timestamp() FROM imports").fetchall()
    assert leases == [(True,)]


def test_users_come_with_lines_and_arrays(acme: Asker):
    challenge = made(acme)

    def by(name: str, first_name: str) -> dict[str, Any]:
        body = {**entry(challenge, name, 1), "ownedBy": {"externalId": "u1", "firstName": first_name}}
        del body["ownedById"]
        return body

    first = acme.post(RECORDS, [by("a", "Ada"), by("b", "Augusta")]).body["data"]
    second = list(streamed(acme, iter([write(by("c", "Ada"))])))

    assert [one["entry"]["ownedById"] for one in (*first, *second)] == [first[0]["entry"]["ownedById"]] * 3
    [user] = acme.get("/schema/account_user/record").body["data"]
    assert (user["externalId"], user["firstName"]) == ("u1", "Ada")


def test_a_replay_in_lines_loads_nothing_twice(acme: Asker, clock: Clock):
    challenge = made(acme)
    parts = [line(challenge, str(number), 1) for number in range(300)]
    first = list(streamed(acme, iter(parts)))
    clock.advance(hours=1)

    second = list(streamed(acme, iter(parts)))

    assert {one["status"] for one in second} == {200}
    assert [one["entry"]["id"] for one in second] == [one["entry"]["id"] for one in first]
    assert value_of(acme, challenge) == 300


def test_a_log_that_does_not_answer_in_time_is_said_for_each_entry_and_can_be_tried_again(
    acme: Asker, database_url: str
):
    challenge = made(acme)
    body = [entry(challenge, "a", 1), entry(challenge, "b", -1)]

    with psycopg.connect(database_url) as connection:
        connection.execute("SELECT FROM slices FOR UPDATE")
        single = acme.post(RECORD, body[0])
        many = acme.post(RECORDS, body)

    assert (single.status, single.body["code"], single.headers["Retry-After"]) == (503, "busy", "1")
    assert [(one["status"], one["error"]["code"]) for one in many.body["data"]] == [
        (503, "busy"),
        (400, "invalid_input"),
    ]
    assert [one["status"] for one in acme.post(RECORDS, body).body["data"]] == [201, 400]


def test_a_sender_who_goes_away_leaves_what_was_recorded_and_no_lease(acme: Asker, database_url: str):
    challenge = made(acme)

    def parts() -> Iterator[bytes]:
        for number in range(2 * bulk.BATCH):
            yield line(challenge, str(number), 1)
        raise ClientDisconnected

    answers = streamed(acme, parts(), "?backfill=true")
    with pytest.raises(ClientDisconnected):
        list(answers)

    assert value_of(acme, challenge) >= bulk.BATCH
    with psycopg.connect(database_url) as connection:
        leases = connection.execute("SELECT expires_at <= clock_timestamp() FROM imports").fetchall()
    assert leases == [(True,)]


def test_end_users_send_nothing(ask: Ask):
    assert ask(owner=ADA).send("POST", RECORDS, b"", LINES).status == 403


def test_a_client_that_does_not_read_yet_is_not_waited_for():
    """Most clients send all of a body before they read: sending to them meanwhile would block both sides for ever."""
    reads = iter([True, False, False, True, True, True])
    outbox = Outbox(lambda: next(reads))
    outbox.put(b"a" * PIECE + b"b")

    early = list(outbox.ready())
    outbox.put(b"c" * PIECE)
    blocked = list(outbox.ready())
    late = b"".join(outbox.ready())
    rest = b"".join(outbox.rest())
    outbox.close()

    assert early == [b"a" * PIECE]
    assert blocked == []
    assert late + rest == b"b" + b"c" * PIECE
