"""Everything that a database holds, as text: what its owner would find in a dump."""

import psycopg
from psycopg.sql import SQL, Identifier

from eventstore.postgres_programs import EmbeddedPostgresError, run

TABLES = """
    SELECT schemaname, tablename
    FROM pg_tables
    WHERE schemaname NOT IN ('pg_catalog', 'information_schema')
"""


def dump(url: str) -> str:
    """What pg_dump writes. Where it is missing or older than the server: every row of every table."""
    try:
        done, text = run("pg_dump", f"--dbname={url}", owner=0)
    except EmbeddedPostgresError:
        done, text = False, ""
    return text if done else _rows(url)


def _rows(url: str) -> str:
    with psycopg.connect(url) as connection:
        tables = [SQL("{}.{}").format(*map(Identifier, row)) for row in connection.execute(TABLES).fetchall()]
        queries = [SQL("SELECT record::text FROM {} AS record").format(table) for table in tables]
        return "\n".join(row[0] for query in queries for row in connection.execute(query))
