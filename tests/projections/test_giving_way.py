"""A rebuild gives way to those who serve: its processes, and those of a server on the same machine that work for it."""

import os
import sys

import pytest

from projections.database import connect
from projections.rebuilding.giving_way import NICENESS, TURN, in_turns, server_gives_way
from tests.proxy import proxied

of_linux = pytest.mark.skipif(
    sys.platform != "linux" or "DATABASE_URL" in os.environ, reason="needs a server of its own on Linux"
)


def niceness(connection):
    return os.getpriority(os.PRIO_PROCESS, connection.info.backend_pid)


@of_linux
def test_the_server_gives_way_on_the_connection_that_asks_for_it_and_on_no_other(database_url):
    with connect(database_url, "work") as work, connect(database_url, "others") as others:
        assert server_gives_way(work)

        assert (niceness(work), niceness(others)) == (NICENESS, 0)
        assert work.execute("SELECT 1").fetchone() == (1,)


@of_linux
def test_a_server_that_is_reached_by_the_network_is_left_alone(database_url):
    with proxied(database_url) as proxy, connect(proxy.url, "work") as work:
        assert not server_gives_way(work)

        assert niceness(work) == 0


def test_others_have_a_turn_after_every_few_items(monkeypatch):
    taken, turns = [], []
    monkeypatch.setattr(os, "sched_yield", lambda: turns.append(len(taken)), raising=False)

    for item in in_turns(iter(range(3 * TURN + 1))):
        taken.append(item)

    assert taken == list(range(3 * TURN + 1))
    assert turns == [TURN, 2 * TURN, 3 * TURN]


def test_items_are_taken_no_further_ahead_than_a_turn():
    source = iter(range(10 * TURN))

    assert next(in_turns(source)) == 0
    assert next(source) == TURN
