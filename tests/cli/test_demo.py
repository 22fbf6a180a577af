"""`milepost demo` as it is typed: everything from nothing, the sources' examples, and no trace when it is gone."""

import json
import os
import shlex
import signal
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from tests.processes import ask, eventually, running


@pytest.fixture(scope="module")
def folder(fast_folder):
    """A data folder that the demos of this module share, as the demos of one checkout do."""
    with TemporaryDirectory(prefix="milepost-demo-", dir=fast_folder) as name:
        yield Path(name)


@pytest.fixture
def demo(folder):
    """Start a demo on any free port; it is stopped at the end."""

    def start(*options, last=""):
        arguments = ("demo", "--port", 0, "--data-dir", folder / "data", *options)
        return running(*arguments, database_url=None, folder=folder, last=last)

    return start


def records(told):
    """The status and the value of each example, as the reader's key is shown them."""
    found = {}
    for name, example in told["examples"].items():
        if record_kind(example["url"]) is None:
            continue
        status, record = ask(example["url"], {"X-API-Key": told["keys"]["reader"]})
        assert status == 200, record
        found[name] = tuple(record[field] for field in SHOWN[record_kind(example["url"])])
    return found


def record_kind(url):
    """The kind of a record; None for the arrays of training."""
    return next((kind for kind in SHOWN if f"/{kind}/" in url), None)


def training(told):
    """The arrays of training, as the reader's key is shown them."""
    urls = {name: example["url"] for name, example in told["examples"].items() if record_kind(example["url"]) is None}
    return {name: ask(url, {"X-API-Key": told["keys"]["reader"]})[1] for name, url in urls.items()}


ORDERS_VISITS_AND_DAYS = 3 + 8 + 7
SHOWN = {
    "challenge_progress": ("challengeProgressStatus", "currentProgressValue", "completionTargetValue"),
    "streak_progress": ("streakProgressStatus", "currentProgressValue", "completionTargetValue"),
    "streaks": ("current_count", "current_window_satisfied", "earned_milestones", "next_milestone"),
}
AS_IN_THE_SOURCE = {
    "monthlySpend": ("in_progress", 187.5, 500),
    "monthlyVisits": ("completed", 8, 8),
    "weeklySteps": ("failed", 61420, 100000),
    "dailySpend": ("in_progress", 3, 7),
    "weeklyVisits": ("completed", 4, 4),
    "monthlyWorkouts": ("broken", 1, 3),
    "dailyLogin": (1, True, [1], 3),
}


def test_it_shows_the_examples_of_the_source_and_ctrl_c_stops_everything(demo, folder):
    with demo("--json") as run:
        told = json.loads(run.printed[0])

        found, arrays = records(told), training(told)
        docs, page = ask(f"{told['url']}/docs")
        run.tell(signal.SIGINT)
        code = run.process.wait()

        assert told.keys() >= {"url", "tenant", "keys", "examples"}
        assert found == AS_IN_THE_SOURCE
        assert [row["score"] for row in arrays["practice"]] == [100, 80, 100]
        assert [row["status"] for row in arrays["learn"]] == ["completed", "started"]
        assert [row["progressPercent"] for row in arrays["assignments"]] == [40.0, 100.0]
        assert (docs, "swagger" in page) == (200, True)
        assert code == 0
        assert run.process.stdout.read() == b""
        assert eventually(lambda: not run.members())
        assert not (folder / "data" / "postgres" / "postmaster.pid").exists()


def test_each_credential_opens_what_it_says(demo):
    with demo("--json") as run:
        told = json.loads(run.printed[0])
        records_url, keys = f"{told['url']}/schema/challenge_progress/record", told["keys"]
        entry = {"challengeId": told["examples"]["monthlySpend"]["challengeId"]}

        _, of_all = ask(records_url, {"X-API-Key": keys["reader"]})
        _, of_user = ask(records_url, {"Authorization": f"Bearer {keys['user']}"})
        refused, _ = ask(f"{told['url']}/schema/challenge_log/record", {"X-API-Key": keys["reader"]}, body=entry)
        understood, _ = ask(f"{told['url']}/schema/challenge_log/record", {"X-API-Key": keys["admin"]}, body=entry)
        guest, _ = ask(records_url)

    owner = told["examples"]["monthlySpend"]["ownedById"]
    assert len({record["ownedById"] for record in of_all["data"]}) >= 3
    assert {record["ownedById"] for record in of_user["data"]} == {owner}
    assert (refused, understood, guest) == (403, 400, 401)


def test_a_killed_demo_leaves_nothing_that_blocks_the_next_and_nothing_is_loaded_twice(demo, folder):
    with demo("--json") as run:
        before = json.loads(run.printed[0])
        run.process.kill()
        assert eventually(lambda: not run.members())
        assert eventually(lambda: not (folder / "data" / "postgres" / "postmaster.pid").exists())

    with demo("--json") as run:
        told = json.loads(run.printed[0])
        found = records(told)
        old_key, _ = ask(f"{told['url']}/schema/challenge_progress/record", {"X-API-Key": before["keys"]["reader"]})
        entries = f"{told['url']}/schema/challenge_log/record?fetchTotalCount=true"
        _, log = ask(entries, {"X-API-Key": told["keys"]["admin"]})

    assert found == AS_IN_THE_SOURCE
    assert old_key == 401
    assert log["paging"]["totalCount"] >= ORDERS_VISITS_AND_DAYS
    assert len({entry["uniqueIdentifier"] for entry in log["data"]}) == len(log["data"])


def test_a_database_that_crashes_is_started_again(demo, folder):
    with demo("--json") as run:
        told = json.loads(run.printed[0])
        server = int((folder / "data" / "postgres" / "postmaster.pid").read_text().splitlines()[0])

        os.kill(server, signal.SIGKILL)

        assert eventually(lambda: ask(f"{told['url']}/readyz")[0] == 503)
        assert eventually(lambda: ask(f"{told['url']}/readyz")[0] == 200)
        assert records(told) == AS_IN_THE_SOURCE


def test_the_curl_lines_work_when_they_are_pasted(demo):
    with demo(last="/v1/events") as run:
        lines = "\n".join(run.printed).replace("\\\n", "").splitlines()
        answers = [curl(shlex.split(line)) for line in lines if line.startswith("curl")]

    *examples, own, why, order, login = answers
    assert [status for status, _ in answers] == [200] * 12 + [201, 202]
    assert [answer["currentProgressValue"] for _, answer in examples[:6]] == [187.5, 8, 61420, 3, 4, 1]
    assert [len(rows) for _, rows in examples[7:]] == [3, 2, 2]
    assert examples[6][1]["current_window_progress"] == {"count": 9, "sum": 0, "distinct": []}
    assert [record["currentProgressValue"] for record in own[1]["data"]] == [187.5]
    assert why[1]["summary"].startswith("broken: the window 20")
    assert "with 4 of 10, after 1 of 3 windows met in a row" in why[1]["summary"]
    assert order[1]["challengeProgress"]["currentProgressValue"] == 25
    assert [one["counted"] for one in login[1]["fed"]] == [True, True]


def curl(words):
    """What curl would be answered: -s, -H and -d are all that the lines use."""
    headers, body, url = {}, None, None
    rest = iter(words[1:])
    for word in rest:
        if word == "-H":
            name, _, value = next(rest).partition(": ")
            headers[name] = value
        elif word == "-d":
            body = json.loads(next(rest))
        elif word != "-s":
            url = word
    return ask(url, headers, body=body)
