"""Sealing: the log is hashed as it grows, slice by slice, and what it was is signed."""

import time
from threading import Event as Flag
from typing import NamedTuple

from psycopg import Connection

from eventstore import seals
from eventstore.raw_rows import read_rows, ready
from projections.following.going_on import Report, report_nothing
from proofs.checkpoints import Checkpoint, log_name, trusted
from proofs.merkle import Unfit, leaf_hashes
from proofs.notes import PublicKey, SigningKey
from proofs.rows import position_of
from reactors.at_work import AtWork
from reactors.publishing import Outside, PublishingFailed, publish
from reactors.stored_trees import add_leaves, tree_of

NAME = "sealing"
BATCH = 1 << 14
REST_SECONDS = 0.5
RETRY_SECONDS = 10.0
BESIDE_THE_DATA = (
    "checkpoints are signed with a key that lies in the database they are about: whoever can write there can forge "
    "them. Make one with `milepost audit key --new` and give it in MILEPOST_SIGNING_KEY or MILEPOST_SIGNING_KEY_FILE"
)


class Signing(NamedTuple):
    """How checkpoints are signed: with which key (None: one that lies in the database), how often, and told to whom."""

    key: SigningKey | None = None
    seconds: float = 60.0
    outside: Outside = Outside()


class Sealing:
    """Hashes the log into a tree a slice, and signs checkpoints of it. Several may run, and each may be killed.

    A slice is worked on by one of them at a time: its row of `seals` is locked. Hashes and how far they go are
    written together. A tree that does not go on from the checkpoint before is never signed: its slice stops, is named
    in `errors`, and is tried again.
    """

    def __init__(self, database_url: str, signing: Signing | None = None) -> None:
        self.errors: dict[int, str] = {}
        self._signing = signing or Signing()
        self._key = self._signing.key
        self._unpublished: list[str] = []
        self._publish_at = 0.0
        self._work = AtWork(database_url, NAME, begin=_begin, detail=self._detail)

    def step(self, seconds: float | None = None) -> int:
        """Seal what is there now, one batch a slice; how many rows that was.

        A checkpoint is signed when the last one of its slice is `seconds` old; None: as the settings say.
        """
        connection = self._work.connection()
        wait = self._signing.seconds if seconds is None else seconds
        done = 0
        for one in seals.behind(connection, wait):
            done += self._work_off(connection, one, wait)
            self._work.beat()
        return done

    def seal_all(self) -> None:
        """Seal and sign everything that is in the log now. Raises Unfit when a slice cannot be sealed."""
        goal = {one.slice: one.head for one in seals.progress(self._work.connection())}
        while any(one.signed_size < goal[one.slice] for one in seals.progress(self._work.connection())):
            done = self.step(0)
            if self.errors:
                raise Unfit("; ".join(self.errors.values()))
            if not done:  # Another one is at work on what is left.
                time.sleep(0.01)

    def publish(self) -> int:
        """Hand checkpoints that the outside does not have yet to it. Raises PublishingFailed."""
        return publish(self._work.connection(), self._signing.outside)

    def run(self, stop: Flag, report: Report = report_nothing) -> None:
        """Follow the log until `stop` is set. A database or an outside that does not answer is asked again."""
        if self._signing.key is None:
            report(BESIDE_THE_DATA)
        self._work.run(stop, report, self._step_and_publish, REST_SECONDS)

    def close(self) -> None:
        """Close the connection. Safe to call twice."""
        self._work.close()

    def _step_and_publish(self) -> int:
        done = self.step()
        self._publish_when_due()
        return done

    def _detail(self) -> str:
        return "; ".join([*self.errors.values(), *self._unpublished])

    def _publish_when_due(self) -> None:
        """Publish, unless the outside did not answer a moment ago: it must not hold up the hashing."""
        if time.monotonic() < self._publish_at:
            return
        try:
            self.publish()
            self._unpublished = []
        except PublishingFailed as error:
            self._unpublished = [str(error)]
            self._publish_at = time.monotonic() + RETRY_SECONDS

    def _work_off(self, connection: Connection, slice_number: int, seconds: float) -> int:
        try:
            with connection.transaction():
                done = self._batch(connection, slice_number, seconds)
        except Unfit as error:
            # Hashes that do not fit are somebody's to look at; the other slices go on.
            self.errors[slice_number] = f"slice {slice_number}: {error}: run milepost audit verify"
            return 0
        self.errors.pop(slice_number, None)
        return done

    def _batch(self, connection: Connection, slice_number: int, seconds: float) -> int:
        seal = seals.lock(connection, slice_number, seconds)
        if seal is None:  # Somebody else is at work on this slice.
            return 0
        upto = min(seal.head, seal.size + BATCH)
        if upto > seal.size:
            self._hash(connection, slice_number, seal.size, upto)
        if seal.due and upto == seal.head and upto > seal.signed_size:
            self._sign(connection, slice_number, seal.signed_size, upto)
        return upto - seal.size

    def _hash(self, connection: Connection, slice_number: int, size: int, upto: int) -> None:
        rows = list(read_rows(connection, slice_number, size, upto))
        if len(rows) != upto - size:
            there = {position_of(row) for row in rows}
            missing = next(number for number in range(size + 1, upto + 1) if number not in there)
            raise Unfit(f"there is no row at position {missing}")
        add_leaves(connection, slice_number, size, leaf_hashes(rows))

    def _sign(self, connection: Connection, slice_number: int, signed_size: int, size: int) -> None:
        log_id = seals.log_id(connection)
        key, known = self._keys(connection)
        tree = tree_of(connection, slice_number)
        if signed_size:
            note = seals.checkpoint(connection, slice_number, signed_size)
            if note is None:
                raise Unfit(f"the checkpoint over {signed_size} rows is gone")
            before = trusted(note, known)
            if before != Checkpoint(log_id, slice_number, signed_size, tree.root(signed_size)):
                raise Unfit(f"the hashes do not go on from the checkpoint over {signed_size} rows")
        signed = Checkpoint(log_id, slice_number, size, tree.root(size)).signed(key)
        seals.put_checkpoint(connection, slice_number, size, signed)

    def _keys(self, connection: Connection) -> tuple[SigningKey, list[PublicKey]]:
        """The key to sign with, and all that were ever signed with: an import may have brought some along."""
        self._key = self._key or signing_key_of(connection)
        seals.keep_public_keys(connection, [str(self._key.public)])
        return self._key, [PublicKey.parse(text) for text in seals.public_keys(connection)]


def signing_key_of(connection: Connection) -> SigningKey:
    """The key that lies in the database, made by whoever needs it first."""
    fresh = SigningKey.new(log_name(seals.log_id(connection)))
    return SigningKey.parse(seals.own_key(connection, str(fresh)))


def _begin(connection: Connection) -> None:
    ready(connection)
    # What a crash takes back is hashed again, and comes out the same.
    connection.execute("SET synchronous_commit TO off")
    seals.begin(connection)
