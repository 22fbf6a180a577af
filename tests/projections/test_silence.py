"""Health that does not lie: a database that keeps its sockets open and says nothing is noticed within 10 s."""

import time
from collections.abc import Iterator
from datetime import UTC, datetime
from threading import Event, Thread

import psycopg
import pytest

from domain.application import ProgressLog
from domain.errors import Busy
from eventstore.silence import Silent, watched
from projections.database import Reader, connect_watched
from projections.following.projector import Projector
from reactors.assignments import AssignmentCompletion
from reactors.clock import Clock
from tests.processes import eventually
from tests.projections.conftest import ADA, APRIL_3, define
from tests.proxy import Proxy, proxied

WITHIN_SECONDS = 10


@pytest.fixture
def proxy(database_url: str) -> Iterator[Proxy]:
    with proxied(database_url) as proxy:
        yield proxy


def test_those_who_follow_notice_say_so_and_go_on_when_it_answers_again(proxy: Proxy, challenge, say, reader):
    workers = [Projector(proxy.url), Clock(proxy.url), AssignmentCompletion(proxy.url)]
    stop, noticed = Event(), {one: Event() for one in workers}

    def reporting(worker):
        return lambda text: noticed[worker].set() if "does not answer" in text else None

    threads = [Thread(target=one.run, args=(stop, reporting(one))) for one in workers]
    for thread in threads:
        thread.start()
    beaten = "SELECT count(*) FROM heartbeats WHERE process = %(kind)s AND beat_at > %(after)s"
    kinds = ("projector", "clock", "assignments")
    try:
        say(challenge, ADA, "1", at=datetime.now(UTC))  # The clock would seal a run of another month.
        eventually(lambda: reader.value("SELECT sum(value) FROM challenge_progress") == 1)
        eventually(lambda: all(reader.value(beaten, {"kind": one, "after": APRIL_3}) for one in kinds))

        proxy.swallow()
        deadline = time.monotonic() + WITHIN_SECONDS
        assert all(one.wait(max(deadline - time.monotonic(), 0)) for one in noticed.values())
        say(challenge, ADA, "2", at=datetime.now(UTC))
        assert reader.value("SELECT sum(value) FROM challenge_progress") == 1

        proxy.forward()
        again = reader.value("SELECT clock_timestamp()")
        eventually(lambda: reader.value("SELECT sum(value) FROM challenge_progress") == 3)
        eventually(lambda: all(reader.value(beaten, {"kind": one, "after": again}) for one in kinds))
    finally:
        proxy.forward()
        stop.set()
        for thread in threads:
            thread.join()
        for one in workers:
            one.close()


def test_a_read_and_a_write_that_get_no_answer_are_given_up(proxy: Proxy):
    reader, log = (
        Reader(proxy.url, statement_seconds=0.2, timeout=1),
        ProgressLog(proxy.url, DATABASE_STATEMENT_TIMEOUT="200"),
    )
    defined = define(log)
    before = reader.value("SELECT count(*) FROM events")

    proxy.swallow()
    with pytest.raises(Busy, match="no answer"):
        reader.value("SELECT count(*) FROM events")
    with pytest.raises(Busy, match="no answer"):
        log.advance("acme", [defined], now=APRIL_3)
    proxy.forward()

    assert eventually(lambda: answered(reader)) == before
    reader.close()
    log.close()


def answered(reader: Reader) -> int | None:
    try:
        return reader.value("SELECT count(*) FROM events")
    except Busy:
        return None


def test_a_statement_that_only_takes_long_ends_at_the_server_and_the_connection_stays(database_url):
    with connect_watched(database_url, "test") as connection:
        connection.execute("SET statement_timeout = '100ms'")
        with pytest.raises(psycopg.errors.QueryCanceled):
            connection.execute("SELECT pg_sleep(60)")

        assert connection.execute("SELECT 1").fetchone() == (1,)


def test_a_connection_that_was_given_up_is_closed(proxy: Proxy):
    with watched(0.2).connect(proxy.url) as connection:
        proxy.swallow()
        with pytest.raises(Silent), connection.transaction():
            connection.execute("SELECT 1")

        assert connection.closed
