"""`milepost audit export` and `import`: the same log somewhere else, or nothing."""

import json
from datetime import timedelta
from decimal import Decimal
from hashlib import sha256
from uuid import UUID

import pytest
from psycopg import connect

from domain import erasure
from domain.application import ProgressLog
from domain.assignments import complete_assignment
from domain.commands import Define, EraseUser, KeepUser, LogEntry
from domain.kinds import KINDS
from domain.vocabulary import DefinitionStatus, Method, OwnerStatus, Period, Slug
from eventstore.migrations import migrate
from projections import PROJECTIONS
from projections.following.projector import Projector
from projections.schema import prepare
from tests.conftest import SLICES, _database
from tests.given_sealed import KEY, MAY_1, STRANGER, Tampering, define, grow
from tests.given_training import Training

STREAK = UUID(int=9)
DAILY = {
    "name": "Every day",
    "aggregation_method": Method.COUNT,
    "aggregation_period": Period.DAILY,
    "aggregation_target_value": Decimal(1),
    "status": DefinitionStatus.LIVE,
}
TABLES = {
    "events": "slice, position",
    "streams": "slice, originator_id",
    "slices": "slice",
    "seals": "slice",
    "seal_tiles": "slice, level, number",
    "seal_checkpoints": "slice, size",
}
LOST = ("signed_at", "published_at", "import_id", "updated")


@pytest.fixture
def log(log):
    define(log)
    grow(log, 0, 60)
    grow(log, 0, 10, "other")
    every_other_kind(log)
    return log


def every_other_kind(log):
    """A stream of every kind that an engagement on a challenge is not."""
    log.define("default", STREAK, Define(id=STREAK, slug=Slug.STREAK, fields=DAILY), now=MAY_1)
    entry = LogEntry(
        definition_id=STREAK,
        owner_id="ada",
        activity_at=MAY_1,
        unique_identifier="login-1",
        activity_value=Decimal(2),
        slug=Slug.STREAK,
    )
    log.log_entry("default", entry, now=MAY_1)
    training = Training(log, lambda: MAY_1, "default")
    training.item("web", "category").topic("xss", 1, "web").practise("ada", "xss", 0)
    training.user("ada")
    training.item("auth", "course").scenario("jwt", 3, "auth").learn("ada", "jwt", 2)
    assignment = training.assign("topic", "xss", training.team("ada", "bob"))
    complete_assignment(log, "default", assignment, "ada", MAY_1, 1, now=MAY_1)


@pytest.fixture
def elsewhere(server_url):
    """A migrated database with an empty log."""
    with _database(server_url) as url:
        migrate(url, slices=SLICES)
        prepare(url)
        yield url


def test_users_come_along_without_what_says_who_they_are(audit, log, database_url, elsewhere, tmp_path):
    for number, name in enumerate(("ada", "eve")):
        personal = {"first_name": name}
        kept = KeepUser(id=name, external_id=f"x-{name}", personal=personal, status=OwnerStatus.PAUSED)
        log.keep_user("default", kept, now=MAY_1 + timedelta(days=number))
    erasure.erase_user(log, "default", EraseUser(id="eve", actor="me"), now=MAY_1 + timedelta(days=5))

    audit("export", tmp_path / "all")
    audit("import", tmp_path / "all", "--key", KEY.public, DATABASE_URL=elsewhere)

    there, here = (rows(url, "account_user", "tenant, id") for url in (database_url, elsewhere))
    assert [one["first_name"] for one in there if one["id"] in ("ada", "eve")] == ["ada", None]
    assert [one["erased_at"] is None for one in here if one["id"] in ("ada", "eve")] == [True, False]
    anonymous = {"external_id": None, "first_name": None}
    assert here == [{**one, **anonymous} for one in there]


def rows(url, table, order):
    """All rows without what says when somebody worked on them."""
    with connect(url) as connection:
        query = f"SELECT to_jsonb(one) FROM {table} AS one ORDER BY {order}"
        return [{key: value for key, value in row[0].items() if key not in LOST} for row in connection.execute(query)]


def everything(url):
    """The log and what is made of it, and the read tables, which are level."""
    projector = Projector(url)
    projector.catch_up()
    projector.close()
    tables = {name: rows(url, name, order) for name, order in TABLES.items()}
    filled = {one.name: rows(url, f'"{one.schema}"."{one.name}"', "slice") for one in PROJECTIONS}
    return tables | {name: sorted(map(str, found)) for name, found in filled.items()}


def test_the_same_rows_roots_and_read_tables_and_the_log_goes_on(audit, log, database_url, elsewhere, tmp_path):
    exported = audit("export", tmp_path / "all")
    imported = audit("import", tmp_path / "all", "--key", KEY.public, DATABASE_URL=elsewhere)

    assert exported.exit_code == imported.exit_code == 0, exported.output + imported.output
    assert everything(elsewhere) == everything(database_url)
    assert "Personal data is not in the log" in imported.stdout
    with ProgressLog(elsewhere) as moved:
        for one in (log, moved):
            grow(one, 55, 20)
            one.advance("default", [], now=MAY_1 + timedelta(days=60))
    assert audit("verify", DATABASE_URL=elsewhere).exit_code == 0
    assert rows(elsewhere, "streams", TABLES["streams"]) == rows(database_url, "streams", TABLES["streams"])
    streams = rows(elsewhere, "streams", TABLES["streams"])
    assert {one["topic"] for one in streams} == {kind.topic for kind in KINDS.values()}
    assert any(one["due_at"] for one in streams)


