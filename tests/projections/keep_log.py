"""Keep what this release writes, for the releases to come: `python -m tests.projections.keep_log 0.2`."""

import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import msgspec
import psycopg
from psycopg.rows import dict_row

from domain.application import ProgressLog
from eventstore.embedded import EmbeddedPostgres
from eventstore.migrations import migrate
from tests.projections.story import Story

FOLDER = Path(__file__).parents[1] / "fixtures" / "logs"
COLUMNS = "slice, position, originator_id, originator_version, topic, state, entry_id, tenant, recorded_at"


def keep(release: str) -> Path:
    """Tell the story in two tenants and write the log, a row of `events` a line. A file that is there stays."""
    path = FOLDER / f"{release}.jsonl"
    with TemporaryDirectory() as folder, EmbeddedPostgres(Path(folder)) as url:
        migrate(url, slices=4)
        with ProgressLog(url) as log:
            for tenant in ("acme", "globex"):
                Story(log, tenant).tell()
        with psycopg.connect(url, options="-c timezone=UTC", row_factory=dict_row) as connection:
            written = connection.execute(f"SELECT {COLUMNS} FROM events ORDER BY slice, position").fetchall()
    with path.open("xb") as file:
        file.writelines(msgspec.json.encode(row) + b"\n" for row in written)
    return path


if __name__ == "__main__":
    print(keep(sys.argv[1]))  # noqa: T201 - where it is
