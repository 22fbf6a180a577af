"""API, Reading: records have the keys, the types and the nesting of the sources, and so have the examples shown."""

from typing import Any
from uuid import UUID

import msgspec
import pytest

from api.examples import FOLDER
from api.training.examples import FOLDER as TRAINING_EXAMPLES

TIME = "time"
TIME_OR_NULL, NUMBER_OR_NULL, TEXT_OR_NULL = (TIME, None), (float, None), (str, None)

# What a field holds: a type, a shape, or several of which any will do.
TASK = {
    "periodKey": str,
    "periodStartAt": TIME,
    "periodEndAt": TIME,
    "currentProgressValue": float,
    "targetValue": float,
    "remainingValue": float,
    "progressPercent": float,
    "count": int,
    "isCompleted": bool,
    "secondsUntilPeriodEnd": int,
}
OWNED = {
    "ownedById": UUID,
    "ownedBy": {"id": UUID, "externalId": TEXT_OR_NULL, "firstName": TEXT_OR_NULL, "lastName": TEXT_OR_NULL},
    "taskProgress": TASK,
    "createdAt": TIME,
    "updatedAt": TIME,
}
CHALLENGE_PROGRESS = {
    "id": UUID,
    "challengeId": UUID,
    "uniqueIdentifier": str,
    "currentProgressValue": float,
    "challengeProgressStatus": str,
    "challengeStartedAt": TIME,
    "challengeCompletedAt": TIME_OR_NULL,
    "challengeFailedAt": TIME_OR_NULL,
    "completionTargetValue": float,
    "remainingValue": float,
    "progressPercent": float,
    **OWNED,
}
STREAK_PROGRESS = {
    "id": UUID,
    "streakId": UUID,
    "uniqueIdentifier": str,
    "currentProgressValue": float,
    "streakProgressStatus": str,
    "streakStartedAt": TIME,
    "streakCompletedAt": TIME_OR_NULL,
    "streakBrokenAt": TIME_OR_NULL,
    "lastTaskContributionAt": TIME,
    "lastTaskCompletedAt": TIME_OR_NULL,
    "completionTargetValue": (int, None),
    "remainingValue": NUMBER_OR_NULL,
    "progressPercent": NUMBER_OR_NULL,
    **OWNED,
}
SHAPES = {
    **{f"challenge_progress_{one}": CHALLENGE_PROGRESS for one in ("in_progress", "completed", "failed")},
    **{f"streak_progress_{one}": STREAK_PROGRESS for one in ("in_progress", "completed", "broken")},
}
ENTRY = {
    "ownedById": UUID,
    "activityAt": TIME,
    "uniqueIdentifier": str,
    "recordedAt": TIME,
    "counted": bool,
    "reason": TEXT_OR_NULL,
    "voidedAt": TIME_OR_NULL,
    "voidReason": TEXT_OR_NULL,
    "id": UUID,
    "createdAt": TIME,
    "updatedAt": TIME,
}
TRAINING_LOGS = {
    "practice_log": {
        "topicId": str,
        "challengeIndex": int,
        "phase": int,
        "score": int,
        "hintUsed": bool,
        "language": str,
        **ENTRY,
    },
    "learn_log": {"scenarioId": str, "step": (int, None), **ENTRY},
}
ITEM = {
    "id": str,
    "kind": str,
    "title": str,
    "parentId": TEXT_OR_NULL,
    "totalChallenges": (int, None),
    "totalSteps": (int, None),
    "contentArea": str,
    "items": list,
    "status": str,
    "version": int,
    "createdAt": TIME,
    "updatedAt": TIME,
}
TEAM = {"id": UUID, "name": str, "members": list, "version": int, "createdAt": TIME, "updatedAt": TIME}
ASSIGNMENT = {
    "id": UUID,
    "contentArea": str,
    "targetType": str,
    "targetId": str,
    "assigneeType": str,
    "assigneeId": TEXT_OR_NULL,
    "deadline": TIME_OR_NULL,
    "isMandatory": bool,
    "note": TEXT_OR_NULL,
    "isActive": bool,
    "version": int,
    "createdAt": TIME,
    "updatedAt": TIME,
}
TRAINING = {**TRAINING_LOGS, "catalogue": ITEM, "team": TEAM, "assignment": ASSIGNMENT}
PAGING = {"limit": int, "offset": int, "totalCount": (int, None), "nextCursor": TEXT_OR_NULL}


def holds(value: Any, shape: Any) -> bool:
    """Whether a value is of a shape: no key more, no key less, all the way down."""
    if isinstance(shape, tuple):
        return any(holds(value, one) for one in shape)
    if isinstance(shape, dict):
        same = isinstance(value, dict) and value.keys() == shape.keys()
        return same and all(holds(value[name], shape[name]) for name in shape)
    if shape is None:
        return value is None
    if shape is float:
        return isinstance(value, int | float) and not isinstance(value, bool)
    if shape is TIME:
        return isinstance(value, str) and len(value) == len("2026-04-30T23:59:59.123Z") and value.endswith("Z")
    return str(UUID(value)) == value if shape is UUID else type(value) is shape


def example(name: str) -> Any:
    return msgspec.json.decode((FOLDER / f"{name}.json").read_bytes())["value"]


@pytest.mark.parametrize(("name", "shape"), SHAPES.items())
def test_a_progress_record_has_the_keys_types_and_nesting_of_the_source(name: str, shape: dict[str, Any]):
    shown = example(name)

    assert list(shown) == list(shape)
    assert list(shown["taskProgress"]) == list(TASK)
    assert [field for field, value in shown.items() if not holds(value, shape[field])] == []


@pytest.mark.parametrize("kind", ["challenge", "streak"])
def test_a_list_holds_such_records_and_says_where_it_is(kind: str):
    shown, shape = example(f"{kind}_progress_list"), SHAPES[f"{kind}_progress_in_progress"]

    assert list(shown) == ["data", "paging"]
    assert holds(shown["paging"], PAGING)
    assert all(holds(record, shape) for record in shown["data"])


@pytest.mark.parametrize("kind", ["challenge", "streak"])
def test_an_entry_is_answered_with_the_run_and_what_was_reached(kind: str):
    sent, answered = example(f"{kind}_log_new"), example(f"{kind}_log_created")

    assert sent.keys() - answered.keys() == set()
    assert holds(answered[f"{kind}Progress"], SHAPES[f"{kind}_progress_in_progress"])
    assert answered["achievedMilestone"]["linkedSchemaSlug"] == kind
    assert answered["achievedMilestoneRewardLog"]["progressId"] == answered[f"{kind}ProgressId"]
    assert (answered["counted"], answered["reason"], answered["replayed"]) == (True, None, False)


@pytest.mark.parametrize(("name", "shape"), TRAINING.items())
def test_a_record_of_training_has_these_keys_and_types_alone_and_in_lists(name: str, shape: dict[str, Any]):
    shown = [example(name), *example(f"{name}_list")["data"]]

    assert [one for one in shown if not holds(one, shape)] == []


@pytest.mark.parametrize("name", TRAINING_LOGS)
def test_a_training_entry_is_answered_with_the_row_of_the_training_dialect(name: str):
    answered, dialect = example(f"{name}_created"), name.replace("_log", "_progress")
    row = msgspec.json.decode((TRAINING_EXAMPLES / f"{dialect}.json").read_bytes())["value"][0]
    progress = answered.pop(f"{name.removesuffix('_log')}Progress")

    assert answered.pop("replayed") is False
    assert holds(answered, TRAINING_LOGS[name])
    assert list(progress) == list(row)
