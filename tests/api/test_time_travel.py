"""Progress as it was: asOf and knownAt on the reads that name one record or one owner."""

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from flask.testing import FlaskClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from domain.commands import AddMilestone, Define, LogEntry, Redefine, VoidEntry
from domain.ids import engagement_id
from domain.vocabulary import DefinitionStatus, Slug
from tests.api.conftest import ACME, NOW, Clock, token
from tests.api.given import ADA, BOB, DAILY_SPEND, SPEND, STEPS, UNKNOWN, VISITS, Given
from tests.domain.given_travel import EDITS, GAMES, RULES, steps

EXAMPLES = settings(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)


def written(moments: dict[str, datetime]) -> str:
    """Moments as a query has them."""
    return "&".join(f"{name}={moment:%Y-%m-%dT%H:%M:%S.%fZ}" for name, moment in moments.items())


class Life:
    """One owner on a definition of their own, and what a reader saw of it, moment by moment."""

    def __init__(self, slug: Slug, given: Given, clock: Clock, client: FlaskClient, catch_up: Callable[[], None]):
        self.slug, self.log, self.clock, self.client, self.catch_up = slug, given.log, clock, client, catch_up
        self.definition, self.owner, self.entries = uuid4(), str(uuid4()), []
        self.seen: dict[datetime, Any] = {}
        words, _, told = GAMES[slug]
        fields = words.fields(**{**RULES, **told})
        commands = [Define(id=self.definition, slug=slug, fields=fields)]
        for target in (1, 2):
            about = {"id": uuid4(), "slug": slug, "definition_id": self.definition}
            commands.append(AddMilestone(**about, fields={"target_value": target, "repeatable": target == 1}))
        self.log.define(ACME, self.definition, *commands, now=clock())

    def live(self, told: Iterable[tuple[str, int, int]]) -> None:
        """After each step somebody looks, and once more before the next."""
        for kind, minutes, number in told:
            self.clock.advance(minutes=minutes / 2)
            self.look()
            self.clock.advance(minutes=minutes / 2)
            self.step(kind, number)
            self.catch_up()
            self.look()

    def step(self, kind: str, number: int) -> None:
        now = self.clock()
        match kind:
            case "enter":
                self.entries.append(self.enter(self.owner, now - timedelta(minutes=number)))
                self.enter(BOB, now)
            case "advance":
                stream = engagement_id(ACME, self.definition, self.owner, self.slug)
                self.log.advance(ACME, [stream], now=now)
            case "void" if self.entries:
                entry = self.entries[-1 - abs(number) % len(self.entries)]
                self.log.void_entry(ACME, VoidEntry(entry_id=entry, reason="refunded", actor="me"), now=now)
            case "pause" | "resume":
                self.change(status=DefinitionStatus.PAUSED if kind == "pause" else DefinitionStatus.LIVE)
            case "edit":
                self.change(name=f"as of {now:%c}", **EDITS[self.slug][number % 3])

    def change(self, **changes: Any) -> None:
        command = Redefine(id=self.definition, slug=self.slug, changes=changes)
        self.log.define(ACME, self.definition, command, now=self.clock())

    def enter(self, owner: str, at: datetime) -> UUID:
        entry = LogEntry(
            definition_id=self.definition,
            owner_id=owner,
            activity_at=at,
            unique_identifier=str(len(self.entries)),
            slug=self.slug,
        )
        return self.log.log_entry(ACME, entry, now=self.clock()).id

    def look(self) -> None:
        self.seen[self.clock()] = self.ask()

    def ask(self, **moments: datetime) -> Any:
        """The owner's list, each of its records asked for by its id, and where the streaks dialect says they stand."""
        query = f"ownedById={self.owner}&limit=1000&{written(moments)}"
        path = f"/schema/{self.slug}_progress/record"
        listed = self.get(f"{path}?{query}")
        for record in listed["data"][:2]:
            assert self.get(f"{path}/{record['id']}?{written(moments)}") == record
        if self.slug is Slug.CHALLENGE:
            return listed
        names = {"asOf": "as_of", "knownAt": "known_at"}
        then = written({names[name]: moment for name, moment in moments.items()})
        return listed, self.get(f"/v1/streaks/{ACME}/users/{self.owner}?{then}")

    def get(self, path: str) -> Any:
        response = self.client.get(path)
        assert response.status_code == 200, response.text
        return response.json


