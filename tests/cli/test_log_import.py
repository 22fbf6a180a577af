"""`milepost log import`: what is good is loaded once, what is bad is told by line number and reason."""

import gzip
import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from operator import itemgetter
from uuid import UUID

import psycopg
import pytest

from domain.commands import Define
from domain.vocabulary import DefinitionStatus, Method, Period, Slug
from projections import challenge_progress, learn_progress, practice_progress, streak_progress
from projections.listing import Page
from projections.training import Part
from tests.cli.conftest import ADA, BOB, CHALLENGE
from tests.given_training import Training

NOW = datetime.now(UTC)
STREAK = UUID("0a31a1de-44c6-4a43-a0d7-5b8e2a7f9d05")


def entry(key="order-1", value=100, owner=ADA, at="2025-04-03T10:15:00Z", **more):
    named = {"kind": "challenge_log", "challengeId": str(CHALLENGE), "ownedById": owner}
    return {**named, "activityAt": at, "uniqueIdentifier": key, "activityValue": value, **more}


def in_streak(key="order-1", value=100, **more):
    named = {name: found for name, found in entry(key, value).items() if name != "challengeId"}
    return {**named, "kind": "streak_log", "streakId": str(STREAK), **more}


def lines(*entries, end="\n"):
    return "".join(json.dumps(one) + end for one in entries).encode()


@pytest.fixture
def load(milepost, tmp_path, challenge):
    """Import a file of these bytes as a backfill; answer the result and what is in the rejects file."""

    def run(content, *options, name="entries.jsonl", backfill=("--backfill",)):
        file = tmp_path / name
        file.write_bytes(content)
        result = milepost("log", "import", file, *backfill, "--json", *options)
        rejects = tmp_path / f"{name}.rejects.jsonl"
        result.rejects_path = rejects
        return result, sorted(read_rejects(rejects), key=itemgetter("line")) if rejects.exists() else None

    return run


def read_rejects(path):
    return [json.loads(line) for line in path.read_text().splitlines()]


def counts(result):
    figures = json.loads(result.stdout)
    return tuple(figures[name] for name in ("read", "loaded", "replayed", "refused"))


@pytest.fixture
def streak(log):
    """A live streak of the tenant `default`: 50 a day, for two days."""
    fields = {
        "name": "50 a day",
        "aggregation_method": Method.SUM,
        "aggregation_period": Period.DAILY,
        "aggregation_target_value": Decimal(50),
        "completion_target_value": 2,
        "status": DefinitionStatus.LIVE,
    }
    log.define(
        "default", STREAK, Define(id=STREAK, slug=Slug.STREAK, fields=fields), now=datetime(2025, 1, 1, tzinfo=UTC)
    )


def values(reader, tenant="default"):
    listed = challenge_progress.of_tenant(reader, tenant, {}, Page(sort="started_at", descending=False), now=NOW)
    return [(row.owner_id, row.status, row.value) for row in listed.rows]


def test_every_line_is_an_entry_and_history_seals_itself(load, reader):
    april = [entry("a", 187.5), entry("b", 400, at="2025-04-04T10:00:00Z")]
    content = lines(*april, entry("c", 1, BOB, "2025-05-01T00:00:00Z"))

    result, rejects = load(content)

    assert (result.exit_code, counts(result), rejects) == (0, (3, 3, 0, 0), None)
    assert values(reader) == [(ADA, "completed", 587.5), (BOB, "failed", 1)]


def test_without_backfill_the_clock_is_now_and_old_entries_come_too_late(load, log, reader):
    recent = (NOW - timedelta(seconds=1)).isoformat()

    result, _ = load(lines(entry("old"), entry("new", 7, at=recent)), backfill=())

    assert counts(result) == (2, 2, 0, 0)
    assert values(reader) == [(ADA, "in_progress", 7)]


def test_a_bad_line_is_refused_with_its_number_and_reason_and_the_rest_is_loaded(load):
    without_time = entry("d")
    del without_time["activityAt"]
    content = lines(entry("a")) + b'{"kind": }\n' + lines(entry("c", -5), without_time, entry("e"))

    result, rejects = load(content)

    assert (result.exit_code, counts(result)) == (1, (5, 2, 0, 3))
    assert [one["line"] for one in rejects] == [2, 3, 4]
    assert rejects[0]["reason"].startswith("body: is not JSON")
    assert rejects[0]["entry"] == '{"kind": }'
    assert rejects[1]["errors"] == {"activityValue": ["must not be negative"]}
    assert rejects[1]["entry"] == entry("c", -5)
    assert rejects[2]["reason"] == "activityAt: is needed"
    assert result.stderr == f"Error: 3 lines were refused: {result.rejects_path} says why\n"


def test_an_entry_of_a_challenge_that_is_not_there_is_refused_by_its_wire_name(load):
    other = "11111111-1111-4111-8111-111111111111"

    result, rejects = load(lines(entry(), entry(challengeId=other)))

    assert counts(result) == (2, 1, 0, 1)
    assert rejects[0]["errors"] == {"challengeId": [f"there is no challenge {other}"]}


