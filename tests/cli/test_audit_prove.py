"""`milepost audit prove` and `check-proof`: what was proved can be checked by anybody, offline."""

import json
import subprocess
import sys
from base64 import b64decode, b64encode

import pytest

from domain.ids import engagement_id, entry_id
from proofs.notes import SigningKey, notes_in
from tests.given_sealed import CHALLENGE, KEY, OWNERS, STRANGER, Tampering, define, grow

WITHOUT_A_DATABASE = """
import sys
sys.modules["psycopg"] = sys.modules["eventsourcing"] = sys.modules["flask"] = None
from cli.main import main
main()
"""


@pytest.fixture
def grown(database_url, log, audit, outside, tmp_path):
    """A log that was sealed, copied its checkpoints away, grew and was sealed again."""
    define(log)
    grow(log, 0, 40)
    audit("seal")
    (tmp_path / "then.txt").write_bytes(outside.read_bytes())
    grow(log, 40, 300)
    audit("seal")
    grow(log, 340, 8)
    return Tampering(database_url)


@pytest.fixture
def check(tmp_path):
    """`check(proof)`: exit code and output of a process that has no database driver and no settings."""

    def check(proof, key=KEY):
        file = tmp_path / "proof.json"
        file.write_text(proof if isinstance(proof, str) else json.dumps(proof))
        command = [sys.executable, "-c", WITHOUT_A_DATABASE, "audit", "check-proof", file, "--key", str(key.public)]
        done = subprocess.run(command, capture_output=True, text=True, check=False, env={"PATH": "/nowhere"})
        return done.returncode, done.stdout + done.stderr

    return check


def test_a_position_a_version_and_an_entry_are_proved_and_checked_without_a_database(audit, grown, check):
    stream = engagement_id("default", CHALLENGE, OWNERS[3])
    entry = entry_id(stream, "order-11")
    query = "SELECT slice, position, originator_version FROM events WHERE entry_id = %(id)s"
    slice_number, position, version = grown.rows(query, id=entry)[0]

    proofs = [audit("prove", name).stdout for name in (f"{slice_number}:{position}", f"{stream}@{version}", entry)]

    told = json.loads(proofs[0])
    assert proofs[0] == proofs[1] == proofs[2]
    assert (told["row"]["streamId"], told["row"]["entryId"]) == (str(stream), str(entry))
    assert told["row"]["state"].encode() in b64decode(told["canonical"])
    code, said = check(proofs[0])
    assert code == 0, said
    assert said.startswith(f"proved: EntryCounted at {slice_number}:{position} is in slice {slice_number} of milepost/")


def test_a_proof_that_was_changed_proves_nothing(audit, grown, check):
    slice_number, _ = grown.fullest()
    proof = json.loads(audit("prove", f"{slice_number}:7").stdout)
    row = bytearray(b64decode(proof["canonical"]))
    row[-1] ^= 1
    changes = {
        "canonical": b64encode(row).decode(),
        "row": {**proof["row"], "tenant": "other"},
        "leaf": proof["path"][0],
        "path": proof["path"][:-1],
        "checkpoint": proof["checkpoint"].replace("\n", "\n1", 1),
        "format": "milepost-inclusion/2",
    }

    outcomes = {name: check({**proof, name: value}) for name, value in changes.items()}
    outcomes["stranger"] = check(proof, STRANGER)

    assert {name: code for name, (code, _) in outcomes.items()} == dict.fromkeys(outcomes, 1)
    assert all("proves nothing" in said for _, said in outcomes.values())
    assert "the row that is shown is not the row that is proved" in outcomes["row"][1]
    assert "the path is too short" in outcomes["path"][1]
    assert "the signature of acme.example is wrong" in outcomes["checkpoint"][1]


def test_the_log_is_proved_to_go_on_from_checkpoints_that_were_kept(audit, grown, check, tmp_path):
    proof = audit("prove", "--since", tmp_path / "then.txt").stdout

    code, said = check(proof)

    assert code == 0, said
    assert said.count("rows are unchanged in slice") == len(notes_in((tmp_path / "then.txt").read_text()))


def test_an_event_is_proved_under_a_checkpoint_that_was_kept(audit, grown, check, tmp_path):
    slice_number, _ = grown.fullest()

    proof = audit("prove", f"{slice_number}:2", "--since", tmp_path / "then.txt").stdout

    assert json.loads(proof)["checkpoint"] in notes_in((tmp_path / "then.txt").read_text())
    assert check(proof)[0] == 0


def test_history_that_was_rewritten_cannot_be_proved(audit, grown, tmp_path):
    slice_number, _ = grown.fullest()
    grown.change(slice_number, 3)
    row = audit("prove", f"{slice_number}:3")
    grown.seal_anew(slice_number)
    audit("seal")

    since = audit("prove", "--since", tmp_path / "then.txt")

    assert f"{slice_number}:3 is not what was sealed" in row.stderr
    assert f"slice {slice_number} does not go on from the checkpoint over" in since.stderr
    assert row.exit_code == since.exit_code == 1


def test_what_cannot_be_proved_is_said(audit, grown):
    slice_number, head = grown.fullest()

    fresh = audit("prove", f"{slice_number}:{head}")
    nothing = audit("prove", f"{slice_number}:{head + 1}")
    nonsense = audit("prove", "yesterday")

    assert "is under no signed checkpoint yet: milepost audit seal signs one now" in fresh.stderr
    assert "there is no such event" in nothing.stderr
    assert "yesterday: is no SLICE:NUMBER" in nonsense.stderr
    assert (fresh.exit_code, nothing.exit_code, nonsense.exit_code) == (1, 1, 2)


def test_the_public_key_is_shown_and_a_new_one_is_made(milepost, audit):
    given = audit("key")
    made = milepost("audit", "key", "--new", "--name", "new.example")
    own = [milepost("audit", "key") for _ in range(2)]

    assert given.stdout == f"{KEY.public}\n"
    assert f"its public key: {SigningKey.parse(made.stdout).public}\n" == made.stderr
    assert own[0].stdout == own[1].stdout != given.stdout
    assert "MILEPOST_SIGNING_KEY" in own[0].stderr
