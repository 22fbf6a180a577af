"""Rewards: one row a milestone that was reached."""

from collections.abc import Iterator

from domain.engagement import MilestoneReached, RewardChanged
from domain.events import Recorded
from projections.change import Change, Projection
from projections.versions import VERSIONS

TABLE = """
    CREATE TABLE {table} (
        slice            smallint    NOT NULL,
        id               uuid        NOT NULL,
        tenant           text        NOT NULL,
        slug             text        NOT NULL,
        definition_id    uuid        NOT NULL,
        milestone_id     uuid        NOT NULL,
        owner_id         text        NOT NULL,
        progress_id      uuid        NOT NULL,
        period_key       text        NOT NULL,
        target_value     numeric     NOT NULL,
        reward_item_id   text,
        reward_issued_at timestamptz NOT NULL,
        reward_expiry_at timestamptz,
        coupon_code      text,
        created_at       timestamptz NOT NULL,
        updated_at       timestamptz NOT NULL,
        PRIMARY KEY (slice, id)
    );

    CREATE INDEX ON {table} (tenant, created_at, id);
    CREATE INDEX ON {table} (slice, tenant, owner_id, created_at, id);
    CREATE INDEX ON {table} (slice, tenant, owner_id, definition_id, target_value);
"""


def rows(recorded: Recorded) -> Iterator[Change]:
    """The columns that an event sets. Values are copied, never worked out."""
    event, at = recorded.event, recorded.recorded_at
    match event:
        case MilestoneReached():
            yield Change(
                event.reward_id,
                tenant=recorded.tenant,
                slug=event.slug.value,
                definition_id=event.definition_id,
                milestone_id=event.milestone.id,
                owner_id=event.owner_id,
                progress_id=event.run_id,
                period_key=event.period_key,
                target_value=event.milestone.target_value,
                reward_item_id=event.milestone.reward_item_id,
                reward_issued_at=event.reached_at,
                reward_expiry_at=None,
                coupon_code=None,
                created_at=at,
                updated_at=at,
            )
        case RewardChanged():
            yield Change(
                event.reward_id,
                coupon_code=event.coupon_code,
                reward_expiry_at=event.reward_expiry_at,
                updated_at=at,
            )


PROJECTION = Projection(
    name="reward_log",
    version=VERSIONS["reward_log"],
    key=("id",),
    table=TABLE,
    rows=rows,
    events=(MilestoneReached, RewardChanged),
)
