"""API, Writing: what an entry may hold, and how it is told what it may not."""

from datetime import UTC, datetime
from decimal import Decimal
from functools import cache
from typing import Any

import jsonschema_rs
import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.schema.entries import ENTRIES, parse, parse_entry
from api.schema.entry_documents import components
from api.wire import encode
from domain.errors import InvalidInput
from domain.training import PracticeEntry

CHALLENGE, ADA = "1e495236-21b3-5a15-8694-16126bc7f035", "dc3e97b7-2837-55b7-9b01-50993bcd3b7a"
LOG = "challenge_log"
GOOD = {
    "challengeId": CHALLENGE,
    "ownedById": ADA,
    "activityAt": "2026-04-03T10:15:00Z",
    "activityId": "made_a_purchase",
    "uniqueIdentifier": "order-1001",
    "activityValue": 187.50,
}


def refused(body: Any, kind: str = LOG) -> dict[str, list[str]]:
    """What an entry is told, by field."""
    raw = body if isinstance(body, bytes) else encode(body)
    with pytest.raises(InvalidInput) as caught:
        parse(raw, kind)
    return caught.value.errors


def raw_with(value: str) -> bytes:
    """A good entry with this text as its activityValue."""
    return encode(GOOD).replace(b"187.5", value.encode())


def test_an_entry_becomes_a_command_with_utc_times_and_exact_numbers():
    body = {**GOOD, "activityAt": "2026-04-03T12:15:00+02:00", "attributes": {"shop": "Graz", "items": 3}}

    entry = parse_entry(encode(body), LOG)

    assert (str(entry.definition_id), entry.owner_id) == (CHALLENGE, ADA)
    assert entry.activity_at == datetime(2026, 4, 3, 10, 15, tzinfo=UTC)
    assert entry.activity_at.tzinfo is UTC
    assert entry.activity_value == Decimal("187.5")
    assert entry.attributes == {"shop": "Graz", "items": 3}


def test_a_dict_is_read_like_its_json():
    assert parse_entry({**GOOD, "activityValue": Decimal("187.50")}, LOG) == parse_entry(encode(GOOD), LOG)


@pytest.mark.parametrize(
    ("text", "value"),
    [("0", "0"), ("-0", "0"), ("187.50", "187.5"), ("1E2", "100"), ("0.000001", "0.000001"), ("1e-6", "0.000001"),
     ("999999999999.999999", "999999999999.999999"), ("12345678901.100000000000000000000", "12345678901.1")],
)  # fmt: skip
def test_a_number_is_kept_in_its_shortest_form(text: str, value: str):
    assert str(parse(raw_with(text), LOG).entry.activity_value) == value


@pytest.mark.parametrize(
    "text", ["true", '"187.50"', "[]", "{}", "1e99999999999999999999", "123456789012.00000000000000000000000001"]
)
def test_what_is_no_exact_number_is_refused(text: str):
    assert list(refused(raw_with(text))) in (["activityValue"], ["body"])


def test_every_wrong_field_is_named_at_once():
    body = {
        **GOOD,
        "challengeId": "spend",
        "activityAt": "2026-04-03T10:15:00",
        "uniqueIdentifier": "",
        "activityValue": -5,
        "attributes": {"shop": ["Graz"]},
        "colour": "red",
    }

    assert refused(body) == {
        "colour": ["is not a field"],
        "challengeId": ["must be a UUID"],
        "activityAt": ["has no time zone: 2026-04-03T10:15:00Z has one"],
        "uniqueIdentifier": ["must be a text of 1 to 256 characters without U+0000"],
        "activityValue": ["must not be negative"],
        "attributes": [
            "'shop' must be a text of at most 1024 characters, a number up to 9007199254740991, true, false or null"
        ],
    }


