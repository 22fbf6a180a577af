"""A plausible history: owners of unequal zeal, two challenges, entries in the order of their activity."""

import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import accumulate
from pathlib import Path
from typing import NamedTuple
from uuid import NAMESPACE_URL, UUID, uuid5

from domain.application import ProgressLog
from domain.commands import AddMilestone, Define
from domain.vocabulary import DefinitionStatus, Method, Period, Slug

TENANT = "bench"
VISITS = uuid5(NAMESPACE_URL, "urn:milepost:bench:visits")
SPEND = uuid5(NAMESPACE_URL, "urn:milepost:bench:spend")
BEGIN = datetime(2026, 1, 1, tzinfo=UTC)
END = datetime(2026, 5, 1, tzinfo=UTC)

FIELDS = {
    VISITS: {
        "name": "Four visits a month",
        "aggregation_method": Method.COUNT,
        "aggregation_period": Period.MONTHLY,
        "timezone": "Europe/Berlin",
        "completion_target_value": Decimal(4),
    },
    SPEND: {
        "name": "A hundred a week",
        "aggregation_method": Method.SUM,
        "aggregation_period": Period.WEEKLY,
        "timezone": "America/New_York",
        "completion_target_value": Decimal(100),
    },
}
MILESTONES = ((VISITS, Decimal(2)), (VISITS, Decimal(4)), (SPEND, Decimal(50)))


class Entry(NamedTuple):
    """One line of the history."""

    challenge: UUID
    owner: UUID
    at: datetime
    identifier: str
    cents: int

    def json(self, at: datetime | None = None) -> str:
        """The entry as clients send it, on its day or on another."""
        moment = (at or self.at).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        value = f',"activityValue":{self.cents / 100:.2f}' if self.challenge == SPEND else ""
        action = "made_a_purchase" if self.challenge == SPEND else "visited_a_shop"
        return (
            f'{{"kind":"challenge_log","challengeId":"{self.challenge}","ownedById":"{self.owner}",'
            f'"activityAt":"{moment}","activityId":"{action}","uniqueIdentifier":"{self.identifier}"{value}}}'
        )


def define(log: ProgressLog) -> None:
    """Make the two challenges and their milestones."""
    for challenge, fields in FIELDS.items():
        live = {**fields, "status": DefinitionStatus.LIVE}
        log.define(TENANT, challenge, Define(id=challenge, slug=Slug.CHALLENGE, fields=live), now=BEGIN)
    for challenge, target in MILESTONES:
        milestone = uuid5(challenge, str(target))
        command = AddMilestone(
            id=milestone,
            slug=Slug.CHALLENGE,
            definition_id=challenge,
            fields={"name": f"Reached {target}", "target_value": target, "reward_item_id": f"voucher-{target}"},
        )
        log.define(TENANT, challenge, command, now=BEGIN)


def entries(count: int, owners: int) -> Iterator[Entry]:
    """`count` entries, the same ones every time. Few owners are zealous, most are not."""
    chance = random.Random(count * 1_000_003 + owners)
    ids = [UUID(int=chance.getrandbits(128), version=4) for _ in range(owners)]
    zeal = list(accumulate(chance.lognormvariate(0, 1) for _ in ids))
    step = (END - BEGIN) / count
    for number in range(count):
        at = BEGIN + step * number + timedelta(milliseconds=chance.randrange(1000))
        owner = chance.choices(ids, cum_weights=zeal)[0]
        challenge = SPEND if chance.random() < 0.5 else VISITS
        prefix = "order" if challenge == SPEND else "visit"
        yield Entry(challenge, owner, at, f"{prefix}-{number:08d}", chance.randrange(300, 6_000))


def write(path: Path, count: int, owners: int) -> Path:
    """The history as a JSONL file."""
    with path.open("w") as file:
        file.writelines(f"{entry.json()}\n" for entry in entries(count, owners))
    return path
