"""Signed notes and checkpoints: what is signed can be read by anybody's tools, and anything else is refused."""

from base64 import b64encode
from uuid import UUID

import pytest

from proofs.checkpoints import Checkpoint, read, told, trusted
from proofs.merkle import EMPTY, Unfit
from proofs.notes import PublicKey, SigningKey, notes_in, opened

# The example of Go's package golang.org/x/mod/sumdb/note, which C2SP's signed-note was made from.
PETER = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
NOTE = (
    "If you think cryptography is the answer to your problem,\n"
    "then you don't know what your problem is.\n"
    "\n"
    "\u2014 PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n"
)
# The same in every process of a run: a test is called after it.
KEY = SigningKey("acme.example", bytes(range(32)))
LOG = UUID(int=7)


def test_a_note_that_another_program_signed_is_opened():
    key = PublicKey.parse(PETER)

    assert str(key) == PETER
    assert opened(NOTE, [KEY.public, key]) == NOTE.partition("\n\n")[0] + "\n"


def test_a_key_is_its_text():
    assert SigningKey.parse(f" {KEY}\n").public == KEY.public == PublicKey.parse(str(KEY.public))
    assert str(KEY).startswith("PRIVATE+KEY+acme.example+")


def test_a_checkpoint_is_three_lines_and_a_signature():
    checkpoint = Checkpoint(LOG, 3, 12, EMPTY)
    note = checkpoint.signed(KEY)

    lines = note.split("\n")
    assert lines[:4] == [
        "milepost/00000000-0000-0000-0000-000000000007/slice/3",
        "12",
        "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=",
        "",
    ]
    assert lines[4].startswith("\u2014 acme.example ")
    assert trusted(note, [KEY.public]) == told(note) == checkpoint


def test_a_note_of_several_signers_is_trusted_for_any_of_them():
    other = SigningKey.new("witness.example")
    checkpoint = Checkpoint(LOG, 0, 1, EMPTY)
    note = checkpoint.signed(other) + checkpoint.signed(KEY).rpartition("\n\n")[2]

    assert trusted(note, [KEY.public]) == trusted(note, [other.public]) == checkpoint


@pytest.mark.parametrize("first", [True, False])
def test_a_note_that_a_witness_has_cosigned_is_opened_and_kept(first):
    """C2SP, signed-note: signatures of unknown keys are passed over; a cosignature has eight bytes more, its time."""
    note = Checkpoint(LOG, 0, 1, EMPTY).signed(KEY)
    text, _, ours = note.rpartition("\n\n")
    witness = f"\u2014 witness.example {b64encode(bytes(4 + 8 + 64)).decode()}\n"
    cosigned = f"{text}\n\n{witness + ours if first else ours + witness}"

    assert opened(cosigned, [KEY.public]) == f"{text}\n"
    assert notes_in(f"{cosigned}\n{note}") == [cosigned, note]
    with pytest.raises(Unfit, match="no key that is trusted has signed it"):
        opened(f"{text}\n\n{witness}", [KEY.public])


@pytest.mark.parametrize(
    ("note", "told"),
    [
        (NOTE.replace("answer", "question"), "the signature of PeterNeumann is wrong"),
        (NOTE.replace("x08g", "x08h"), "no key that is trusted has signed it, but PeterNeumann"),
        (NOTE.replace("PeterNeumann ", "PaulNeumann "), "no key that is trusted has signed it, but PaulNeumann"),
        (NOTE.rstrip("\n"), "not a signed note"),
        (NOTE.replace("AM=", "A"), "not a signature line"),
        ("", "not a signed note"),
    ],
)
def test_a_note_that_was_changed_is_not_opened(note, told):
    with pytest.raises(Unfit, match=told):
        opened(note, [PublicKey.parse(PETER)])


@pytest.mark.parametrize(
    "text", ["", "a+b", PETER.replace("+c74f20a3", "+c74f20a4"), PETER.replace("+AR", "+BR"), PETER[:-4], str(KEY)]
)
def test_what_is_no_public_key_is_refused(text):
    with pytest.raises(Unfit):
        PublicKey.parse(text)


def test_a_signing_key_that_is_wrong_is_not_quoted():
    text = str(KEY).replace("acme", "acne")

    with pytest.raises(Unfit) as refused:
        SigningKey.parse(text)
    with pytest.raises(Unfit, match="is no name of a key"):
        SigningKey.new("two words")

    assert text[-20:] not in str(refused.value)


@pytest.mark.parametrize("text", ["", "milepost\n1\n\n", "a/b\n1\nAAAA\n", f"milepost/{LOG}/slice/0\n01\n{'A' * 44}\n"])
def test_what_is_no_checkpoint_is_refused(text):
    with pytest.raises(Unfit):
        read(text)


def test_a_file_of_notes_survives_what_was_cut_off_in_it():
    notes = [Checkpoint(LOG, number, number + 1, EMPTY).signed(KEY) for number in range(4)]
    whole = "\n".join(notes) + "\n"

    for cut in range(1, len(notes[0])):
        assert notes_in(whole + notes[0][:cut] + "\n\n" + whole)[-4:] == notes
    assert notes_in(whole) == notes
    assert notes_in("") == notes_in("\n\n") == []
