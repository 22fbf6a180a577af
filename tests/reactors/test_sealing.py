"""The log is hashed in order, once, by whoever is there; what was signed is never contradicted."""

import time
from http.server import BaseHTTPRequestHandler, HTTPServer
from multiprocessing import get_context
from threading import Event, Thread

import psycopg
import pytest

from eventstore import seals
from eventstore.raw_rows import read_rows, ready
from proofs.checkpoints import told, trusted
from proofs.merkle import Unfit, leaf_hashes, root_of
from proofs.notes import PublicKey, notes_in
from reactors.publishing import Outside, PublishingFailed
from reactors.sealing import BESIDE_THE_DATA, Sealing, Signing
from reactors.stored_trees import tree_of
from tests.given_sealed import KEY, Tampering, define, grow
from tests.processes import eventually


@pytest.fixture
def log(log):
    define(log)
    return log


@pytest.fixture
def sealing(database_url):
    """`sealing(...)`: a reactor that signs with KEY, a checkpoint whenever it has sealed something."""
    made = []

    def sealing(**signing):
        made.append(Sealing(database_url, Signing(**{"key": KEY, "seconds": 0, **signing})))
        return made[-1]

    yield sealing
    for one in made:
        one.close()


def roots(database_url):
    """The root over all rows of each slice, by the shortest way."""
    with psycopg.connect(database_url, autocommit=True) as connection:
        ready(connection)
        heads = dict(connection.execute("SELECT slice, head FROM slices").fetchall())
        return {one: root_of(leaf_hashes(read_rows(connection, one, 0, head))) for one, head in heads.items() if head}


def sealed(database_url):
    """The root that the stored hashes have, and the one that was signed last, by slice."""
    with psycopg.connect(database_url, autocommit=True) as connection:
        trees, signed = {}, {}
        for one in seals.progress(connection):
            if not one.head:
                continue
            trees[one.slice] = tree_of(connection, one.slice).root(one.size)
            if one.signed_size == one.size > 0:
                signed[one.slice] = trusted(seals.latest_checkpoint(connection, one.slice), [KEY.public]).root
        return trees, signed


def test_what_is_sealed_and_signed_is_the_tree_of_all_rows(database_url, log, sealing):
    reactor = sealing()
    for first in (0, 5, 700):
        grow(log, first, 700 if first else 5)
        reactor.seal_all()

    trees, signed = sealed(database_url)

    assert trees == signed == roots(database_url)
    assert reactor.step() == 0


def test_checkpoints_are_signed_no_more_often_than_is_said(log, sealing, database_url):
    reactor = sealing(seconds=3600)
    grow(log, 0, 20)
    reactor.step()
    grow(log, 20, 20)
    reactor.step()

    counts = Tampering(database_url).rows("SELECT slice, count(*) FROM seal_checkpoints GROUP BY slice")

    assert counts
    assert {count for _, count in counts} == {1}
    assert all(one.size == one.head > one.signed_size for one in progress(database_url) if one.head > 1)


def progress(database_url):
    with psycopg.connect(database_url, autocommit=True) as connection:
        return seals.progress(connection)


def _seal(database_url):
    reactor = Sealing(database_url, Signing(key=KEY, seconds=0))
    while True:
        reactor.step()


