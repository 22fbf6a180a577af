"""`milepost serve` as it is typed: it answers, mends itself, and takes everything along when it goes."""

import json
import os
import signal
import socket

import psycopg
import pytest

from tests.processes import ask, eventually, running, start


@pytest.fixture
def serve(database_url, tmp_path):
    """Serve the test's database on any free port; it is stopped at the end."""

    def begin(*options):
        return running("serve", "--port", 0, "--json", *options, database_url=database_url, folder=tmp_path)

    return begin


@pytest.fixture
def at_work(database_url):
    """The pids of the projectors or clocks that have beaten, the latest last."""

    def find(process):
        with psycopg.connect(database_url) as connection:
            query = "SELECT id FROM heartbeats WHERE process = %s ORDER BY beat_at"
            return [int(row[0].rpartition(":")[2]) for row in connection.execute(query, (process,))]

    return find


def test_it_says_where_it_is_when_it_is_ready_and_sigterm_stops_it(serve):
    with serve() as run:
        told = json.loads(run.printed[0])

        ready, _ = ask(f"{told['url']}/readyz")
        run.process.send_signal(signal.SIGTERM)
        code = run.process.wait()

        assert told.keys() == {"url"}
        assert ready == 200
        assert (code, run.process.stdout.read()) == (0, b"")
        assert eventually(lambda: not run.members())


def test_a_connection_that_stays_open_does_not_keep_it_from_stopping(serve):
    with serve() as run:
        _, _, port = json.loads(run.printed[0])["url"].rpartition(":")
        with socket.create_connection(("127.0.0.1", int(port))) as connection:
            connection.sendall(b"GET /healthz HTTP/1.1\r\nHost: milepost\r\n\r\n")
            answer = connection.recv(1 << 16)

            run.tell(signal.SIGINT)

            assert b"200 OK" in answer
            assert run.process.wait() == 0
            assert eventually(lambda: not run.members())


def test_killed_it_takes_its_children_along(serve, at_work):
    with serve() as run:
        eventually(lambda: at_work("projector") and at_work("clock"))

        run.process.kill()

        assert eventually(lambda: not run.members())


@pytest.mark.parametrize("process", ["projector", "clock"])
def test_a_child_that_crashes_is_started_again(serve, at_work, process):
    with serve() as run:
        url = json.loads(run.printed[0])["url"]
        (first,) = eventually(lambda: at_work(process))

        os.kill(first, signal.SIGKILL)

        second = eventually(lambda: at_work(process)[1:])
        assert second != [first]
        assert ask(f"{url}/readyz")[0] == 200


def test_a_port_that_is_taken_is_told_in_one_line(database_url, tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]

        process = start("serve", "--port", port, database_url=database_url, folder=tmp_path)
        _, told = process.communicate()

    assert process.returncode == 1
    assert told.decode() == (
        f"Error: 127.0.0.1 port {port}: Address already in use: choose another with --host and --port\n"
    )


@pytest.mark.parametrize("variable", ["MILEPOST_WORKERS", "MILEPOST_LIMITS_STORAGE"])
def test_a_setting_that_is_wrong_is_told_and_nothing_is_served(database_url, tmp_path, variable):
    process = start("serve", "--port", 0, database_url=database_url, folder=tmp_path, **{variable: "many"})
    printed, told = process.communicate()

    assert (process.returncode, printed) == (1, b"")
    assert variable in told.decode()
    assert "Traceback" not in told.decode()
