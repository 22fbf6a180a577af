"""Reading challenge progress: right at every moment, written or not (RULES 5)."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from domain.application import ProgressLog
from domain.commands import KeepUser, Redefine
from domain.ids import engagement_id
from domain.vocabulary import DefinitionStatus, Slug
from projections import challenge_progress
from projections.database import Reader
from projections.following.projector import Projector
from projections.listing import Page
from tests.projections.conftest import ADA, APRIL_3, BOB, Say, define

MAY_1 = datetime(2026, 5, 1, tzinfo=UTC)
SEALED = MAY_1 + timedelta(minutes=5)


@pytest.fixture(params=[False, True], ids=["before the seal is written", "after the seal is written"])
def seal(request: pytest.FixtureRequest, log: ProgressLog, projector: Projector, challenge: UUID):
    """Level the tables; in the second half of the tests the clock has been there before."""

    def seal() -> None:
        if request.param:
            log.advance("acme", [engagement_id("acme", challenge, ADA)], now=SEALED)
        projector.catch_up()

    return seal


def read(reader: Reader, now: datetime, owner: str | None = None, **filters: object):
    return challenge_progress.of_tenant(reader, "acme", filters, Page(), now=now, owner_id=owner).rows


def test_from_the_boundary_on_an_unmet_run_reads_failed_at_that_boundary(reader, challenge, say: Say, seal):
    logged = say(challenge, ADA, "187.50")
    seal()

    record = challenge_progress.one(reader, "acme", logged.run.id, now=SEALED)

    assert (record.status, record.failed_at, record.value) == ("failed", MAY_1, 187.5)
    assert record.updated_at == MAY_1


def test_until_the_boundary_it_reads_in_progress(reader, projector, challenge, say: Say):
    logged = say(challenge, ADA, "187.50")
    projector.catch_up()

    record = challenge_progress.one(reader, "acme", logged.run.id, now=MAY_1 - timedelta(microseconds=1))

    assert (record.status, record.failed_at) == ("in_progress", None)
    assert (record.period_key, record.period_end_at, record.count) == ("2026-04", MAY_1, 1)


def test_filters_by_status_agree_with_what_is_read(reader, challenge, say: Say, seal):
    say(challenge, ADA, "187.50")
    say(challenge, BOB, "500")
    seal()

    by_status = {
        status: [one.owner_id for one in read(reader, SEALED, status=status)]
        for status in ("in_progress", "completed", "failed")
    }

    assert by_status == {"in_progress": [], "completed": [BOB], "failed": [ADA]}


def test_a_completed_run_stays_completed_when_its_window_ends(reader, challenge, say: Say, seal):
    logged = say(challenge, ADA, "750")
    seal()

    record = challenge_progress.one(reader, "acme", logged.run.id, now=SEALED)

    assert (record.status, record.value, record.completed_at) == ("completed", 750, APRIL_3)


def test_a_late_entry_inside_the_grace_turns_a_failed_reading_round(reader, projector, challenge, say: Say):
    say(challenge, ADA, "187.50")
    projector.catch_up()
    failed = read(reader, MAY_1 + timedelta(minutes=1))[0].status
    late = say(challenge, ADA, "400", at=MAY_1 - timedelta(minutes=1), now=MAY_1 + timedelta(minutes=2))

    projector.catch_up()

    record = challenge_progress.one(reader, "acme", late.run.id, now=MAY_1 + timedelta(minutes=3))
    assert failed == "failed"
    assert (record.status, record.value) == ("completed", 587.5)


def test_a_run_in_a_paused_window_is_withdrawn_at_its_end(reader, log, challenge, say: Say, seal):
    logged = say(challenge, ADA, "5")
    for day, status in enumerate((DefinitionStatus.PAUSED, DefinitionStatus.LIVE)):
        command = Redefine(id=challenge, slug=Slug.CHALLENGE, changes={"status": status})
        log.define("acme", challenge, command, now=APRIL_3 + timedelta(days=day))
    seal()

    assert challenge_progress.one(reader, "acme", logged.run.id, now=SEALED) is None
    assert read(reader, SEALED) == []


def test_at_most_one_run_reads_in_progress_when_an_entry_comes_early(reader, projector, challenge, say: Say):
    say(challenge, ADA, "5")
    late_in_april = MAY_1 - timedelta(minutes=2)
    early = say(challenge, ADA, "7", at=MAY_1 + timedelta(minutes=1), now=late_in_april)
    projector.catch_up()

    before = [(one.period_key, one.status) for one in read(reader, late_in_april)]
    after = {(one.period_key, one.status) for one in read(reader, MAY_1)}

    assert before == [("2026-04", "in_progress")]
    assert after == {("2026-04", "failed"), ("2026-05", "in_progress")}
    assert challenge_progress.one(reader, "acme", early.run.id, now=MAY_1).value == 7


def test_another_tenant_and_another_owner_see_nothing_of_it(reader, log, projector, challenge, say: Say):
    logged = say(challenge, ADA, "5")
    foreign = define(log, tenant="other")
    say(foreign, ADA, "6", tenant="other")
    projector.catch_up()

    assert challenge_progress.one(reader, "other", logged.run.id, now=APRIL_3) is None
    assert challenge_progress.one(reader, "acme", logged.run.id, now=APRIL_3, owner_id=BOB) is None
    assert [one.value for one in read(reader, APRIL_3)] == [5]
    assert read(reader, APRIL_3, owner=BOB) == []


def test_the_owner_is_joined_when_it_is_known(reader, log, projector, challenge, say: Say):
    user, _ = log.keep_user("acme", KeepUser(external_id="u-1", personal={"first_name": "Ada"}), now=APRIL_3)
    say(challenge, user, "5")
    say(challenge, BOB, "6")
    projector.catch_up()

    names = {one.owner_id: (one.external_id, one.first_name) for one in read(reader, APRIL_3)}

    assert names == {user: ("u-1", "Ada"), BOB: (None, None)}


@pytest.mark.parametrize("sort", ["created_at", "updated_at", "value"])
@pytest.mark.parametrize("descending", [False, True])
def test_keyset_pages_hold_every_run_once_while_rows_change(
    reader, log, projector, challenge, say: Say, sort, descending
):
    for number in range(1, 8):
        say(challenge, str(UUID(int=number)), str(number % 3 + 1), at=APRIL_3 + timedelta(minutes=number % 4))
    projector.catch_up()
    seen: list[UUID] = []
    after = None

    while True:
        page = Page(sort=sort, descending=descending, limit=2, after=after)
        found = challenge_progress.of_tenant(reader, "acme", {}, page, now=APRIL_3)
        seen += [one.id for one in found.rows]
        if not found.more:
            break
        after = (getattr(found.rows[-1], sort), found.rows[-1].id)

    assert len(seen) == len(set(seen)) == 7


def test_ends_before_and_updated_since_look_at_what_is_read(reader, challenge, say: Say, seal):
    say(challenge, ADA, "5")
    seal()

    assert read(reader, SEALED, updated_since=MAY_1) != []
    assert read(reader, SEALED, updated_since=MAY_1 + timedelta(seconds=1)) == []
    assert read(reader, SEALED, ends_before=MAY_1) == []
    assert read(reader, SEALED, ends_before=MAY_1 + timedelta(seconds=1)) != []
