"""A writer process: appends to its streams, and says after each append which entries it was told are written.

Arguments: the database, how many appends, the streams. It starts when it gets a line on stdin. With 0 appends it
stays between its append and the commit until it is killed.
"""

import random
import sys
import time
from uuid import UUID, uuid4

from eventsourcing.persistence import IntegrityError
from psycopg import Connection

from eventstore.database import Database
from eventstore.recorders import ApplicationLog
from eventstore.stored import LogEvent, Stream


def main(url: str, appends: int, streams: list[UUID]) -> None:
    # Only what is asked for here may fail: on a slow machine the locks of seven others take a while.
    database = Database(url, pool_size=1, lock_timeout=30_000)
    log = ApplicationLog(database)
    log.load_streams(streams)
    _say("ready")
    sys.stdin.readline()
    if not appends:
        log.append(_events(log, streams)[0], beside=_stay)
    for _ in range(appends):
        some = random.sample(streams, k=random.randint(1, 3))
        _say(" ".join(_append(log, some)))
    database.close()


def _append(log: ApplicationLog, streams: list[UUID]) -> list[str]:
    """Append one or two events to each of the streams; when somebody else was first, read and try again."""
    while True:
        events, snapshots = _events(log, streams)
        try:
            log.insert_events(events, snapshots=snapshots)
        except IntegrityError:
            time.sleep(random.uniform(0, 0.01))
            continue
        return [str(event.entry_id) for event in events]


def _events(log: ApplicationLog, streams: list[UUID]) -> tuple[list[LogEvent], list[Stream]]:
    """The next events of the streams. The state of each names the append that it belongs to, and its size."""
    known = log.load_streams(streams)
    last = {stream: known[stream].version if stream in known else 0 for stream in streams}
    work = [(stream, last[stream] + step) for stream in streams for step in range(1, random.randint(2, 3))]
    state = f'{{"append":"{uuid4()}","size":{len(work)}}}'.encode()
    events = [
        LogEvent(stream, version, "Written", state, "acme", entry_id=UUID(bytes=stream.bytes[:2] + uuid4().bytes[2:]))
        for stream, version in work
    ]
    versions = dict(work)
    return events, [Stream(stream, versions[stream], "Written.1", "{}") for stream in streams]


def _stay(connection: Connection) -> None:
    _say("appended")
    time.sleep(60)


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), [UUID(stream) for stream in sys.argv[3:]])
