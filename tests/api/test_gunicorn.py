"""The api behind gunicorn: workers that fork, metrics that add up, a shutdown that leaves nothing."""

import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from http.client import HTTPConnection
from pathlib import Path

import pytest

from api.access import keys, signing_secrets
from projections import PROJECTIONS
from projections.database import Reader
from tests.api.access.test_signing import signature

ROOT = Path(__file__).parent.parent.parent
READY_SECONDS = 60


class Server:
    """A gunicorn with two workers on a port of its own."""

    def __init__(self, process: subprocess.Popen[bytes], port: int) -> None:
        self.process, self.port = process, port
        self.metrics = Path(tempfile.gettempdir()) / f"milepost-metrics-{process.pid}"

    def get(self, path: str, key: str | None = None) -> tuple[int, str]:
        with closing(HTTPConnection("127.0.0.1", self.port, timeout=10)) as connection:
            connection.request("GET", path, headers={"X-API-Key": key} if key else {})
            response = connection.getresponse()
            return response.status, response.read().decode()

    def stop(self) -> int:
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(timeout=READY_SECONDS)


@pytest.fixture
def server(database_url: str) -> Iterator[Server]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith(("MILEPOST_", "PROMETHEUS_"))},
        "DATABASE_URL": database_url,
        "MILEPOST_PORT": str(port),
        "MILEPOST_WORKERS": "2",
        "MILEPOST_THREADS": "2",
    }
    command = [sys.executable, "-m", "gunicorn", "-c", "python:api.gunicorn_conf"]
    process = subprocess.Popen(command, cwd=ROOT, env=environment, stderr=subprocess.DEVNULL)
    server = Server(process, port)
    try:
        _await(server)
        yield server
    finally:
        process.kill()
        process.wait()


def _await(server: Server) -> None:
    deadline = time.monotonic() + READY_SECONDS
    while time.monotonic() < deadline:
        try:
            if server.get("/readyz")[0] == 200:
                return
        except OSError:
            time.sleep(0.05)
        assert server.process.poll() is None, "gunicorn ended"
    pytest.fail("gunicorn did not become ready")


@pytest.fixture
def key(database_url: str) -> Iterator[str]:
    reader = Reader(database_url)
    yield keys.create(reader, tenant="acme", name="a test", scopes=["progress:read", "logs:write", "operations"]).key
    reader.close()


def test_workers_answer_count_together_and_leave_nothing(server: Server, key: str):
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: server.get("/schema/challenge_progress/record", key), range(40)))

    metrics = [server.get("/metrics", key)[1] for _ in range(4)][-1]
    folder_while_it_runs = server.metrics.is_dir()
    code = server.stop()

    assert {status for status, _ in answers} == {200}
    counted = 'milepost_requests_total{endpoint="challenge_progress.Record",method="GET",status="200"}'
    assert f"{counted} 40.0" in metrics
    assert [line for line in metrics.splitlines() if line.startswith("milepost_projection_lag_events{")] == [
        f'milepost_projection_lag_events{{projection="{one.name}"}} 0.0' for one in PROJECTIONS
    ]
    assert folder_while_it_runs
    assert code == 0
    assert not server.metrics.exists()


def test_a_body_without_an_announced_length_is_cut_off_at_the_limit_too(server: Server, key: str):
    connection = HTTPConnection("127.0.0.1", server.port, timeout=10)
    parts = (b" " * (256 << 10) for _ in range(5))
    headers = {"X-API-Key": key, "Content-Type": "application/json"}

    with closing(connection):
        connection.request("POST", "/schema/challenge_log/record", body=parts, headers=headers, encode_chunked=True)
        status = connection.getresponse().status

    assert status == 413


@pytest.fixture
def secret(database_url: str) -> Iterator[str]:
    reader = Reader(database_url)
    scopes = ["progress:read", "logs:write"]
    yield signing_secrets.create(reader, tenant="acme", name="a test", scopes=scopes).signing_secret
    reader.close()


def signed(secret: str, method: str, path: str, body: bytes = b"") -> dict[str, str]:
    timestamp = int(time.time())
    made = signature(secret, method, path, timestamp, body)
    return {"X-Tenant-Id": "acme", "X-Timestamp": str(timestamp), "X-Signature": made}


def test_a_signature_is_of_the_path_as_it_was_sent_and_accepted_by_one_worker(server: Server, secret: str):
    path = "/schema/challenge_progress/record/zo%c3%ab;a"
    headers = signed(secret, "GET", path)

    def status(_: int) -> int:
        with closing(HTTPConnection("127.0.0.1", server.port, timeout=10)) as connection:
            connection.request("GET", f"{path}?knownAt=now", headers=headers)
            return connection.getresponse().status

    with ThreadPoolExecutor(4) as pool:
        statuses = sorted(pool.map(status, range(8)))

    # The one that was let in is told that this is no id.
    assert statuses == [400, *[401] * 7]


@pytest.mark.parametrize(("size", "expected"), [(4 << 10, 200), (1280 << 10, 413)])
def test_lines_that_are_signed_may_be_sent_in_parts_up_to_the_limit(
    server: Server, secret: str, size: int, expected: int
):
    path, line = "/schema/challenge_log/records", b"{}".ljust(1023) + b"\n"
    headers = {**signed(secret, "POST", path, line * (size >> 10)), "Content-Type": "application/x-ndjson"}
    parts = (line * 4 for _ in range(size >> 12))

    with closing(HTTPConnection("127.0.0.1", server.port, timeout=10)) as connection:
        connection.request("POST", path, body=parts, headers=headers, encode_chunked=True)
        response = connection.getresponse()
        answered = response.read().decode().splitlines()

    assert response.status == expected
    assert expected != 200 or len(answered) == size >> 10


def test_a_setting_that_is_wrong_is_said_in_one_line():
    environment = {name: value for name, value in os.environ.items() if name != "DATABASE_URL"}
    command = [sys.executable, "-m", "gunicorn", "-c", "python:api.gunicorn_conf"]

    found = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, timeout=READY_SECONDS, check=False)

    assert found.returncode != 0
    assert b"DATABASE_URL" in found.stderr
    assert b"Traceback" not in found.stderr