def test_what_is_missing_is_named():
    assert refused({}) == {
        "challengeId": ["is needed"],
        "activityAt": ["is needed"],
        "uniqueIdentifier": ["is needed"],
        "ownedById": ["is needed, or ownedBy in its place"],
    }


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"", "is not JSON: Expecting value at character 0"),
        (b'{"challengeId": ', "is not JSON: Expecting value at character 16"),
        (b'{"activityId": "\xff"}', "is not UTF-8: byte 0xff at position 16"),
        (b'{"activityId": "\\ud800"}', "holds half of a character (a lone surrogate)"),
        (b"[" * 100_000, "is nested too deeply"),
        (b"[]", "must be a JSON object"),
    ],
)
def test_a_broken_body_is_told_what_is_broken_and_where(body: bytes, message: str):
    assert refused(body) == {"body": [message]}


@pytest.mark.parametrize("moment", ["0001-01-01T00:00:00+05:00", "9999-12-31T23:59:59-05:00"])
def test_a_time_outside_the_years_of_the_calendar_is_refused(moment: str):
    assert refused({**GOOD, "activityAt": moment}) == {"activityAt": ["is outside the years 1 to 9999"]}


def test_the_owner_is_given_in_one_of_two_ways():
    without = {name: value for name, value in GOOD.items() if name != "ownedById"}

    assert refused(without) == {"ownedById": ["is needed, or ownedBy in its place"]}
    assert refused({**GOOD, "ownedBy": {"externalId": "u1"}}) == {
        "ownedBy": ["must not be given together with ownedById"]
    }
    assert refused({**without, "ownedBy": "u1"}) == {"ownedBy": ["must be an object"]}
    person = parse(encode({**without, "ownedBy": {"externalId": "u1", "email": None}}), LOG).person
    assert person.personal == {"email": None}


def test_the_fields_of_a_user_are_named_by_their_path():
    without = {name: value for name, value in GOOD.items() if name != "ownedById"}
    owner = {"email": "ada", "phoneNumber": "+43123\n", "firstName": "A\x00", "status": "live"}

    assert list(refused({**without, "ownedBy": owner})) == [
        "ownedBy.status", "ownedBy.externalId", "ownedBy.firstName", "ownedBy.email", "ownedBy.phoneNumber",
    ]  # fmt: skip


def test_an_import_takes_no_users():
    without = {name: value for name, value in GOOD.items() if name != "ownedById"}

    with pytest.raises(InvalidInput, match="ownedById is needed"):
        parse_entry({**without, "ownedBy": {"externalId": "u1"}}, LOG)


def test_a_kind_must_be_that_of_the_log():
    assert parse_entry({**GOOD, "kind": "challenge_log"}, LOG) == parse_entry(GOOD, LOG)
    assert refused({**GOOD, "kind": "streak_log", "streakId": ADA}) == {
        "kind": ["'streak_log' is sent to challenge_log"]
    }
    with pytest.raises(InvalidInput, match="'dance_log' is not a log"):
        parse_entry(GOOD, "dance_log")


