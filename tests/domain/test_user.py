"""End users: the stream says that and when something changed, never what personal data holds."""

from datetime import UTC, datetime
from typing import Any

import pytest

from domain.commands import EraseUser, KeepUser
from domain.errors import Erased, InvalidInput, NotFound
from domain.user import User, UserChanged, UserErased, UserRegistered, columns, decide, erase, erased_columns, evolve
from domain.vocabulary import OwnerStatus
from eventstore.mapper import encode_state

ANA = User(id="ana")
ERASED = User(id="ana", status=OwnerStatus.PAUSED, erased=True)
NOW = datetime(2026, 4, 3, tzinfo=UTC)
ERASE = EraseUser(id="ana", actor="a key")


def keep(**fields: Any) -> KeepUser:
    return KeepUser(**{"id": "ana", **fields})


def test_an_unknown_user_is_registered_and_live():
    assert decide(None, "ana", keep()) == UserRegistered(user_id="ana", status=OwnerStatus.LIVE)


def test_a_user_may_be_registered_with_another_status():
    assert decide(None, "ana", keep(status=OwnerStatus.DRAFT)) == UserRegistered(
        user_id="ana", status=OwnerStatus.DRAFT
    )


def test_a_change_names_its_fields():
    event = decide(ANA, "ana", keep(status=OwnerStatus.PAUSED, personal={"last_name": "Berg", "email": None}))

    assert event == UserChanged(user_id="ana", changed=("email", "last_name", "status"), status=OwnerStatus.PAUSED)


def test_what_personal_data_holds_is_not_recorded():
    event = decide(ANA, "ana", keep(personal={"last_name": "Berg", "phone_number": "+436601234567"}))

    assert event is not None
    assert b"Berg" not in encode_state(event)
    assert b"4366" not in encode_state(event)


def test_a_user_who_is_known_as_they_are_is_nothing_to_do():
    assert decide(ANA, "ana", keep()) is None
    assert decide(ANA, "ana", keep(status=OwnerStatus.LIVE)) is None


def test_a_change_of_personal_data_keeps_the_status():
    paused = User(id="ana", status=OwnerStatus.PAUSED)

    event = decide(paused, "ana", keep(personal={"first_name": "Ana"}))

    assert event == UserChanged(user_id="ana", changed=("first_name",), status=OwnerStatus.PAUSED)


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"id": None}, "external_id"),
        ({"id": None, "external_id": ""}, "external_id"),
        ({"external_id": "x" * 257}, "external_id"),
        ({"personal": {"shoe_size": "43"}}, "shoe_size"),
        ({"personal": {"first_name": "x" * 257}}, "first_name"),
        ({"personal": {"first_name": "a\x00"}}, "first_name"),
        ({"personal": {"phone_number": "0660 1234567"}}, "phone_number"),
        ({"personal": {"phone_number": "+0123456"}}, "phone_number"),
    ],
)
def test_a_wrong_field_is_refused_by_its_name(wrong: dict[str, Any], field: str):
    with pytest.raises(InvalidInput) as refusal:
        decide(ANA, "ana", keep(**wrong))

    assert set(refusal.value.errors) == {field}


@pytest.mark.parametrize("identifier", ["", "x" * 201, "a\x00"])
def test_a_wrong_id_is_refused(identifier: str):
    with pytest.raises(InvalidInput) as refusal:
        decide(None, identifier, keep())

    assert set(refusal.value.errors) == {"id"}


def test_erasure_says_who_and_on_whose_word_and_nothing_else():
    event = erase(ANA, ERASE)

    assert event == UserErased(user_id="ana", actor="a key")
    assert evolve(User(id="ana", status=OwnerStatus.PAUSED), event, NOW) == ERASED


def test_who_is_erased_already_is_nothing_to_do_and_who_is_unknown_is_not_found():
    assert erase(ERASED, ERASE) is None
    with pytest.raises(NotFound):
        erase(None, ERASE)


@pytest.mark.parametrize("said", [{}, {"external_id": "a-1"}, {"personal": {"last_name": "Berg"}}, {"status": "live"}])
def test_nothing_is_kept_of_who_was_erased(said: dict[str, Any]):
    with pytest.raises(Erased):
        decide(ERASED, "ana", keep(**said))


def test_who_was_erased_is_registered_anew_and_starts_over():
    anew = keep(personal={"last_name": "Berg"}, anew=True)

    event = decide(ERASED, "ana", anew)

    assert event == UserRegistered(user_id="ana", status=OwnerStatus.LIVE)
    assert evolve(ERASED, event, NOW) == ANA
    assert columns(anew, NOW).items() >= {"last_name": "Berg", "status": OwnerStatus.LIVE, "erased_at": None}.items()


def test_erasure_empties_every_column_that_a_user_is_kept_in():
    everything = keep(
        external_id="a-1", personal=dict.fromkeys(("first_name", "last_name", "email", "phone_number"), "x")
    )

    kept = {name for name, value in erased_columns(NOW).items() if value is not None}

    assert kept == {"created_at", "updated_at", "erased_at"}
    assert columns(everything, NOW).keys() - erased_columns(NOW).keys() == set()
