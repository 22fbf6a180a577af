"""`milepost keys`: who may ask."""

import json
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import click
import msgspec

from api.access import keys as api_keys
from api.access import signing_secrets
from cli.context import data_dir_option, database, reading
from cli.failures import Failed

DAYS = re.compile(r"(\d{1,5})d")


class Scopes(click.ParamType[list[str]]):
    """Names of scopes, separated by commas."""

    name = "a,b"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> list[str]:
        if isinstance(value, list):
            return value
        scopes = [scope.strip() for scope in value.split(",") if scope.strip()]
        unknown = ", ".join(scope for scope in scopes if scope not in api_keys.SCOPES)
        if unknown or not scopes:
            self.fail(f"{unknown or 'no scope'}: must be of {', '.join(api_keys.SCOPES)}", param, ctx)
        return scopes


class Expiry(click.ParamType[datetime]):
    """A time with its offset from UTC, or a number of days from now."""

    name = "time"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        try:
            if days := DAYS.fullmatch(str(value)):
                return datetime.now(UTC) + timedelta(days=int(days[1]))
            moment = value if isinstance(value, datetime) else datetime.fromisoformat(value)
            expires_at = moment.astimezone(UTC) if moment.tzinfo else None
        except (ValueError, OverflowError):
            expires_at = None
        if expires_at is None:
            self.fail(f"{value!r} is neither a number of days as 30d nor a time as 2027-01-31T00:00:00Z", param, ctx)
        if expires_at <= datetime.now(UTC):
            self.fail(f"{value} is over already", param, ctx)
        return expires_at


@click.group()
def keys() -> None:
    """Make, list and revoke API keys and signing secrets."""


@keys.command()
@click.option("--tenant", required=True, help="Whose data the key opens. A tenant exists once it is named.")
@click.option("--scopes", type=Scopes(), required=True, help="What the key may do, separated by commas.")
@click.option("--name", default="command line", show_default=True, help="What the key is for.")
@click.option("--expires", type=Expiry(), help="When it ends: 30d, or 2027-01-31T00:00:00Z. The default is never.")
@click.option("--signing", is_flag=True, help="Make a secret that signs requests, in place of a key.")
@click.option(
    "--json",
    "as_json",
    is_flag=True,
    help='Print one JSON line {"id", "key", "tokenSecret"}, or {"id", "signingSecret"}.',
)
@data_dir_option
def create(
    tenant: str,
    scopes: list[str],
    name: str,
    expires: datetime | None,
    signing: bool,
    as_json: bool,
    data_dir: Path,
) -> None:
    """Make a key. It is shown this once, with the secret that signs tokens for end users.

    With --signing it is a secret that the tenant signs each of its requests with. A tenant may have several.
    """
    make = signing_secrets.create if signing else api_keys.create
    with database(data_dir) as url, reading(url) as reader:
        new = make(reader, tenant=tenant, name=name, scopes=scopes, expires_at=expires)
    shown = msgspec.to_builtins(new)
    if as_json:
        click.echo(json.dumps(shown))
    else:
        width = max(map(len, shown))
        click.echo("\n".join(f"{label:<{width}}  {value}" for label, value in shown.items()))


@keys.command("list")
@click.option("--tenant", help="Only this tenant's keys.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON line a key.")
@data_dir_option
def list_(tenant: str | None, as_json: bool, data_dir: Path) -> None:
    """List the keys and signing secrets, revoked and expired ones too; never the keys and secrets themselves."""
    with database(data_dir) as url, reading(url) as reader:
        found = [*api_keys.listed(reader, tenant), *signing_secrets.listed(reader, tenant)]
        for key in sorted(found, key=lambda one: (one.tenant, one.created_at, one.id)):
            row = _row(key, datetime.now(UTC))
            click.echo(json.dumps(row) if as_json else "\t".join(_text(value) for value in row.values()))


@keys.command()
@click.argument("key_id", metavar="ID", type=click.UUID)
@data_dir_option
def revoke(key_id: UUID, data_dir: Path) -> None:
    """Revoke the key or signing secret with this ID: it, and what it signed, opens nothing any more."""
    with database(data_dir) as url, reading(url) as reader:
        if not (api_keys.revoke(reader, key_id) or signing_secrets.revoke(reader, key_id)):
            raise Failed(f"there is no key {key_id}")
    click.echo(f"{key_id}: revoked. Running processes notice within 5 seconds.")


def _row(key: api_keys.Key | signing_secrets.SigningSecret, now: datetime) -> dict[str, Any]:
    state = "valid" if key.valid(now) else "revoked" if key.revoked_at else "expired"
    return {
        "id": str(key.id),
        "kind": "key" if isinstance(key, api_keys.Key) else "signing",
        "tenant": key.tenant,
        "name": key.name,
        "prefix": key.prefix,
        "scopes": key.scopes,
        "state": state,
        "createdAt": key.created_at.isoformat(),
        "expiresAt": key.expires_at.isoformat() if key.expires_at else None,
    }


def _text(value: Any) -> str:
    return ",".join(value) if isinstance(value, list) else "-" if value is None else str(value)
