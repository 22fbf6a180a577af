"""What a tenant notes on a reward that was issued."""

from collections.abc import Iterable
from datetime import datetime

import msgspec
from msgspec.structs import asdict

from domain.commands import ChangeReward
from domain.definitions import refuse, text_complaints, typed
from domain.engagement import MilestoneReached, RewardChanged
from domain.errors import NotFound
from domain.events import Event, Recorded
from domain.texts import MAX_NAME_LENGTH


class Notes(msgspec.Struct, frozen=True, kw_only=True):
    """What a tenant may say of a reward."""

    coupon_code: str | None = None
    reward_expiry_at: datetime | None = None


def decide(history: Iterable[Recorded], command: ChangeReward) -> Event | None:
    """The change of a reward; None when it says so already. Raises NotFound, and InvalidInput by field."""
    before: Notes | None = None
    for recorded in history:
        event = recorded.event
        if isinstance(event, MilestoneReached) and event.reward_id == command.reward_id:
            before = Notes()
        elif isinstance(event, RewardChanged) and event.reward_id == command.reward_id:
            before = Notes(coupon_code=event.coupon_code, reward_expiry_at=event.reward_expiry_at)
    if before is None:
        raise NotFound(f"there is no reward {command.reward_id}")
    after = typed(Notes, {**asdict(before), **command.changes})
    refuse(text_complaints("coupon_code", after.coupon_code or "", MAX_NAME_LENGTH))
    changed = tuple(sorted(name for name in command.changes if getattr(after, name) != getattr(before, name)))
    if not changed:
        return None
    return RewardChanged(reward_id=command.reward_id, changed=changed, **asdict(after))
