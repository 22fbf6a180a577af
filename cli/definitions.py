"""`milepost definitions`: what there is to be reached, as a file says it."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click
import msgspec

from api.schema import assignment, catalogue, challenge, milestone, streak, team
from api.schema.applied_training import GROUPS, Group
from api.schema.definitions import apply
from api.schema.differences import Difference
from api.schema.records import Records
from api.wire import encode
from cli.context import data_dir_option, database, reading, tenant_option
from cli.documents import read_document
from cli.failures import Failed
from domain.application import ProgressLog
from domain.catalogue import CatalogueKind
from domain.errors import Refused
from projections import PROJECTIONS, records
from projections.consistency import wait_until_level
from projections.database import Reader
from projections.following.projector import Projector
from projections.listing import Page

WITH_MILESTONES = {"challenges": challenge.RECORDS, "streaks": streak.RECORDS}
PLAIN = {"teams": team.RECORDS, "assignments": assignment.RECORDS}
SHOWN = [*WITH_MILESTONES.values(), *PLAIN.values(), milestone.RECORDS, catalogue.RECORDS]
NOT_SAID = ("createdAt", "updatedAt", "version", "linkedSchemaSlug", "linkedSchemaRecordId")
PAGE = 1_000


@click.group()
def definitions() -> None:
    """Apply definitions from a file, or show those that there are."""


@definitions.command("apply")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, allow_dash=True))
@click.option("--dry-run", is_flag=True, help="Change nothing; print what would change.")
@tenant_option
@data_dir_option
def apply_(file: str, dry_run: bool, tenant: str, data_dir: Path) -> None:
    """Bring definitions, users and training to what FILE (JSON or YAML) says. Run again, it changes nothing more.

    What FILE leaves out stays as it is. It is checked as a whole before anything is written.
    """
    document = read_document(file)
    with database(data_dir) as url, ProgressLog(url) as log:
        try:
            differences = apply(log, tenant, document, now=datetime.now(UTC), dry_run=dry_run)
        except Refused as refusal:
            raise Failed(f"{file}: {refusal}") from refusal
    for one in differences:
        for line in _lines(one):
            click.echo(line)
    if dry_run:
        click.echo("This was a dry run: nothing was changed.")


@definitions.command()
@tenant_option
@data_dir_option
def show(tenant: str, data_dir: Path) -> None:
    """Print the tenant's definitions in the form that `apply` takes."""
    with database(data_dir) as url, reading(url) as reader:
        read = {name for shown in SHOWN for name in shown.kind.projections}
        projector = Projector(url, [one for one in PROJECTIONS if one.name in read])
        projector.catch_up()
        projector.close()
        if not wait_until_level(reader, names=read):  # Somebody else may be in the middle of a batch.
            raise Failed("the read tables are behind the log: milepost doctor says why")
        document = _document(reader, tenant)
    click.echo(msgspec.json.format(encode(document), indent=2))


def _lines(difference: Difference) -> Iterator[str]:
    kind, identifier, name, action, changes = difference
    yield f"{action:<9} {kind} {identifier} {name}".rstrip()
    if action == "changed":
        for field, (before, after) in changes.items():
            yield f"            {field}: {_short(before)} -> {_short(after)}"


def _short(value: Any) -> str:
    return encode(value).decode()


def _document(reader: Reader, tenant: str) -> dict[str, Any]:
    """Everything that the tenant has, as a file would say it."""
    return {
        **{
            name: [_said(reader, tenant, shown, row) for row in _rows(reader, shown.kind, tenant)]
            for name, shown in WITH_MILESTONES.items()
        },
        "catalogue": {
            group.name: [_item(row, group) for row in _rows(reader, records.CATALOGUE, tenant, {"kind": group.kind})]
            for group in GROUPS.values()
        },
        **{
            name: [_without(shown.json(row)) for row in _rows(reader, shown.kind, tenant)]
            for name, shown in PLAIN.items()
        },
    }


def _item(row: records.Row, group: Group) -> dict[str, Any]:
    """An item of the catalogue, less what its list says of it."""
    said = _without(catalogue.RECORDS.json(row))
    del said["kind"]
    if group.kind is not CatalogueKind.CUSTOM_COURSE:
        del said["contentArea"], said["items"]
    return {group.parent if name == "parentId" else name: value for name, value in said.items()}


def _said(reader: Reader, tenant: str, shown: Records, row: records.Row) -> dict[str, Any]:
    """A definition with its milestones, as a file would say them."""
    about = {"definition_id": row["id"]}
    inline = [_without(milestone.RECORDS.json(one)) for one in _rows(reader, records.MILESTONE, tenant, about)]
    return {**_without(shown.json(row)), "milestones": inline}


def _without(record: dict[str, Any]) -> dict[str, Any]:
    said = {name: value for name, value in record.items() if name not in NOT_SAID and value is not None}
    # The document's name for it: inside its definition it is plain whose target it is.
    return {"targetValue" if name == "milestoneTargetValue" else name: value for name, value in said.items()}


def _rows(
    reader: Reader, kind: records.Kind, tenant: str, filters: dict[str, Any] | None = None
) -> Iterator[records.Row]:
    """All rows of a kind, the oldest first."""
    after = None
    while True:
        page = Page(descending=False, limit=PAGE, after=after)
        listed = records.of_tenant(reader, kind, tenant, filters or {}, page)
        yield from listed.rows
        if not listed.more:
            return
        after = (listed.rows[-1]["created_at"], listed.rows[-1]["id"])
