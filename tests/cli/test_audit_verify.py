"""`milepost audit verify`: whatever is done to the rows behind our back is found, and named."""

import json

import pytest

from tests.given_sealed import KEY, STRANGER, Tampering, define, grow
from tests.processes import eventually, start


@pytest.fixture
def log(log):
    define(log)
    return log


@pytest.fixture
def tampering(database_url, log, audit):
    """A log under two checkpoints a slice, with some rows that are not sealed yet."""
    for first in (0, 40):
        grow(log, first, 40)
        assert audit("seal").exit_code == 0
    grow(log, 80, 8, "other")
    return Tampering(database_url)


def first_size(tampering, slice_number):
    query = "SELECT min(size) FROM seal_checkpoints WHERE slice = %(slice)s"
    return tampering.rows(query, slice=slice_number)[0][0]


def test_a_log_that_was_left_alone_fits(audit, tampering, outside):
    result = audit("verify", "--json", "--checkpoints", outside, "--key", KEY.public)

    told = json.loads(result.stdout)
    assert result.exit_code == 0, result.output
    assert told["misfits"] == []
    assert told["events"] == sum(tampering.heads().values())
    assert told["unsealed"] >= 8
    assert told["checkpoints"] == 2 * tampering.rows("SELECT count(*) FROM seal_checkpoints")[0][0]


def changed(tampering, slice_number):
    tampering.change(slice_number, 5)


def removed(tampering, slice_number):
    tampering.remove(slice_number, 5)


def removed_and_closed(tampering, slice_number):
    tampering.remove(slice_number, 5)
    tampering.shift(slice_number, 6, -1)


def inserted(tampering, slice_number):
    tampering.shift(slice_number, 5, 1)
    tampering.insert(slice_number, 5)


def reordered(tampering, slice_number):
    tampering.swap(slice_number, 5, 7)


def removed_and_closed_beneath_the_head(tampering, slice_number):
    """Whoever does not know that the head is written down leaves it where it was."""
    removed_and_closed(tampering, slice_number)
    tampering.head(slice_number, 1)


def inserted_beneath_the_head(tampering, slice_number):
    inserted(tampering, slice_number)
    tampering.head(slice_number, -1)


def removed_and_cut(tampering, slice_number):
    """Closed up, and the end cut off so far that fewer rows are left than were sealed."""
    removed_and_closed(tampering, slice_number)
    tampering.rows("DELETE FROM events WHERE slice = %(slice)s AND position > 8", slice=slice_number)
    tampering.rows("UPDATE slices SET head = 8 WHERE slice = %(slice)s", slice=slice_number)


CLOSED = "position 5: removed: what was sealed here is gone, and what stands here was sealed at 6"
OPENED = "position 5: inserted: what stands here was never sealed, and what was sealed here is at 6"
TAMPERED = [
    (changed, "position 5: changed: EntryCounted, version"),
    (removed, "position 5: removed: there is no row"),
    *[(one, CLOSED) for one in (removed_and_closed, removed_and_closed_beneath_the_head, removed_and_cut)],
    *[(one, OPENED) for one in (inserted, inserted_beneath_the_head)],
    (reordered, "position 5: reordered: its row is at 7 now, and what stands here was sealed at 7"),
]


@pytest.mark.parametrize(("tamper", "told"), TAMPERED, ids=lambda one: getattr(one, "__name__", ""))
def test_the_first_row_that_does_not_fit_is_named(audit, tampering, tamper, told):
    slice_number, _ = tampering.fullest()
    tamper(tampering, slice_number)

    result = audit("verify")

    assert result.exit_code == 1
    assert result.stdout.startswith(f"slice {slice_number}, {told}")
    assert "1 slice does not fit what was sealed" in result.stderr


