"""Ids: deterministic, and the same for ever. Their first two bytes name the slice (ARCHITECTURE, Slices)."""

from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain import ids

DEFINITION = UUID("11111111-2222-4333-8444-555555555555")
MILESTONE = UUID("66666666-7777-4888-9999-aaaaaaaaaaaa")
ENGAGEMENT = ids.engagement_id("acme", DEFINITION, "ana")
RUN = ids.run_id(ENGAGEMENT, "2025-12")
NAMES = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=20)


@pytest.mark.parametrize(
    ("identifier", "golden"),
    [
        (ENGAGEMENT, "d42c9341-d6aa-8f9c-a374-4a9fabc4c8cc"),
        (RUN, "d42c2cb7-d378-8929-9b92-a908d6c03818"),
        (ids.entry_id(ENGAGEMENT, "order-1001"), "d42cc6ea-c70c-897c-82e2-4ad500144cf8"),
        (ids.reward_id(ENGAGEMENT, MILESTONE, None), "d42cbf47-349c-8b12-9ac1-659f5294b23b"),
        (ids.reward_id(ENGAGEMENT, MILESTONE, RUN), "d42c4f8e-0188-8c7d-bc5e-1c9ba305f16e"),
        (ids.definition_id("acme", "challenge", DEFINITION), "6b69a07b-af0e-829d-8def-93c01d17486b"),
        (ids.owner_stream_id("acme", "ana"), "d42c2cbf-ab6b-81e6-9c5d-a2e658f8964a"),
        (ids.user_id("acme", "crm-7"), "45fbf5c5-0e24-5fa9-83a5-106dd4ff5bc5"),
    ],
)
def test_ids_never_change(identifier: UUID, golden: str):
    assert str(identifier) == golden


def test_a_slice_of_a_golden_id_never_changes():
    assert [ids.slice_of(ENGAGEMENT, slices) for slices in (1, 4, 64, 1024)] == [0, 0, 44, 44]


@given(NAMES, NAMES, st.uuids(), st.integers(min_value=1, max_value=1024))
def test_everything_of_an_owner_is_in_the_slice_that_the_first_two_bytes_name(
    tenant: str, owner: str, definition: UUID, slices: int
):
    engagement = ids.engagement_id(tenant, definition, owner)
    run = ids.run_id(engagement, "2025-12")
    of_owner = [
        engagement,
        run,
        ids.entry_id(engagement, "order-1001"),
        ids.reward_id(engagement, MILESTONE, run),
        ids.owner_stream_id(tenant, owner),
    ]

    assert {ids.slice_of(one, slices) for one in of_owner} == {ids.owner_slice(tenant, owner, slices)}
    assert {one.bytes[:2] for one in of_owner} == {engagement.bytes[:2]}
    assert 0 <= ids.owner_slice(tenant, owner, slices) < slices


@given(NAMES, NAMES, st.uuids())
def test_an_id_depends_on_nothing_but_what_it_names(tenant: str, owner: str, definition: UUID):
    assert ids.engagement_id(tenant, definition, owner) == ids.engagement_id(tenant, definition, owner)


@given(st.lists(st.tuples(NAMES, NAMES), min_size=2, max_size=2, unique=True), st.uuids())
def test_two_tenants_or_owners_never_share_an_id(pairs: list[tuple[str, str]], definition: UUID):
    engagements = [ids.engagement_id(tenant, definition, owner) for tenant, owner in pairs]
    streams = [ids.owner_stream_id(tenant, owner) for tenant, owner in pairs]

    assert len({*engagements, *streams}) == 4


def test_parts_of_an_id_cannot_be_shifted_into_each_other():
    assert ids.owner_stream_id("ab", "c") != ids.owner_stream_id("a", "bc")
    assert ids.reward_id(ENGAGEMENT, MILESTONE, None) != ids.reward_id(ENGAGEMENT, MILESTONE, RUN)
    assert ids.run_id(ENGAGEMENT, "order-1001") != ids.entry_id(ENGAGEMENT, "order-1001")


def test_an_id_is_a_uuid_of_version_8():
    assert {one.version for one in (ENGAGEMENT, RUN)} == {8}


def test_the_id_of_a_user_is_a_uuid_of_version_5():
    """API, Writing: its id: a UUIDv5 of tenant and `externalId`."""
    assert ids.user_id("acme", "crm-7").version == 5
    assert ids.user_id("acme", "crm-7") != ids.user_id("globex", "crm-7")


def test_the_definitions_of_a_tenant_are_spread_over_the_slices():
    streams = {ids.slice_of(ids.definition_id("acme", "challenge", UUID(int=n)), 4) for n in range(64)}

    assert streams == {0, 1, 2, 3}
