"""A rebuild gives way to those who serve: its processes, and those of a server on the same machine that work for it."""

import os
import sys

import pytest

from projections.database import connect
from projections.rebuilding.giving_way import NICENESS, server_gives_way
from tests.proxy import proxied

pytestmark = pytest.mark.skipif(
    sys.platform != "linux" or "DATABASE_URL" in os.environ, reason="needs a server of its own on Linux"
)


def niceness(connection):
    return os.getpriority(os.PRIO_PROCESS, connection.info.backend_pid)


def test_the_server_gives_way_on_the_connection_that_asks_for_it_and_on_no_other(database_url):
    with connect(database_url, "work") as work, connect(database_url, "others") as others:
        assert server_gives_way(work)

        assert (niceness(work), niceness(others)) == (NICENESS, 0)
        assert work.execute("SELECT 1").fetchone() == (1,)


def test_a_server_that_is_reached_by_the_network_is_left_alone(database_url):
    with proxied(database_url) as proxy, connect(proxy.url, "work") as work:
        assert not server_gives_way(work)

        assert niceness(work) == 0