def test_lines_of_both_kinds_go_to_their_own_logs(load, streak, reader):
    days = [in_streak(f"day-{day}", 60, activityAt=f"2025-04-0{day}T10:00:00Z") for day in (1, 2, 5)]

    result, rejects = load(lines(*days, entry("a", 500), in_streak("day-1", 60, activityAt="2025-04-01T10:00:00Z")))

    assert (result.exit_code, counts(result), rejects) == (0, (5, 4, 1, 0), None)
    assert values(reader) == [(ADA, "completed", 500)]
    page = Page(sort="started_at", descending=False)
    runs = streak_progress.of_tenant(reader, "default", {}, page, now=NOW).rows
    assert [(run.owner_id, run.status, run.value) for run in runs] == [(ADA, "completed", 2), (ADA, "broken", 1)]


def in_training(kind, key, at, **said):
    return {"kind": kind, "ownedById": ADA, "activityAt": at, "uniqueIdentifier": key, **said}


def phase(key, number, at, **more):
    said = {"topicId": "xss", "challengeIndex": 0, "phase": number, "score": 40, "language": "python", **more}
    return in_training("practice_log", key, at, **said)


def test_practice_and_learn_lines_are_loaded_once_and_wrong_ones_told_by_their_fields(load, log, reader):
    Training(log, lambda: NOW, "default").topic("xss", 2).scenario("jwt", 7)
    good = [
        phase("one", 1, "2025-04-01T10:00:00Z"),
        phase("two", 2, "2025-04-01T10:05:00Z"),
        phase("early", 2, "2025-04-01T10:06:00Z", challengeIndex=1),
        in_training("learn_log", "opened", "2025-04-02T10:00:00Z", scenarioId="jwt"),
        in_training("learn_log", "done", "2025-04-02T10:30:00Z", scenarioId="jwt", step=99),
    ]
    bad = [
        phase("a", 1, "2025-04-03T10:00:00Z", score=51),
        phase("b", 1, "2025-04-03T10:00:00Z", topicId="csrf"),
        phase("c", 1, "2025-04-03T10:00:00Z", challengeIndex=2),
        in_training("learn_log", "d", "2025-04-03T10:00:00Z", scenarioId="xss"),
    ]

    result, rejects = load(lines(*good, *bad))
    again, _ = load(lines(*good))

    assert (counts(result), counts(again)) == ((9, 5, 0, 4), (5, 0, 5, 0))
    assert [list(one["errors"]) for one in rejects] == [["score"], ["topicId"], ["challengeIndex"], ["scenarioId"]]
    (solved,) = practice_progress.of_owner(reader, "default", ADA, Part()).rows
    (learned,) = learn_progress.of_owner(reader, "default", ADA, Part()).rows
    assert (solved.challenge_index, solved.score, solved.language) == (0, 80, "python")
    assert (learned.current_step, learned.total_steps) == (7, 7)
    assert learned.completed_at == datetime(2025, 4, 2, 10, 30, tzinfo=UTC)


def test_a_line_of_one_kind_may_not_name_a_definition_of_the_other(load, streak):
    result, rejects = load(lines(in_streak(streakId=str(CHALLENGE)), entry(challengeId=str(STREAK)), in_streak()))

    assert counts(result) == (3, 1, 0, 2)
    assert [one["errors"] for one in rejects] == [
        {"streakId": [f"there is no streak {CHALLENGE}"]},
        {"challengeId": [f"there is no challenge {STREAK}"]},
    ]


def test_the_fields_of_a_line_are_those_of_its_kind(load, streak):
    result, rejects = load(lines({**entry(), "kind": "streak_log"}), "--kind", "challenge_log")

    assert counts(result) == (1, 0, 0, 1)
    assert rejects[0]["errors"] == {"challengeId": ["is not a field"], "streakId": ["is needed"]}


def test_a_kind_that_is_not_known_is_refused(load):
    result, rejects = load(lines(entry(), entry(kind="gym_log")))

    assert counts(result) == (2, 1, 0, 1)
    assert rejects[0]["reason"] == "kind: 'gym_log' is not a log that takes entries"


def test_a_line_names_its_kind_or_the_option_does(load):
    nameless = entry()
    del nameless["kind"]

    without, rejects = load(lines(nameless))
    with_option, _ = load(lines(nameless), "--kind", "challenge_log")

    assert counts(without) == (1, 0, 0, 1)
    assert rejects[0]["reason"] == "kind: the line names none, and --kind was not given"
    assert (with_option.exit_code, counts(with_option)) == (0, (1, 1, 0, 0))


def test_a_kind_that_the_option_does_not_know_is_wrong_usage(load):
    result, _ = load(b"", "--kind", "gym_log")

    assert result.exit_code == 2