@EXAMPLES
@given(slug=st.sampled_from([Slug.CHALLENGE, Slug.STREAK]), data=st.data(), orderly=st.booleans())
def test_an_answer_about_a_moment_is_the_answer_that_was_given_then(slug, data, orderly, request):
    """`knownAt` whatever happened; `asOf` when everything came in order and nothing was taken back."""
    given, clock, admin, catch_up = map(request.getfixturevalue, ("given", "clock", "admin", "catch_up"))
    clock.moment = max(clock.moment, NOW)
    life = Life(slug, given, clock, admin, catch_up)
    life.live(data.draw(steps(orderly=orderly, voids=not orderly)))

    assert life.ask(asOf=clock()) == life.ask(knownAt=clock()) == life.ask()
    for moment, answer in life.seen.items():
        assert life.ask(knownAt=moment) == life.ask(asOf=moment, knownAt=moment) == answer
        if orderly:
            assert life.ask(asOf=moment) == answer


@pytest.mark.parametrize("late", [0, 110], ids=["in order", "with the gap filled late"])
def test_a_run_that_is_foreseen_is_there_at_the_moments_at_which_it_was_seen(late, given, clock, admin, catch_up):
    """RULES 5, never stale: within the grace of a missed hour the next run reads in progress already."""
    life = Life(Slug.STREAK, given, clock, admin, catch_up)
    # Two entries meet an hour, none the next one, two the one behind it; its break is written only much later.
    life.live([("enter", 2, 0), ("enter", 2, 0), ("enter", 120, 0), ("enter", 2, 0)])
    runs = [[(one["streakProgressStatus"], one["currentProgressValue"]) for one in life.ask()[0]["data"]]]
    life.live([("enter", 3, late), ("enter", 2, late), ("advance", 300, 0), ("enter", 5, 0)])

    assert runs == [[("in_progress", 1), ("broken", 1)]]
    assert life.ask(asOf=clock()) == life.ask(knownAt=clock()) == life.ask()
    for moment, answer in life.seen.items():
        assert life.ask(knownAt=moment) == life.ask(asOf=moment, knownAt=moment) == answer
        assert late or life.ask(asOf=moment) == answer


RECORDS, STREAKS = "/schema/challenge_progress/record", "/schema/streak_progress/record"
BEFORE = NOW - timedelta(hours=1)


@pytest.fixture
def spent(given: Given, clock: Clock) -> Given:
    """Ada spent 300 at 10:15, and 250 at 9:15, of which the log heard at 12:15; Bob spent 1. It is 14:15."""
    given.define(SPEND)
    given.entry(SPEND, ADA, "300")
    given.entry(SPEND, BOB, "1")
    clock.advance(hours=2)
    given.entry(SPEND, ADA, "250", at=BEFORE)
    clock.advance(hours=2)
    return given


@pytest.fixture
def read(admin: FlaskClient) -> Callable[..., Any]:
    """`read(asOf="09:30")`: what Ada had on the 3rd of April, as (value, status, completed at)."""

    def read(**moments: str) -> list[tuple[Any, ...]]:
        then = {name: f"2026-04-03T{time}:00Z" for name, time in moments.items()}
        response = admin.get(RECORDS, query_string={"ownedById": ADA, **then})
        assert response.status_code == 200, response.text
        return [
            (one["currentProgressValue"], one["challengeProgressStatus"], one["challengeCompletedAt"])
            for one in response.json["data"]
        ]

    return read


@pytest.mark.usefixtures("spent")
def test_what_came_late_is_there_from_the_moment_at_which_it_happened(read):
    """Nothing of this was asked from the read tables: no projector has run."""
    assert read(asOf="09:00") == []
    assert read(asOf="09:15") == [(250, "in_progress", None)]
    assert read(asOf="10:15") == [(550, "completed", "2026-04-03T09:15:00.000Z")]
    assert read(knownAt="10:00") == []
    assert read(knownAt="11:00") == [(300, "in_progress", None)]
    assert read(asOf="09:30", knownAt="11:00") == []
    assert read(asOf="09:30", knownAt="13:00") == [(250, "in_progress", None)]
    assert read(asOf="13:00", knownAt="11:00") == [(300, "in_progress", None)]


