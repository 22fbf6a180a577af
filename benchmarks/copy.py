"""The floor of everything that fills tables: the same rows, once more, by binary COPY into the same tables."""

import time
from collections.abc import Sequence
from pathlib import Path

import psycopg
from psycopg.sql import SQL, Identifier

from projections.database import search_path

PIECE = 1 << 18


def export(database_url: str, tables: Sequence[str], folder: Path) -> dict[str, Path]:
    """Write the rows of the tables, in the order in which they lie there, to one file each."""
    files = {}
    with psycopg.connect(database_url, options=f"-c search_path={search_path()}") as connection:
        for table in tables:
            files[table] = folder / f"{table}.copy"
            statement = SQL("COPY {} TO STDOUT (FORMAT binary)").format(Identifier(table))
            with files[table].open("wb") as file, connection.cursor().copy(statement) as pieces:
                file.writelines(pieces)
    return files


def load(database_url: str, files: dict[str, Path]) -> float:
    """Copy the files into the tables, which keep their indexes, in one transaction; how many seconds it took."""
    began = time.perf_counter()
    with psycopg.connect(database_url, options=f"-c search_path={search_path()}") as connection:
        for table, path in files.items():
            statement = SQL("COPY {} FROM STDIN (FORMAT binary)").format(Identifier(table))
            with path.open("rb") as file, connection.cursor().copy(statement) as copy:
                while piece := file.read(PIECE):
                    copy.write(piece)
    return time.perf_counter() - began