def test_several_at_once_of_which_some_are_killed_seal_every_row_once(database_url, log, sealing):
    context = get_context("spawn")
    processes = [context.Process(target=_seal, args=(database_url,)) for _ in range(3)]
    for one in processes:
        one.start()
    for batch in range(12):
        grow(log, batch * 200, 200)
        if batch in (6, 9):
            eventually(lambda: sum(one.size for one in progress(database_url)) > 0)
            processes[batch // 9].kill()
    time.sleep(0.01)
    processes[2].kill()
    for one in processes:
        one.join()

    sealing().seal_all()

    trees, signed = sealed(database_url)
    assert trees == signed == roots(database_url)


def test_hashes_that_do_not_go_on_from_what_was_signed_are_not_signed(database_url, log, sealing):
    reactor, tampering = sealing(), Tampering(database_url)
    grow(log, 0, 40)
    reactor.seal_all()
    slice_number, _ = tampering.fullest()
    before = sealed(database_url)[1]
    tampering.rows(
        "UPDATE seal_tiles SET hashes = set_byte(hashes, 0, 1 - least(get_byte(hashes, 0), 1)) WHERE slice = %(slice)s",
        slice=slice_number,
    )
    grow(log, 40, 40)

    with pytest.raises(Unfit, match=f"slice {slice_number}: the hashes do not go on from the checkpoint"):
        reactor.seal_all()

    reactor.step()
    after = sealed(database_url)[1]
    assert list(reactor.errors) == [slice_number]
    assert [one for one in after if after[one] == before[one]] == [slice_number]


def test_a_row_that_is_gone_before_it_is_sealed_stops_its_slice_and_is_named(database_url, log, sealing):
    reactor, tampering = sealing(), Tampering(database_url)
    grow(log, 0, 40)
    slice_number, _ = tampering.fullest()
    tampering.remove(slice_number, 3)

    reactor.step()

    complaint = f"slice {slice_number}: there is no row at position 3: run milepost audit verify"
    assert reactor.errors == {slice_number: complaint}


def test_without_a_key_one_is_made_in_the_database_and_whoever_runs_it_is_warned(database_url, log, sealing):
    grow(log, 0, 20)
    for _ in range(2):
        reactor, told_of, stop = sealing(key=None), [], Event()
        thread = Thread(target=reactor.run, args=(stop, told_of.append))
        thread.start()
        eventually(lambda: all(one.signed_size == one.head for one in progress(database_url)))
        stop.set()
        thread.join()
        assert told_of == [BESIDE_THE_DATA]

    with psycopg.connect(database_url) as connection:
        keys = [PublicKey.parse(text) for text in seals.public_keys(connection)]
        note = seals.latest_checkpoint(connection, Tampering(database_url).fullest()[0])
        log_id = seals.log_id(connection)
    assert len(keys) == 1
    assert trusted(note, keys).log_id == log_id
    assert keys[0].name == f"milepost/{log_id}"


def test_checkpoints_go_to_a_file_and_what_was_torn_there_is_passed_over(database_url, log, sealing, tmp_path):
    file = tmp_path / "checkpoints.txt"
    reactor = sealing(outside=Outside(file))
    grow(log, 0, 20)
    reactor.seal_all()
    first = reactor.publish()
    file.write_text(file.read_text() + "milepost/torn\n12\nabc")
    grow(log, 20, 20)
    reactor.seal_all()

    second = reactor.publish()

    kept = [trusted(note, [KEY.public]) for note in notes_in(file.read_text())]
    assert (first + second, reactor.publish()) == (len(kept), 0)
    latest = {one.slice: one.root for one in kept}
    assert latest == sealed(database_url)[1]


def test_checkpoints_that_the_outside_does_not_take_are_kept_and_tried_again(log, sealing, tmp_path):
    """Neither one that is out of order has taken them, nor one that sends us elsewhere, where the token is not told."""
    bodies, tokens, answers = [], [], [503, 302, 200]

    class Auditor(BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"]))
            bodies.append(body.decode())
            self.answer(answers.pop(0))

        def do_GET(self):
            self.answer(200)

        def answer(self, status):
            tokens.append(self.headers["Authorization"])
            self.send_response(status)
            if status == 302:
                self.send_header("Location", "/elsewhere")
            self.end_headers()

        def log_message(self, *arguments):
            pass

    grow(log, 0, 20)
    with HTTPServer(("127.0.0.1", 0), Auditor) as server:
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        url = f"http://127.0.0.1:{server.server_port}/log"
        reactor = sealing(outside=Outside(tmp_path / "kept.txt", url, "let-me-in"))
        reactor.seal_all()
        with pytest.raises(PublishingFailed, match="503"):
            reactor.publish()
        with pytest.raises(PublishingFailed, match="/elsewhere"):
            reactor.publish()
        count = reactor.publish()
        server.shutdown()
        thread.join()

    assert bodies[0] == bodies[1] == bodies[2] == (tmp_path / "kept.txt").read_text()
    assert tokens == ["Bearer let-me-in", "Bearer let-me-in", None, "Bearer let-me-in"]
    assert count == len({told(note) for note in notes_in(bodies[2])}) > 0