LARGEST = 2**53 - 1
OWNERLESS = {name: value for name, value in GOOD.items() if name != "ownedById"}
BORDERS = [
    (True, GOOD),
    *((True, {**GOOD, "activityValue": value}) for value in (0, 1, 999_999_999_999, 0.5, 0.25, None)),
    *((False, {**GOOD, "activityValue": value}) for value in (-1, 10**12, 1e300, "1", True, [], {})),
    *((True, {**GOOD, "uniqueIdentifier": value}) for value in ("a", "a" * 256, "ä€𝄞\n")),
    *((False, {**GOOD, "uniqueIdentifier": value}) for value in ("", "a" * 257, None, 5)),
    *((True, {**GOOD, "activityId": value}) for value in ("", "a" * 256, None)),
    *((False, {**GOOD, "activityId": value}) for value in ("a" * 257, 5)),
    *((True, {**GOOD, "attributes": {"a": value}}) for value in ("", "a" * 1024, LARGEST, -LARGEST, 0.5, True, None)),
    *((False, {**GOOD, "attributes": {"a": value}}) for value in ("a" * 1025, LARGEST + 1, 1e300, [], {})),
    *((False, {**GOOD, "attributes": value}) for value in (None, [], {"": 1}, {"a" * 257: 1})),
    (True, {**GOOD, "attributes": {str(one): one for one in range(64)}}),
    (False, {**GOOD, "attributes": {str(one): one for one in range(65)}}),
    *((False, {**GOOD, "challengeId": value}) for value in ("", "1e495236", None, 5)),
    *((False, {**GOOD, "ownedById": value}) for value in ("", "ada", None, 5)),
    *((False, {**GOOD, "activityAt": value}) for value in ("", "yesterday", "2026-04-03", None, 1775211300)),
    *((True, {**GOOD, "kind": value}) for value in ("challenge_log", None)),
    *((False, {**GOOD, "kind": value}) for value in ("streak_log", 5)),
    (False, {**GOOD, "ownedBy": {"externalId": "u1"}}),
    (False, OWNERLESS),
    (True, {**OWNERLESS, "ownedBy": {"externalId": "u1"}}),
    (True, {**OWNERLESS, "ownedBy": {"externalId": "u1", "phoneNumber": "+431234", "email": "a@b.at"}}),
    (True, {**OWNERLESS, "ownedBy": {"externalId": "u1", "phoneNumber": None, "email": None, "lastName": None}}),
    *((False, {**OWNERLESS, "ownedBy": value}) for value in (None, {}, {"externalId": ""}, {"externalId": None})),
    *((False, {**OWNERLESS, "ownedBy": {"externalId": "u1", "email": value}}) for value in ("a", "a@b", "a b@c.d", 5)),
    *((False, {**OWNERLESS, "ownedBy": {"externalId": "u1", "phoneNumber": value}}) for value in ("1", "+0123", "+4")),
    *((False, {name: value for name, value in GOOD.items() if name != left}) for left in list(GOOD)[:3]),
    (False, {**GOOD, "colour": "red"}),
    (False, []),
]


def of_kind(body: Any, kind: str) -> Any:
    """The same of another kind: what is good or bad of an entry is so in every log."""
    if not isinstance(body, dict):
        return body
    renamed = {name.replace("challengeId", f"{kind.removesuffix('_log')}Id"): value for name, value in body.items()}
    if isinstance(said := renamed.get("kind"), str):
        renamed["kind"] = kind if said == LOG else f"not_{kind}"
    return renamed


SOLVED = {
    "topicId": "sql-injection",
    "challengeIndex": 0,
    "phase": 1,
    "score": 50,
    "language": "python",
    **{name: GOOD[name] for name in ("ownedById", "activityAt", "uniqueIdentifier")},
}
REACHED = {
    "scenarioId": "jwt-tampering",
    **{name: GOOD[name] for name in ("ownedById", "activityAt", "uniqueIdentifier")},
}
TEXTS = [(True, "a"), (True, "a" * 256), (False, ""), (False, "a" * 257), (False, None), (False, 5)]
PRACTICE_BORDERS = [
    (True, SOLVED),
    *((good, {**SOLVED, name: value}) for name in ("topicId", "language") for good, value in TEXTS),
    *((True, {**SOLVED, "challengeIndex": value}) for value in (0, 1, 1.0, 9_999)),
    *((False, {**SOLVED, "challengeIndex": value}) for value in (-1, 10_000, 10**30, 0.5, "0", True, None)),
    *((True, {**SOLVED, "phase": value}) for value in (1, 2)),
    *((False, {**SOLVED, "phase": value}) for value in (0, 3, "1", None)),
    *((True, {**SOLVED, "score": value}) for value in (0, 50, 12.0)),
    *((False, {**SOLVED, "score": value}) for value in (-1, 51, 12.5, "50", None)),
    *((True, {**SOLVED, "hintUsed": value}) for value in (True, False)),
    *((False, {**SOLVED, "hintUsed": value}) for value in (0, "true", None)),
    *((False, {name: value for name, value in SOLVED.items() if name != left}) for left in SOLVED),
    (True, {**SOLVED, "kind": "practice_log"}),
    (False, {**SOLVED, "kind": "learn_log"}),
    (False, {**SOLVED, "activityValue": 1}),
    (False, {**SOLVED, "ownedBy": {"externalId": "u1"}}),
]
LEARN_BORDERS = [
    (True, REACHED),
    *((good, {**REACHED, "scenarioId": value}) for good, value in TEXTS),
    *((True, {**REACHED, "step": value}) for value in (1, 3.0, 100_000, None)),
    *((False, {**REACHED, "step": value}) for value in (0, -1, 100_001, 1.5, "1", True)),
    *((False, {name: value for name, value in REACHED.items() if name != left}) for left in REACHED),
    (True, {**REACHED, "kind": "learn_log"}),
    (False, {**REACHED, "kind": "practice_log"}),
    (False, {**REACHED, "phase": 1}),
]
OF_EVERY_KIND = [
    *((kind, good, of_kind(body, kind)) for kind in (LOG, "streak_log") for good, body in BORDERS),
    *(("practice_log", good, body) for good, body in PRACTICE_BORDERS),
    *(("learn_log", good, body) for good, body in LEARN_BORDERS),
]