@pytest.mark.parametrize("tamper", [changed, removed_and_closed, inserted, reordered], ids=lambda one: one.__name__)
def test_hashes_and_checkpoints_that_were_made_anew_do_not_fit_those_outside(audit, tampering, outside, tamper):
    slice_number, _ = tampering.fullest()
    first = first_size(tampering, slice_number)
    tamper(tampering, slice_number)
    tampering.seal_anew(slice_number)
    assert audit("seal", MILEPOST_CHECKPOINT_FILE="").exit_code == 0

    inside = audit("verify")
    both = audit("verify", "--checkpoints", outside)

    assert inside.exit_code == 0, inside.output
    assert both.exit_code == 1
    assert both.stdout.startswith(
        f"slice {slice_number}, positions 1 to {first}: something here was changed, and the stored hashes with it: "
        f"the rows do not fit the checkpoint over {first} rows that was kept in {outside}"
    )


def test_the_range_between_two_checkpoints_is_named(audit, tampering, outside):
    slice_number, _ = tampering.fullest()
    first = first_size(tampering, slice_number)
    tampering.change(slice_number, first + 1)
    tampering.seal_anew(slice_number)
    audit("seal", MILEPOST_CHECKPOINT_FILE="")

    result = audit("verify", "--checkpoints", outside)

    assert f"slice {slice_number}, positions {first + 1} to " in result.stdout


def test_the_end_of_the_log_cannot_be_cut_off(audit, tampering, outside):
    slice_number, _ = tampering.fullest()
    size = first_size(tampering, slice_number)
    tampering.rows("DELETE FROM events WHERE slice = %(slice)s AND position > %(at)s", slice=slice_number, at=size)
    tampering.rows("UPDATE slices SET head = %(at)s WHERE slice = %(slice)s", slice=slice_number, at=size)
    inside = audit("verify")
    tampering.seal_anew(slice_number)
    audit("seal", MILEPOST_CHECKPOINT_FILE="")

    both = audit("verify", "--checkpoints", outside)

    told = f"slice {slice_number}, position {size + 1}: removed, and all behind it: "
    assert inside.stdout.startswith(told)
    assert both.stdout.startswith(told)
    assert both.exit_code == inside.exit_code == 1


def test_a_row_beyond_the_head_and_one_in_no_slice_were_inserted(audit, tampering):
    slice_number, head = tampering.fullest()
    tampering.insert(slice_number, head + 1)
    beyond = audit("verify")
    tampering.rows(
        "UPDATE events SET slice = 9 WHERE position = %(at)s AND slice = %(of)s", at=head + 1, of=slice_number
    )

    nowhere = audit("verify")

    assert beyond.stdout.startswith(f"slice {slice_number}, position {head + 1}: inserted: the slice has {head} rows")
    assert nowhere.stdout.startswith(f"slice 9, position {head + 1}: inserted: there is no such slice")
    assert beyond.exit_code == nowhere.exit_code == 1


def test_a_hash_that_was_changed_is_told_from_a_row_that_was(audit, tampering):
    slice_number, _ = tampering.fullest()
    tampering.rows(
        "UPDATE seal_tiles SET hashes = overlay(hashes placing sha256('') from 33) WHERE slice = %(slice)s",
        slice=slice_number,
    )

    result = audit("verify")

    assert result.exit_code == 1
    assert result.stdout.startswith(
        f"slice {slice_number}, position 2: the stored hash was changed; the row fits the checkpoint over "
    )


def test_what_nobody_who_is_trusted_has_signed_is_refused(audit, tampering, outside):
    slice_number, _ = tampering.fullest()
    stranger = audit("verify", "--key", STRANGER.public)
    tampering.rows(
        "UPDATE seal_checkpoints SET note = replace(note, E'\\n2', E'\\n3') WHERE slice = %(s)s", s=slice_number
    )
    forged = audit("verify")
    of_the_file = audit("verify", "--checkpoints", outside, "--key", STRANGER.public)

    assert "no key that is trusted has signed it, but acme.example+" in stranger.stdout
    assert f"slice {slice_number}: the checkpoint over" in forged.stdout
    assert "the signature of acme.example is wrong" in forged.stdout
    assert f"kept in {outside}: no key that is trusted has signed it" in of_the_file.stderr
    assert stranger.exit_code == forged.exit_code == of_the_file.exit_code == 1


