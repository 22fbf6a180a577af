"""What a tenant notes on a reward that was issued."""

from collections.abc import Iterable

from domain.commands import ChangeReward
from domain.engagement import MilestoneReached, RewardChanged
from domain.errors import NotFound
from domain.events import Event, Recorded


def decide(history: Iterable[Recorded], command: ChangeReward) -> Event | None:
    """The change of a reward; None when it says so already. Raises NotFound."""
    current: dict[str, object] | None = None
    for recorded in history:
        event = recorded.event
        if isinstance(event, MilestoneReached) and event.reward_id == command.reward_id:
            current = {"coupon_code": None, "reward_expiry_at": None}
        elif isinstance(event, RewardChanged) and event.reward_id == command.reward_id:
            current = {"coupon_code": event.coupon_code, "reward_expiry_at": event.reward_expiry_at}
    if current is None:
        raise NotFound(f"there is no reward {command.reward_id}")
    after = {**current, **command.changes}
    changed = tuple(sorted(name for name in after if after[name] != current[name]))
    if not changed:
        return None
    return RewardChanged(reward_id=command.reward_id, changed=changed, **after)
