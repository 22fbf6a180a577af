"""API, Writing: `If-Position` and `Consistent-Through` on every read of every dialect, also when a slice is stopped."""

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from api.app import DIALECTS
from api.headers import EPOCH
from projections import PROJECTIONS
from projections.consistency import WATERMARK_GRACE
from projections.database import connect
from projections.following import poison
from tests.api.contract.circumstances import Circumstances
from tests.api.given import ADA, DAILY_SPEND, SPEND

# Users are written with the log, not by a projection.
OF_THE_LOG = {"listUsers", "getUser"}
FORGOTTEN = "UPDATE checkpoints SET position = 0, through = NULL WHERE slice = %(slice)s AND projection = %(name)s"
LEVEL = """
    UPDATE checkpoints
    SET position = (SELECT head FROM slices WHERE slices.slice = checkpoints.slice)
    WHERE slice = %(slice)s
      AND projection = %(name)s
"""
STOPPED = """
    INSERT INTO poison (
        projection, version, slice, position, originator_id, originator_version, topic, tenant, error, retry_at
    )
    SELECT projection, version, slice, 1, gen_random_uuid(), 1, 'FromTheFuture', 'acme', 'broken by hand', 'infinity'
    FROM checkpoints
    WHERE slice = %(slice)s
      AND projection = %(name)s
"""
MENDED = "DELETE FROM poison WHERE slice = %(slice)s AND projection = %(name)s"


@pytest.fixture
def reads(given, guest, admin) -> dict[str, str]:
    """Every operation that reads records, by the name in its document, with a path to something that is there."""
    circumstances = Circumstances(given)
    return dict(documented(guest, circumstances))


def documented(guest, circumstances) -> Iterator[tuple[str, str]]:
    # Auditors read the log itself.
    for dialect in (one for one in DIALECTS if one.prefix != "/audit"):
        for path, item in guest.get(f"{dialect.prefix}/openapi.json").json["paths"].items():
            operation = item.get("get", {})
            if operation.get("x-scopes", ["operations"]) == ["operations"]:
                continue
            names = [one.get("$ref", "").rpartition("/")[2] for one in operation["parameters"]]
            assert "IfPosition" in names, path
            assert "Consistent-Through" in operation["responses"]["200"]["headers"], path
            known = {"tenant_id": "acme", "user_id": ADA, "userId": ADA, "definition_id": DAILY_SPEND}
            if "{id}" in path:
                known["id"] = circumstances._records[path.split("/")[2]]
            yield operation["operationId"], path.format(**known)


def through(response) -> datetime:
    return datetime.fromisoformat(response.headers["Consistent-Through"])


def test_every_read_waits_for_a_write_and_says_what_it_holds(reads, admin, given, catch_up, settings, reader, clock):
    catch_up()
    began = datetime.now(UTC)
    position = given.entry(SPEND, ADA).position
    place = {"slice": position.slice, "position": position.number}
    reader.write("UPDATE events SET topic = 'FromTheFuture' WHERE slice = %(slice)s AND position = %(position)s", place)
    with pytest.raises(RuntimeError, match=f"{position}"):
        catch_up()

    asked = {"headers": {"If-Position": str(position)}}
    stopped = {name: admin.get(path, **asked) for name, path in reads.items()}
    partial = {name: through(admin.get(path)) for name, path in reads.items()}
    with connect(settings.database_url, "test") as connection:
        poison.park(connection, PROJECTIONS, position.slice, "ada@here", "broken by hand")
    catch_up()
    held = {name: admin.get(path, **asked) for name, path in reads.items()}

    assert len(reads) > 30
    assert {name for name, found in stopped.items() if found.status_code == 503} == set(reads) - OF_THE_LOG
    assert {stopped[name].headers["Retry-After"] for name in set(reads) - OF_THE_LOG} == {"30"}
    assert {name for name, moment in partial.items() if moment > clock.moment} == OF_THE_LOG
    assert {name: found.status_code for name, found in held.items()} == dict.fromkeys(reads, 200)
    assert [name for name, found in held.items() if through(found) < began - WATERMARK_GRACE] == []


def test_a_read_waits_for_the_read_tables_that_its_answer_is_made_of(reads, admin, given, catch_up, reader, clock):
    """Where a projection is stopped, reads of what others keep go on (ARCHITECTURE, Projections)."""
    position = given.entry(SPEND, ADA).position
    catch_up()
    asked = {"headers": {"If-Position": str(position)}}
    waiting, held_back = {}, {}
    for projection in PROJECTIONS:
        clock.advance(minutes=1)  # So many questions are over any limit of one.
        place = {"slice": position.slice, "name": projection.name}
        reader.write(FORGOTTEN, place)
        reader.write(STOPPED, place)
        answers = {name: admin.get(path, **asked) for name, path in reads.items()}
        waiting[projection.name] = {name for name, found in answers.items() if found.status_code == 503}
        held_back[projection.name] = {name for name, path in reads.items() if through(admin.get(path)) == EPOCH}
        reader.write(MENDED, place)
        reader.write(LEVEL, place)

    assert waiting == held_back
    assert set.union(*waiting.values()) == set(reads) - OF_THE_LOG
    assert waiting["challenge_progress"].isdisjoint({"listStreakProgress", "getPracticeProgress", "listMilestones"})


def test_a_read_of_the_log_waits_for_no_read_table(admin, given):
    """What auditors read is there when the write is answered; what the log does not hold is awaited in vain."""
    position = given.define(SPEND).entry(SPEND, ADA).position
    beyond = f"{position.slice}:{position.number + 1}"
    paths = ["/audit/events", f"/audit/engagements/{SPEND}/{ADA}"]

    there = [admin.get(path, headers={"If-Position": str(position)}) for path in paths]
    not_there = [admin.get(path, headers={"If-Position": beyond}) for path in paths]

    assert [found.status_code for found in (*there, *not_there)] == [200, 200, 503, 503]
    assert str(position) in [one["position"] for one in there[0].json["data"]]
