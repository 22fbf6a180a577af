"""API, Writing: `If-Position` and `Consistent-Through` on every read of every dialect, also when a slice is stopped."""

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from api.app import DIALECTS
from projections import PROJECTIONS
from projections.consistency import WATERMARK_GRACE
from projections.database import connect
from projections.following import poison
from tests.api.contract.circumstances import Circumstances
from tests.api.given import ADA, DAILY_SPEND, SPEND


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
    assert {name: found.status_code for name, found in stopped.items()} == dict.fromkeys(reads, 503)
    assert {found.headers["Retry-After"] for found in stopped.values()} == {"30"}
    # Users are written with the log, not by a projection.
    assert {name for name, moment in partial.items() if moment > clock.moment} == {"listUsers", "getUser"}
    assert {name: found.status_code for name, found in held.items()} == dict.fromkeys(reads, 200)
    assert [name for name, found in held.items() if through(found) < began - WATERMARK_GRACE] == []
