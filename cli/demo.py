"""`milepost demo`: everything on one machine, with examples, ready to curl."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

import click
from joserfc import jwt
from joserfc.jwk import OctKey

from api.access import keys
from api.schema.definitions import apply
from cli.context import data_dir_option, database, reading
from cli.example import Example
from cli.example_challenges import SPEND
from cli.example_entries import definitions_for, load
from cli.failures import Failed
from cli.serve import report
from cli.serving import Serving, listening
from domain.application import ProgressLog
from projections.consistency import wait_until_level
from projections.database import Reader

TENANT = "demo"
ADMIN, READER = "demo admin", "demo reader"
PATIENCE_SECONDS = 60
QUIET = {"MILEPOST_ACCESS_LOG": "false", "MILEPOST_LOG_LEVEL": "warning"}


class Credentials(NamedTuple):
    """What opens the demo."""

    admin: str
    reader: str
    user: str


@click.command()
@click.option("--port", envvar="MILEPOST_PORT", type=click.IntRange(0, 65535), default=8000, show_default=True)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON line with everything, when ready.")
@data_dir_option
def demo(port: int, as_json: bool, data_dir: Path) -> None:
    """Start everything with examples, and print keys and curl lines. Ctrl-C stops what it started.

    Run again, it starts faster and loads nothing twice; the keys of the run before are revoked.
    """
    with listening("127.0.0.1", port) as listener, database(data_dir) as url:
        with Serving(url, data_dir, listener, report, QUIET) as serving:
            examples = _load_examples(url)
            if not serving.await_ready():
                return
            with reading(url) as reader:
                if not wait_until_level(reader, PATIENCE_SECONDS):
                    raise Failed("the read tables do not catch up with the log: milepost doctor says more")
                credentials = _renew_credentials(reader, examples[0].owner_id)
            told = _as_json if as_json else _as_text
            click.echo(told(serving.url, credentials, examples))
            serving.follow()


def _load_examples(url: str) -> list[Example]:
    now = datetime.now(UTC)
    with ProgressLog(url) as log:
        apply(log, TENANT, definitions_for(log, TENANT, now), now=now)
        return load(log, TENANT, now)


def _renew_credentials(reader: Reader, owner_id: str) -> Credentials:
    """New keys in place of those of earlier demos: a key is shown once, so nobody could look up the old ones."""
    for old in keys.listed(reader, TENANT):
        if old.name in (ADMIN, READER) and old.revoked_at is None:
            keys.revoke(reader, old.id)
    admin = keys.create(reader, tenant=TENANT, name=ADMIN, scopes=keys.SCOPES)
    of_reader = keys.create(reader, tenant=TENANT, name=READER, scopes=["progress:read"])
    return Credentials(admin.key, of_reader.key, _user_token(of_reader, owner_id))


def _user_token(signer: keys.NewKey, owner_id: str) -> str:
    """A token that a tenant's own server would sign for its end user."""
    expires = datetime.now(UTC) + timedelta(hours=24)
    header = {"alg": "HS256", "kid": str(signer.id)}
    claims = {"sub": owner_id, "exp": int(expires.timestamp())}
    return jwt.encode(header, claims, OctKey.import_key(signer.token_secret))


def _as_json(url: str, credentials: Credentials, examples: list[Example]) -> str:
    shown: dict[str, Any] = {
        one.name: {
            "says": one.says,
            **({f"{one.slug}Id": str(one.definition_id), "progressId": str(one.progress_id)} if one.slug else {}),
            "ownedById": one.owner_id,
            "url": url + one.path,
        }
        for one in examples
    }
    return json.dumps({"url": url, "tenant": TENANT, "keys": credentials._asdict(), "examples": shown})


def _as_text(url: str, credentials: Credentials, examples: list[Example]) -> str:
    lines = [
        f"Milepost is ready: {url}   documentation: {url}/docs   Ctrl-C stops it.",
        "",
        f"Keys of the tenant {TENANT}, good until the next demo:",
        f"  admin   {credentials.admin}   may do everything",
        f"  reader  {credentials.reader}   may read progress",
        f"  Ada's token, for 24 hours: she sees her own records\n  {credentials.user}",
        "",
        "Lines to paste:",
    ]
    for one in examples:
        lines += ["", f"# {one.says}", f"curl -s -H 'X-API-Key: {credentials.reader}' '{url}{one.path}'"]
    own = f"curl -s -H 'Authorization: Bearer {credentials.user}' '{url}/schema/challenge_progress/record'"
    lines += ["", "# what Ada sees: her own records", own, "", *_why(url, credentials, examples)]
    return "\n".join([*lines, "", *_order(url, credentials), *_login(url, credentials)])


def _why(url: str, credentials: Credentials, examples: list[Example]) -> list[str]:
    """The line that an auditor asks."""
    lost = next(one for one in examples if one.name == "monthlyWorkouts")
    path = f"{url}/audit/progress/{lost.progress_id}/explain"
    return ["# why Fay lost her streak", f"curl -s -H 'X-API-Key: {credentials.admin}' '{path}'"]


def _order(url: str, credentials: Credentials) -> list[str]:
    """The line that logs an entry: an order of an end user who has none yet."""
    entry = {
        "challengeId": str(SPEND),
        "ownedBy": {"externalId": "dana"},
        "activityAt": f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}",
        "activityId": "made_a_purchase",
        "uniqueIdentifier": f"order-{datetime.now(UTC):%Y%m%d%H%M%S}",
        "activityValue": 25,
    }
    return [
        "# Dana places an order of 25; pasted again, it is the same order",
        f"curl -s -H 'X-API-Key: {credentials.admin}' -H 'Content-Type: application/json' \\",
        f"  -d '{json.dumps(entry)}' '{url}/schema/challenge_log/record'",
    ]


def _login(url: str, credentials: Credentials) -> list[str]:
    """The line that sends an event: it feeds every live definition that names its type."""
    now = datetime.now(UTC)
    event = {
        "event_id": f"login-{now:%Y%m%d%H%M%S}",
        "event_type": "user.login",
        "user_id": "dana",
        "timestamp": f"{now:%Y-%m-%dT%H:%M:%SZ}",
    }
    return [
        "",
        "# Dana logs in: one event feeds both login streaks",
        f"curl -s -H 'X-API-Key: {credentials.admin}' -H 'Content-Type: application/json' \\",
        f"  -d '{json.dumps(event)}' '{url}/v1/events'",
    ]