def test_a_byte_order_mark_windows_line_ends_and_empty_lines_do_no_harm(load):
    content = b"\xef\xbb\xbf" + lines(entry("a"), end="\r\n") + b"\r\n  \n" + lines(entry("b"), {}, end="\r\n")[:-2]

    result, rejects = load(content)

    assert counts(result) == (3, 2, 0, 1)
    assert rejects[0]["line"] == 5


def test_bytes_that_are_no_utf_8_are_refused_where_they_are(load):
    content = lines(entry("a")).replace(b"challenge_log", b"challenge\xff_log")

    result, rejects = load(content + lines(entry("b")))

    assert counts(result) == (2, 1, 0, 1)
    assert rejects[0]["reason"].startswith("body: is not UTF-8: byte 0xff at position")
    assert "challenge\ufffd_log" in rejects[0]["entry"]


def test_a_line_of_two_megabytes_is_refused_and_the_next_one_is_read(load):
    long = entry("a", activityId="x" * 2_000_000)

    result, rejects = load(lines(long, entry("b")))

    assert counts(result) == (2, 1, 0, 1)
    assert (rejects[0]["line"], rejects[0]["reason"]) == (1, "the line is longer than 1048576 bytes")
    assert len(json.dumps(rejects[0])) < 1_000


def test_a_gzipped_file_is_known_by_its_bytes(load):
    content = gzip.compress(lines(entry("a"))) + gzip.compress(lines(entry("b")))

    result, _ = load(content, name="no-telling-name")

    assert (result.exit_code, counts(result)) == (0, (2, 2, 0, 0))


def test_a_gzipped_file_that_is_cut_off_is_loaded_as_far_as_it_goes(load):
    content = gzip.compress(lines(*(entry(f"order-{number}") for number in range(500))))

    result, _ = load(content[:-20], name="entries.jsonl.gz")

    read, loaded, _, refused = counts(result)
    assert result.exit_code == 1
    assert "the compressed data is broken after line" in result.stderr
    assert 0 < read == loaded < 500
    assert refused == 0


def test_the_same_file_again_loads_nothing_twice(load, reader):
    content = lines(*(entry(f"order-{number}", 1) for number in range(300)))
    load(content)

    result, rejects = load(content)

    assert (result.exit_code, counts(result), rejects) == (0, (300, 0, 300, 0), None)
    assert values(reader) == [(ADA, "failed", 300)]


def test_an_entry_twice_in_a_file_counts_once(load, reader):
    result, _ = load(lines(entry("a"), entry("b"), entry("a")))

    assert counts(result) == (3, 2, 1, 0)
    assert values(reader) == [(ADA, "failed", 200)]


def test_an_entry_that_came_before_with_other_content_is_refused(load, reader):
    load(lines(entry("a", 1)))

    result, rejects = load(lines(entry("a", 2)))

    assert counts(result) == (1, 0, 0, 1)
    assert rejects[0]["errors"] == {"uniqueIdentifier": ["'a' came before with other content"]}
    assert values(reader) == [(ADA, "failed", 1)]


def test_a_rejects_file_of_an_earlier_run_does_not_stay_when_nothing_is_refused_any_more(load):
    load(lines(entry(), {}))

    _, rejects = load(lines(entry()))

    assert rejects is None


def test_refused_lines_go_where_the_option_says(load, tmp_path):
    result, rejects = load(lines({}), "--rejects", tmp_path / "bad.jsonl")

    assert rejects is None
    assert json.loads((tmp_path / "bad.jsonl").read_text())["line"] == 1
    assert "bad.jsonl says why" in result.stderr


def test_the_rejects_file_may_not_be_the_file_that_is_loaded(load, tmp_path):
    result, _ = load(lines(entry()), "--rejects", tmp_path / "entries.jsonl")

    assert result.exit_code == 2
    assert (tmp_path / "entries.jsonl").read_bytes() == lines(entry())


def test_a_rejects_file_that_cannot_be_written_is_told_before_anything_is_loaded(load, tmp_path, log):
    result, _ = load(lines(entry()), "--rejects", tmp_path / "missing" / "bad.jsonl")

    assert result.exit_code == 1
    assert "bad.jsonl: No such file or directory" in result.stderr


def test_a_file_that_is_not_there_is_wrong_usage(milepost):
    result = milepost("log", "import", "nothing.jsonl")

    assert result.exit_code == 2
    assert "nothing.jsonl" in result.stderr


def test_entries_go_to_the_tenant_that_is_named(load):
    result, rejects = load(lines(entry()), "--tenant", "other")

    assert counts(result) == (1, 0, 0, 1)
    assert "there is no challenge" in rejects[0]["reason"]


def test_a_backfill_holds_its_lease_no_longer_than_it_runs(load, database_url):
    load(lines(entry()))

    with psycopg.connect(database_url) as connection:
        leases = connection.execute("SELECT tenant, expires_at <= clock_timestamp() FROM imports").fetchall()
    assert leases == [("default", True)]