def test_checkpoints_of_another_log_and_files_without_any_are_refused(audit, tampering, outside, tmp_path):
    tampering.rows("UPDATE log_identity SET log_id = gen_random_uuid()")
    (tmp_path / "empty.txt").write_text("nothing\n")

    other = audit("verify", "--checkpoints", outside)
    empty = audit("verify", "--checkpoints", tmp_path / "empty.txt")

    assert f"in {outside}, and this is milepost/" in other.stderr
    assert "empty.txt: holds no checkpoint" in empty.stderr
    assert other.exit_code == empty.exit_code == 1


def test_a_checkpoint_that_is_gone_from_the_database_is_missed(audit, tampering):
    slice_number, _ = tampering.fullest()
    tampering.rows("DELETE FROM seal_checkpoints WHERE slice = %(slice)s", slice=slice_number)

    result = audit("verify")

    assert result.exit_code == 1
    assert f"slice {slice_number}: the checkpoint over" in result.stdout
    assert "is gone from the database" in result.stdout


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("MILEPOST_SIGNING_KEY", "PRIVATE+KEY+secret+00000000+AAAA", "MILEPOST_SIGNING_KEY: not a signing key"),
        ("MILEPOST_SIGNING_KEY_FILE", "/nowhere/key", "MILEPOST_SIGNING_KEY and MILEPOST_SIGNING_KEY_FILE: only one"),
        ("MILEPOST_CHECKPOINT_URL", "ftp://example.com", "MILEPOST_CHECKPOINT_URL: must be a URL"),
        ("MILEPOST_CHECKPOINT_TOKEN", "secret\n", "MILEPOST_CHECKPOINT_TOKEN: must be printable ASCII"),
        ("MILEPOST_CHECKPOINT_FILE", "/nowhere/kept.txt", "MILEPOST_CHECKPOINT_FILE: there is no folder /nowhere"),
        ("MILEPOST_CHECKPOINT_SECONDS", "often", "MILEPOST_CHECKPOINT_SECONDS: "),
    ],
)
def test_a_wrong_setting_is_named_and_a_key_is_not_quoted(audit, name, value, told):
    result = audit("seal", **{name: value})

    assert result.exit_code == 1
    assert told in result.stderr
    assert "secret" not in result.stderr


UNPUBLISHED = """
    SELECT slice
    FROM slices
    WHERE head > coalesce(
        (
            SELECT max(size)
            FROM seal_checkpoints
            WHERE seal_checkpoints.slice = slices.slice
              AND published_at IS NOT NULL
        ),
        0
    )
"""


def test_the_clock_process_seals_signs_and_publishes(database_url, log, audit, outside, tmp_path):
    """Also what it writes itself meanwhile: the month of these entries is over."""
    grow(log, 0, 40)
    tampering = Tampering(database_url)
    given = tampering.heads()
    variables = {
        "MILEPOST_SIGNING_KEY": str(KEY),
        "MILEPOST_CHECKPOINT_FILE": str(outside),
        "MILEPOST_CHECKPOINT_SECONDS": "0.1",
    }
    clock = start("clock", "run", database_url=database_url, folder=tmp_path, **variables)
    try:
        due = "SELECT count(*) FROM streams WHERE due_at <= now()"
        eventually(lambda: tampering.heads() != given and tampering.rows(due) == [(0,)])
        eventually(lambda: tampering.rows(UNPUBLISHED) == [])
    finally:
        clock.terminate()
        told = clock.communicate()[1]

    assert clock.returncode == 0
    assert told == b""
    assert audit("verify", "--checkpoints", outside, "--key", KEY.public).exit_code == 0
