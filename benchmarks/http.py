"""HTTP: requests a second of the product, beside a bare Flask view under the same gunicorn settings."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from itertools import count, cycle
from pathlib import Path
from typing import NamedTuple

import psycopg

from api.access import keys
from benchmarks import bare, history
from benchmarks.bulk_import import prepared
from benchmarks.figures import Figure, Wanted, compared
from benchmarks.load import rate, request
from benchmarks.server import Server
from benchmarks.serving import BARE, PRODUCT, THREADS, WORKERS, served
from benchmarks.sizes import Sizes
from projections.database import Reader, connect
from projections.following.projector import Projector

CONNECTIONS = 4
SINGLES = 500
NO_LIMIT = keys.MAX_PER_HOUR
SCOPES = ("progress:read", "logs:write")
READ = "/schema/challenge_progress/record"
WRITE = "/schema/challenge_log/record"

Requests = Callable[[], Iterator[bytes]]


class Pair(NamedTuple):
    """The same question to both servers."""

    name: str
    product: Requests
    bare: Requests
    status: int
    wanted: Wanted | None = None
    what: str = "bare Flask view, the same SELECT"


def measure_writes(server: Server, sizes: Sizes, folder: Path) -> list[Figure]:
    """Single log entries, beside one INSERT of the same body."""
    numbers, owners = count(), [entry.owner for entry in history.entries(1_000, 1_000)]
    challenges = (history.VISITS, history.SPEND)

    def bodies() -> Iterator[bytes]:
        for number in numbers:
            at = datetime.now(UTC)
            entry = history.Entry(challenges[number % 2], owners[number % 1_000], at, f"http-{number}", 1_250)
            yield entry.json().encode()

    with server.migrated() as url:
        with psycopg.connect(url) as connection:
            connection.execute(bare.TABLE)
        prepared(server, url, sizes, folder)
        header = key_header(url)

        def product() -> Iterator[bytes]:
            return (request("POST", WRITE, [header], body) for body in bodies())

        def bare_insert() -> Iterator[bytes]:
            return (request("POST", "/record", [], body) for body in bodies())

        pair = Pair("one log entry by HTTP", product, bare_insert, 201, what="bare Flask view, one INSERT")
        return measured(url, sizes, folder, [pair])


def measure_reads(server: Server, sizes: Sizes, folder: Path) -> list[Figure]:
    """Lists of 100 and single records, beside bare views that run the same SELECT."""
    with server.migrated() as url:
        prepared(server, url, sizes, folder)
        project(url)
        header, ids = key_header(url), some_records(url)

        def product_single() -> Iterator[bytes]:
            return (request("GET", f"{READ}/{one}", [header]) for one in cycle(ids))

        def bare_single() -> Iterator[bytes]:
            return (request("GET", f"/record/{one}") for one in cycle(ids))

        def product_list() -> Iterator[bytes]:
            return cycle([request("GET", f"{READ}?limit={bare.PAGE.limit}", [header])])

        def bare_list() -> Iterator[bytes]:
            return cycle([request("GET", "/record")])

        pairs = [
            Pair("single read", product_single, bare_single, 200, Wanted(0.6)),
            Pair("list of 100", product_list, bare_list, 200, Wanted(0.5)),
        ]
        return measured(url, sizes, folder, pairs)


def measured(url: str, sizes: Sizes, folder: Path, pairs: list[Pair]) -> list[Figure]:
    """The product and the bare views on one database, a figure for each pair of questions."""
    note = f"{WORKERS} worker, {THREADS} threads; {CONNECTIONS} connections, {sizes.http_seconds:g} s a round"
    figures = []
    with served(PRODUCT, url, folder) as product, served(BARE, url, folder) as plain:
        for pair in pairs:
            ours, others = _rounds(pair, product, plain, sizes)
            compare = compared("floor", pair.what, ours, others, pair.wanted)
            figures.append(Figure(pair.name, "requests/s", ours, [compare], note=note))
    return figures


def _rounds(pair: Pair, product: int, plain: int, sizes: Sizes) -> tuple[list[float], list[float]]:
    """Each server in turn, the other one first in every second round. The first round warms up and is not counted."""
    measures: dict[int, list[float]] = {product: [], plain: []}
    turns = [(product, pair.product), (plain, pair.bare)]
    for number in range(sizes.http_rounds + 1):
        for port, requests in turns if number % 2 else reversed(turns):
            asked = [requests() for _ in range(CONNECTIONS)]
            measures[port].append(rate(port, asked, sizes.http_seconds, pair.status))
    return measures[product][1:], measures[plain][1:]


def key_header(url: str) -> str:
    """The header of a key that meets no limit."""
    reader = Reader(url)
    try:
        new = keys.create(
            reader, tenant=history.TENANT, name="bench", scopes=SCOPES, per_minute=NO_LIMIT, per_hour=NO_LIMIT
        )
    finally:
        reader.close()
    return f"X-API-Key: {new.key}"


def project(url: str) -> None:
    """Fill the read tables, and leave them as a server that has run for a while has them."""
    projector = Projector(url)
    try:
        projector.catch_up()
    finally:
        projector.close()
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("VACUUM ANALYZE")


def some_records(url: str) -> list[str]:
    with connect(url, "milepost bench") as connection:
        rows = connection.execute("SELECT id FROM challenge_progress ORDER BY id LIMIT %s", (SINGLES,)).fetchall()
    return [str(row[0]) for row in rows]
