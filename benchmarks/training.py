"""Training at scale: many users' history imported, and the three arrays of a user beside bare views."""

import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import cycle
from pathlib import Path
from uuid import NAMESPACE_URL, UUID, uuid5

import psycopg

from benchmarks.command import run_import
from benchmarks.figures import Figure, Wanted
from benchmarks.history import TENANT
from benchmarks.http import Pair, key_header, measured, project
from benchmarks.load import request
from benchmarks.server import Server
from benchmarks.sizes import Sizes
from domain.application import ProgressLog
from domain.assignments import keep_members
from domain.commands import Define
from domain.vocabulary import Slug

BEGIN = datetime(2026, 1, 1, tzinfo=UTC)
END = datetime(2026, 5, 1, tzinfo=UTC)
CATEGORIES, MODULES, TOPICS, CHALLENGES = 4, 20, 100, 5
COURSES, SCENARIOS, STEPS = 10, 100, 8
TEAM_SIZE = 100
ASKED = 500
ENDPOINTS = ("practice-progress", "learn-progress", "assignments")


def measure(server: Server, sizes: Sizes, folder: Path) -> list[Figure]:
    """One import of everybody's history, then each array in turn with its bare view."""
    owners = [str(uuid5(NAMESPACE_URL, f"urn:milepost:bench:user:{number}")) for number in range(sizes.training_users)]
    path = _write(folder / "training.jsonl", owners, sizes.training_entries)
    with server.migrated() as url:
        with ProgressLog(url) as log:
            _define(log, owners, sizes.training_assignments)
        server.rest()
        seconds = run_import(url, path).seconds
        path.unlink()
        _refuse_incomplete(url, sizes.training_entries)
        project(url)
        asked = owners[:: max(len(owners) // ASKED, 1)]
        header = key_header(url)
        pairs = [_pair(endpoint, asked, header) for endpoint in ENDPOINTS]
        figures = measured(url, sizes, folder, pairs)
    note = f"{sizes.training_entries:,} entries of {len(owners):,} users; {sizes.training_assignments:,} assignments"
    return [Figure("training import", "entries/s", [sizes.training_entries / seconds], [], note=note), *figures]


def _pair(endpoint: str, owners: list[str], header: str) -> Pair:
    def product() -> Iterator[bytes]:
        return (request("GET", f"/api/public/v1/users/{owner}/{endpoint}", [header]) for owner in cycle(owners))

    def bare() -> Iterator[bytes]:
        return (request("GET", f"/training/{endpoint}/{owner}") for owner in cycle(owners))

    return Pair(endpoint, product, bare, 200, Wanted(0.5))


def _define(log: ProgressLog, owners: list[str], assignments: int) -> None:
    """The catalogue, teams of a hundred, and assignments: one in twenty is everybody's."""
    for identifier, fields in _catalogue():
        log.define(TENANT, identifier, Define(id=identifier, slug=Slug.CATALOGUE, fields=fields), now=BEGIN)
    teams = []
    for first in range(0, len(owners), TEAM_SIZE):
        team = uuid5(NAMESPACE_URL, f"urn:milepost:bench:team:{first}")
        log.define(TENANT, team, Define(id=team, slug=Slug.TEAM, fields={"name": f"Team {first}"}), now=BEGIN)
        keep_members(log, TENANT, team, joining=owners[first : first + TEAM_SIZE], now=BEGIN)
        teams.append(team)
    for number in range(assignments):
        identifier = uuid5(NAMESPACE_URL, f"urn:milepost:bench:assignment:{number}")
        fields = _assignment(number, owners, teams)
        log.define(TENANT, identifier, Define(id=identifier, slug=Slug.ASSIGNMENT, fields=fields), now=BEGIN)


def _catalogue() -> Iterator[tuple[str, dict[str, object]]]:
    for number in range(CATEGORIES):
        yield f"category-{number}", {"kind": "category", "title": f"Category {number}"}
    for number in range(MODULES):
        parent = f"category-{number % CATEGORIES}"
        yield f"module-{number}", {"kind": "module", "title": f"Module {number}", "parent_id": parent}
    for number in range(TOPICS):
        about = {"kind": "topic", "title": f"Topic {number}", "total_challenges": CHALLENGES}
        yield f"topic-{number}", {**about, "parent_id": f"module-{number % MODULES}"}
    for number in range(COURSES):
        yield f"course-{number}", {"kind": "course", "title": f"Course {number}"}
    for number in range(SCENARIOS):
        about = {"kind": "scenario", "title": f"Scenario {number}", "total_steps": STEPS}
        yield f"scenario-{number}", {**about, "parent_id": f"course-{number % COURSES}"}


def _assignment(number: int, owners: list[str], teams: list[UUID]) -> dict[str, object]:
    """Of twenty, one is the organisation's, seven a team's, twelve a user's; half is practice."""
    targets = (("practice", "module", MODULES), ("learn", "course", COURSES), ("practice", "topic", TOPICS))
    area, kind, count = targets[number % len(targets)]
    assignee: dict[str, object] = {"assignee_type": "org"}
    if number % 20 > 7:
        assignee = {"assignee_type": "user", "assignee_id": owners[number * 97 % len(owners)]}
    elif number % 20:
        assignee = {"assignee_type": "team", "assignee_id": str(teams[number * 13 % len(teams)])}
    return {"content_area": area, "target_type": kind, "target_id": f"{kind}-{number % count}", **assignee}


def _write(path: Path, owners: list[str], count: int) -> Path:
    """Entries in pairs: both phases of a challenge, or a scenario opened and a step reached."""
    chance = random.Random(count)
    step = (END - BEGIN) / count
    with path.open("w") as file:
        for number in range(0, count, 2):
            owner, at = chance.choice(owners), BEGIN + step * number
            pair = _solved(chance) if chance.random() < 0.5 else _learned(chance)
            for place, text in enumerate(pair[: count - number]):
                moment = (at + timedelta(milliseconds=place)).isoformat(timespec="milliseconds").replace("+00:00", "Z")
                common = f'"ownedById":"{owner}","activityAt":"{moment}","uniqueIdentifier":"{number + place}"'
                file.write(f"{{{text},{common}}}\n")
    return path


def _solved(chance: random.Random) -> list[str]:
    topic, index = chance.randrange(TOPICS), chance.randrange(CHALLENGES)
    about = f'"kind":"practice_log","topicId":"topic-{topic}","challengeIndex":{index},"language":"python"'
    return [f'{about},"phase":{phase},"score":{chance.randrange(51)}' for phase in (1, 2)]


def _learned(chance: random.Random) -> list[str]:
    about = f'"kind":"learn_log","scenarioId":"scenario-{chance.randrange(SCENARIOS)}"'
    return [about, f'{about},"step":{chance.randint(1, STEPS)}']


def _refuse_incomplete(database_url: str, count: int) -> None:
    with psycopg.connect(database_url) as connection:
        row = connection.execute("SELECT count(*) FROM events WHERE entry_id IS NOT NULL").fetchone()
    if row is None or row[0] != count:
        raise RuntimeError(f"{row} of {count:,} entries were recorded")