def test_an_entry_that_was_taken_back_was_never_there_and_was_known_until_then(spent, clock, read):
    """RULES 7: the run stays completed, from the moment at which it was on."""
    entry = spent.entry(SPEND, ADA, "100", at=clock() - timedelta(hours=1))
    clock.advance(hours=1)
    spent.log.void_entry(ACME, VoidEntry(entry_id=entry.id, reason="refunded", actor="me"), now=clock())

    assert [value for value, *_ in read(asOf="13:30")] == [550]
    assert [value for value, *_ in read(asOf="13:30", knownAt="14:30")] == [650]
    assert [value for value, *_ in read(knownAt="14:30")] == [650]
    assert [value for value, *_ in read(knownAt="15:15")] == [550]


def test_a_void_after_the_seal_changed_no_outcome_at_any_moment(given, clock, admin):
    given.define(DAILY_SPEND)
    entry = given.entry(DAILY_SPEND, ADA, "60")
    clock.advance(days=3)
    given.log.void_entry(ACME, VoidEntry(entry_id=entry.id, reason="refunded", actor="me"), now=clock())

    found = [
        admin.get(STREAKS, query_string={"ownedById": ADA, "asOf": moment}).json["data"][0]
        for moment in ("2026-04-03T12:00:00Z", "2026-04-06T10:15:00Z")
    ]

    assert [(one["currentProgressValue"], one["streakProgressStatus"]) for one in found] == [
        (1, "in_progress"),
        (1, "broken"),
    ]


def test_a_moment_is_answered_with_what_the_definition_excused_then(given, clock, admin):
    """A record that a pause has withdrawn since is found where it still was."""
    given.define(SPEND, aggregation_period="daily")
    given.entry(SPEND, ADA, "100")
    clock.advance(hours=1)
    given.log.define(ACME, SPEND, Redefine(id=SPEND, slug=Slug.CHALLENGE, changes={"status": "paused"}), now=clock())
    clock.advance(days=2)
    given.log.advance(ACME, [engagement_id(ACME, SPEND, ADA)], now=clock())

    then, now = (
        admin.get(RECORDS, query_string={"ownedById": ADA, "asOf": moment}).json["data"]
        for moment in ("2026-04-03T10:30:00Z", "2026-04-05T10:30:00Z")
    )

    assert (len(then), now) == (1, [])
    path = f"{RECORDS}/{then[0]['id']}"
    assert admin.get(f"{path}?asOf=2026-04-03T10:30:00Z").json == then[0]
    assert admin.get(f"{path}?asOf=2026-04-05T10:30:00Z").status_code == 404


@pytest.mark.usefixtures("spent")
@pytest.mark.parametrize("name", ["asOf", "knownAt"])
@pytest.mark.parametrize("path", ["", f"/{UNKNOWN}"])
def test_a_moment_is_one_that_has_been(acme, name, path):
    for moment, message in (
        ("2026-04-03T14:15:00.000001Z", "must not be in the future"),
        ("yesterday", "must be a time as in RFC 3339: 2026-04-03T10:15:00Z"),
        ("2026-04-03T10:15:00", "must say its offset from UTC: 2026-04-03T10:15:00Z"),
    ):
        response = acme.get(f"{RECORDS}{path}", query_string={name: moment, **({} if path else {"ownedById": ADA})})
        assert (response.status_code, response.json["errors"]) == (400, {name: [message]})


@pytest.mark.usefixtures("spent")
def test_a_list_of_a_moment_is_one_owners(acme, make_key, client_of, clock):
    key, expires = make_key("progress:read"), int(clock().timestamp()) + 600
    ada, bob = (client_of(token(key, sub=owner, exp=expires)) for owner in (ADA, BOB))
    query = {"asOf": "2026-04-03T14:00:00Z"}

    refused = acme.get(RECORDS, query_string=query)

    assert (refused.status_code, refused.json["errors"]) == (
        400,
        {"ownedById": ["is needed with asOf and knownAt"]},
    )
    own = ada.get(RECORDS, query_string=query).json
    assert [one["ownedById"] for one in own["data"]] == [ADA]
    assert own == acme.get(RECORDS, query_string={"ownedById": ADA, **query}).json
    assert bob.get(RECORDS, query_string={"ownedById": ADA, **query}).json["data"] == []
    identifier = own["data"][0]["id"]
    assert ada.get(f"{RECORDS}/{identifier}", query_string=query).status_code == 200
    assert bob.get(f"{RECORDS}/{identifier}", query_string=query).status_code == 404