def test_an_event_is_a_cloudevent(audit, log, tmp_path):
    audit("export", tmp_path / "all")

    events = [json.loads(line) for line in (tmp_path / "all" / "events.ndjson").read_text().splitlines()]

    manifest = json.loads((tmp_path / "all" / "manifest.json").read_text())
    one = next(event for event in events if event["type"] == "EntryCounted")
    assert one["specversion"] == "1.0"
    assert one["source"] == f"milepost/{manifest['logId']}"
    assert one["id"] == f"{one['slice']}:{one['position']}"
    assert one["subject"] == one["stream"]
    assert one["datacontenttype"] == "application/json"
    assert one["data"]["entry"]
    assert all(name.isalnum() and name.islower() for name in one)
    assert len(events) == manifest["events"] == sum(manifest["heads"].values())
    assert sha256((tmp_path / "all" / "events.ndjson").read_bytes()).hexdigest() == manifest["sha256"]


def test_exports_in_a_chain_are_imported_in_a_chain(audit, log, database_url, elsewhere, tmp_path):
    first = audit("export", tmp_path / "1")
    grow(log, 60, 600)
    cursor = first.stdout.rpartition("cursor: ")[2].strip()
    second = audit("export", tmp_path / "2", "--since", cursor)

    broken = audit("import", tmp_path / "2", DATABASE_URL=elsewhere)
    whole = audit("import", tmp_path / "1", tmp_path / "2" / "manifest.json", DATABASE_URL=elsewhere)

    assert second.exit_code == 0, second.output
    assert "begins at the cursor" in broken.stderr
    assert whole.exit_code == 0, whole.output
    assert everything(elsewhere) == everything(database_url)


def rewrite(folder, **changes):
    manifest = json.loads((folder / "manifest.json").read_text())
    (folder / "manifest.json").write_text(json.dumps(manifest | changes))


def edited(folder, old, new, *, signed=True):
    """Change the events and, if the one who does it is careful, the sum in the manifest."""
    file = folder / "events.ndjson"
    file.write_text(file.read_text().replace(old, new, 1))
    if signed:
        rewrite(folder, sha256=sha256(file.read_bytes()).hexdigest())


SPOILED = [
    (lambda folder: edited(folder, "1.50", "9.50", signed=False), "its SHA-256 is another"),
    (lambda folder: edited(folder, "1.5", "9.5"), "does not fit its checkpoint"),
    (lambda folder: edited(folder, '"position":"2"', '"position":"3"'), "not an event of an export"),
    (lambda folder: edited(folder, "{", "{]"), "events.ndjson, line 1: not an event of an export"),
    (lambda folder: rewrite(folder, format=2), "has format 2"),
    (lambda folder: rewrite(folder, slices=2), "does not name the head of every slice"),
    (lambda folder: rewrite(folder, roots={}), "do not have the root that the manifest says"),
    (lambda folder: rewrite(folder, keys=[str(STRANGER.public)]), "no key that is trusted has signed it"),
    (lambda folder: (folder / "checkpoints.txt").write_text(""), "checkpoints.txt is not the file"),
    (lambda folder: (folder / "events.ndjson").unlink(), "events.ndjson: No such file"),
]


def test_an_export_that_does_not_fit_leaves_nothing_behind(audit, log, elsewhere, tmp_path):
    audit("export", tmp_path / "good")
    files = {path.name: path.read_bytes() for path in (tmp_path / "good").iterdir()}
    for number, (spoil, told) in enumerate(SPOILED):
        folder = tmp_path / str(number)
        folder.mkdir()
        for name, content in files.items():
            (folder / name).write_bytes(content)
        spoil(folder)

        result = audit("import", folder, DATABASE_URL=elsewhere)

        assert result.exit_code == 1, told
        assert told in result.stderr, result.stderr
    assert set(Tampering(elsewhere).heads().values()) == {0}
    assert all(not rows(elsewhere, name, order) for name, order in TABLES.items() if name not in ("slices", "seals"))


def test_a_store_that_is_not_empty_or_is_cut_otherwise_is_refused(audit, log, database_url, server_url, tmp_path):
    audit("export", tmp_path / "all")
    before = everything(database_url)
    with _database(server_url) as other:
        migrate(other, slices=SLICES + 1)

        cut = audit("import", tmp_path / "all", DATABASE_URL=other)
    full = audit("import", tmp_path / "all")

    assert "slices: the log has 5, and 4 were asked for" in cut.stderr
    assert "nothing was imported: the store is not empty" in full.stderr
    assert full.exit_code == cut.exit_code == 1
    assert everything(database_url) == before


def test_an_export_is_refused_before_it_writes(audit, log, tmp_path):
    (tmp_path / "taken").mkdir()

    taken = audit("export", tmp_path / "taken")
    cursor = audit("export", tmp_path / "new", "--since", "nonsense")

    assert "taken: is there already" in taken.stderr
    assert "--since: is not a cursor" in cursor.stderr
    assert not (tmp_path / "new").exists()


def test_rows_that_were_changed_are_not_exported(audit, log, database_url, tmp_path):
    audit("seal")
    tampering = Tampering(database_url)
    slice_number, _ = tampering.fullest()
    tampering.change(slice_number, 2)

    result = audit("export", tmp_path / "all")

    assert result.exit_code == 1
    assert f"slice {slice_number}: is not what was sealed" in result.stderr
    assert not (tmp_path / "all").exists()