@cache
def documented(kind: str) -> jsonschema_rs.Validator:
    """What the document says of an entry of a kind."""
    entry = ENTRIES[kind]
    parts = components(entry, "#/$defs/{name}")
    schema = msgspec.json.decode(encode({"$ref": f"#/$defs/{entry.__name__}", "$defs": parts}))
    return jsonschema_rs.Draft202012Validator(schema, validate_formats=True)


@pytest.mark.parametrize(("kind", "good", "body"), OF_EVERY_KIND)
def test_the_document_and_the_reader_take_the_same_entries(kind: str, good: bool, body: Any):
    assert documented(kind).is_valid(body) is good
    if good:
        assert f"{parse(encode(body), kind).entry.slug}_log" == kind
    else:
        assert refused(body, kind)


def test_training_entries_become_commands():
    practice = parse_entry({**SOLVED, "hintUsed": True}, "practice_log")
    learn = parse_entry({**REACHED, "step": 3}, "learn_log")

    assert practice == PracticeEntry(
        owner_id=ADA,
        topic_id="sql-injection",
        challenge_index=0,
        phase=1,
        score=50,
        language="python",
        hint_used=True,
        activity_at=datetime(2026, 4, 3, 10, 15, tzinfo=UTC),
        unique_identifier="order-1001",
    )
    assert (learn.scenario_id, learn.step, parse_entry(REACHED, "learn_log").step) == ("jwt-tampering", 3, None)


def test_every_wrong_field_of_a_training_entry_is_named_at_once():
    assert refused({**SOLVED, "topicId": "", "challengeIndex": -1, "phase": 3, "score": 51}, "practice_log") == {
        "topicId": ["must be a text of 1 to 256 characters without U+0000"],
        "challengeIndex": ["must be a whole number from 0 to 9999"],
        "phase": ["must be 1 (identify) or 2 (patch)"],
        "score": ["must be a whole number from 0 to 50"],
    }
    assert refused({**REACHED, "step": 0}, "learn_log") == {
        "step": ["must be a whole number from 1 to 100000, or null"]
    }


@given(st.binary(max_size=300) | st.text(max_size=100).map(str.encode))
def test_no_bytes_break_the_reader(body: bytes):
    with pytest.raises(InvalidInput):
        parse(body, LOG)


VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-LARGEST, LARGEST)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)


@given(st.dictionaries(st.sampled_from([*GOOD, "attributes", "kind", "ownedBy"]), VALUES))
def test_whatever_a_field_holds_the_entry_is_read_or_told_why_not(changes: dict[str, Any]):
    told = complaints({**GOOD, **changes})

    assert told is None or (told and "body" not in told)


def complaints(body: dict[str, Any]) -> dict[str, list[str]] | None:
    try:
        parse(encode(body), LOG)
    except InvalidInput as error:
        return error.errors
    return None