@pytest.mark.usefixtures("spent")
def test_a_moment_of_one_tenant_is_not_anothers(acme, globex):
    query = {"asOf": "2026-04-03T14:00:00Z"}
    (record,) = acme.get(RECORDS, query_string={"ownedById": ADA, **query}).json["data"]

    assert globex.get(f"{RECORDS}/{record['id']}", query_string=query).status_code == 404
    (theirs,) = globex.get(RECORDS, query_string={"ownedById": ADA, **query}).json["data"]
    assert theirs["currentProgressValue"] == 1


def test_filters_sorting_and_pages_are_those_of_any_list(given, clock, acme):
    for _ in range(5):
        given.define(*([SPEND] if clock() == NOW else []), aggregation_period="daily")
        given.entry(SPEND, ADA, "600" if clock().day % 2 else "1")
        clock.advance(days=1)
    query = {"ownedById": ADA, "asOf": "2026-04-06T12:00:00Z", "sortBy": "createdAt", "fields": "challengeStartedAt"}

    def days(**more: Any) -> tuple[list[int], str | None]:
        answer = acme.get(RECORDS, query_string={**query, **more})
        return [int(one["challengeStartedAt"][8:10]) for one in answer.json["data"]], answer.headers.get("Link")

    assert days()[0] == [3, 4, 5, 6]
    assert days(challengeProgressStatus="failed")[0] == [4]
    assert days(challengeProgressStatus="in_progress")[0] == [6]
    assert days(offset=1, limit=2)[0] == [4, 5]
    first, link = days(limit=3)
    assert (first, "asOf=2026-04-06" in link) == ([3, 4, 5], True)
    rest = acme.get(link[1:].partition(">")[0]).json
    assert [one["challengeStartedAt"][8:10] for one in rest["data"]] == ["06"]


@pytest.mark.parametrize("sort", ["createdAt", "-updatedAt", "currentProgressValue", "-currentProgressValue"])
def test_pages_over_several_challenges_are_those_of_the_plain_list(given, clock, acme, catch_up, sort):
    given.define(SPEND, VISITS, STEPS, aggregation_period="daily")
    for number in range(12):
        given.entry((SPEND, VISITS, STEPS)[number * 7 % 3], ADA, str(number * 5 % 7))
        clock.advance(hours=7)
    catch_up()

    def pages(**moment: str) -> list[Any]:
        query = {"ownedById": ADA, "sortBy": sort, "limit": 4, "fetchTotalCount": "true", **moment}
        found = [acme.get(RECORDS, query_string=query).json]
        for cursor in iter(lambda: found[-1]["paging"]["nextCursor"], None):
            found.append(acme.get(RECORDS, query_string={**query, "cursor": cursor}).json)
        return [*found, acme.get(RECORDS, query_string={**query, "offset": 3}).json]

    plain = pages()
    assert len(plain) > 3
    assert pages(asOf=clock().isoformat()) == plain


@pytest.mark.usefixtures("spent")
def test_an_answer_about_the_past_stays_and_holds_the_whole_log(acme, clock, catch_up):
    path = f"{RECORDS}?ownedById={ADA}&asOf=2026-04-03T11:00:00Z&knownAt=2026-04-03T13:00:00Z"
    first = acme.get(path)
    clock.advance(days=40)
    catch_up()

    again = acme.get(path, headers={"If-None-Match": first.headers["ETag"]})

    assert again.status_code == 304
    # Of the log itself, whatever the read tables hold: up to a grace before now, by the clock of the database.
    through = datetime.fromisoformat(first.headers["Consistent-Through"])
    assert timedelta(0) <= datetime.now(through.tzinfo) - through < timedelta(seconds=60)
    plain = acme.get(RECORDS).headers["ETag"]
    assert plain != first.headers["ETag"]
