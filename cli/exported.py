"""An export that is checked before anything is done with it: every row, every root, every signature."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from hashlib import sha256
from pathlib import Path
from typing import NamedTuple

from cli.failures import Failed
from projections.feed import cursor
from proofs import manifests
from proofs.checkpoints import told, trusted
from proofs.cloudevents import row_of
from proofs.manifests import CHECKPOINTS, EVENTS, MANIFEST, Manifest
from proofs.merkle import Unfit, leaf_hash
from proofs.notes import PublicKey, notes_in
from proofs.rows import Row, canonical
from proofs.tiles import WIDTH, Frontier


class Part(NamedTuple):
    """One export of a chain: its folder, its manifest, its checkpoints by slice and size."""

    folder: Path
    manifest: Manifest
    notes: dict[tuple[int, int], str]

    def rows(self) -> Iterator[Row]:
        """The rows in their order. Raises Failed, which names the line."""
        with (self.folder / EVENTS).open("rb", buffering=1 << 18) as file:
            for number, line in enumerate(file, 1):
                try:
                    yield row_of(line)
                except Unfit as error:
                    raise Failed(f"{self.folder / EVENTS}, line {number}: {error}") from error


def parts_in(folders: Sequence[Path], keys: Sequence[PublicKey]) -> list[Part]:
    """The exports, the first from the beginning of the log and each from where the one before ended. Raises Failed."""
    parts = [_part(folder, keys) for folder in folders]
    before = ""
    for part in parts:
        manifest = part.manifest
        if (manifest.log_id, manifest.slices) != (parts[0].manifest.log_id, parts[0].manifest.slices):
            raise Failed(f"{part.folder}: is of another log than {parts[0].folder}")
        if manifest.since != before:
            raise Failed(f"{part.folder}: begins at the cursor {manifest.since!r}, and {before!r} is needed")
        before = manifest.cursor
    return parts


def refuse_unfit(parts: Sequence[Part], advance: Callable[[int], None]) -> None:
    """Raise Failed unless every row has its place and the rows have the roots that manifests and checkpoints say."""
    trees: dict[int, _Growing] = {number: _Growing() for number in range(parts[0].manifest.slices)}
    count = 0
    for part in parts:
        promised = {place: told(note).root for place, note in part.notes.items()}
        for row in part.rows():
            tree = trees.get(row.slice)
            if tree is None or row.position != tree.size + 1:
                raise Failed(f"{part.folder / EVENTS}: the event {row.slice}:{row.position} is not in its place")
            tree.add(leaf_hash(canonical(row)))
            root = promised.pop((row.slice, tree.size), None)
            if root is not None and root != tree.root():
                raise Failed(f"{part.folder}: slice {row.slice} does not fit its checkpoint over {tree.size} rows")
            count += 1
            advance(count)
        if promised:
            raise Failed(f"{part.folder}: there is a checkpoint over rows that are not there: {min(promised)}")
        _refuse_other_end(part, trees)


class _Growing:
    """The tree of a slice, leaf by leaf."""

    def __init__(self) -> None:
        self.size = 0
        self._frontier = Frontier()
        self._beyond: list[bytes] = []

    def add(self, leaf: bytes) -> None:
        self._beyond.append(leaf)
        self.size += 1
        if len(self._beyond) == WIDTH:
            self._frontier.add_tile(self._beyond)
            self._beyond = []

    def root(self) -> bytes:
        return self._frontier.root(self._beyond)


def _refuse_other_end(part: Part, trees: dict[int, _Growing]) -> None:
    for number, tree in trees.items():
        if part.manifest.heads[number] != tree.size:
            counts = f"{part.manifest.heads[number]} rows, and the events have {tree.size}"
            raise Failed(f"{part.folder}: the manifest says that slice {number} has {counts}")
        if part.manifest.roots.get(number) != tree.root():
            raise Failed(f"{part.folder}: the events of slice {number} do not have the root that the manifest says")


def _part(folder: Path, keys: Sequence[PublicKey]) -> Part:
    folder = folder.parent if folder.name == MANIFEST else folder
    try:
        manifest = manifests.decoded((folder / MANIFEST).read_bytes())
        trusted_keys = list(keys) or [PublicKey.parse(text) for text in manifest.keys]
        _refuse_other_bytes(folder / EVENTS, manifest.sha256)
        _refuse_other_bytes(folder / CHECKPOINTS, manifest.checkpoints_sha256)
        notes = notes_in((folder / CHECKPOINTS).read_text())
        if manifest.cursor != cursor.encode(manifest.heads):
            raise Unfit("the cursor of the manifest is not that of its heads")
        return Part(folder, manifest, dict(_places(notes, trusted_keys, manifest)))
    except (Unfit, UnicodeDecodeError) as error:
        raise Failed(f"{folder}: {error}") from error


def _places(
    notes: Iterable[str], keys: Sequence[PublicKey], manifest: Manifest
) -> Iterator[tuple[tuple[int, int], str]]:
    for note in notes:
        checkpoint = trusted(note, keys)
        if checkpoint.log_id != manifest.log_id:
            raise Unfit("a checkpoint is of another log than the manifest")
        yield (checkpoint.slice, checkpoint.size), note


def _refuse_other_bytes(path: Path, wanted: str) -> None:
    hashed = sha256()
    with path.open("rb") as file:
        while piece := file.read(1 << 20):
            hashed.update(piece)
    if hashed.hexdigest() != wanted:
        raise Unfit(f"{path.name} is not the file that the manifest names: its SHA-256 is another")
