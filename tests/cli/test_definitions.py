"""`milepost definitions`: a file says what there is to be; applying it twice changes nothing more."""

import json

import pytest

from tests.cli.conftest import ADA

CHALLENGE = {
    "id": "0a31a1de-44c6-4a43-a0d7-5b8e2a7f9d02",
    "name": "8 visits",
    "status": "live",
    "aggregationMethod": "count",
    "aggregationPeriod": "monthly",
    "completionTargetValue": 8,
    "milestones": [{"targetValue": 4.5, "name": "Half", "rewardItemId": "croissant"}],
}
STREAK = {
    "id": "0a31a1de-44c6-4a43-a0d7-5b8e2a7f9d04",
    "name": "3 visits a week",
    "status": "live",
    "aggregationMethod": "count",
    "aggregationPeriod": "weekly",
    "aggregationTargetValue": 3,
    "completionTargetValue": 4,
    "atRiskSeconds": 3600,
    "milestones": [{"targetValue": 2, "name": "Half", "rewardItemId": "croissant"}],
}
TRAINING = {
    "catalogue": {
        "modules": [{"id": "web", "title": "Web"}],
        "topics": [{"id": "xss", "title": "XSS", "moduleId": "web", "totalChallenges": 3}],
        "customCourses": [{"id": "mine", "title": "Mine", "contentArea": "practice", "items": ["xss"]}],
    },
    "teams": [{"id": "0a31a1de-44c6-4a43-a0d7-5b8e2a7f9d06", "name": "red", "members": [{"externalId": "ada"}]}],
    "users": [{"externalId": "ada", "id": ADA}],
    "assignments": [
        {
            "contentArea": "practice",
            "targetType": "custom-course",
            "targetId": "mine",
            "assigneeType": "user",
            "assigneeId": ADA,
            "isMandatory": True,
        }
    ],
}
ON_MARS = {**CHALLENGE, "id": "0a31a1de-44c6-4a43-a0d7-5b8e2a7f9d03", "timezone": "Mars"}
IN_YAML = """
challenges:
  - name: 8 visits
    status: live
    aggregationMethod: count
    aggregationPeriod: daily
    resetTime: 04:00
    completionTargetValue: 0.3
    description: no
    endsAt: 2030-01-01T00:00:00Z
"""


@pytest.fixture
def apply(milepost, tmp_path):
    """Apply a document, or the text of one."""

    def run(document, *options):
        file = tmp_path / "definitions.json"
        file.write_text(document if isinstance(document, str) else json.dumps(document))
        return milepost("definitions", "apply", file, *options)

    return run


@pytest.fixture
def show(milepost):
    def run(tenant="default", kind="challenges"):
        result = milepost("definitions", "show", "--tenant", tenant)
        assert result.exit_code == 0, result.stderr
        return json.loads(result.stdout)[kind]

    return run


def actions(result):
    assert result.exit_code == 0, result.stderr
    return [line.split()[0] for line in result.stdout.splitlines() if line.split()[1:2] != ["completionTargetValue:"]]


def test_it_is_made_once_and_then_unchanged(apply, show):
    first = apply({"challenges": [CHALLENGE]})
    second = apply({"challenges": [CHALLENGE]})

    assert actions(first) == ["made", "made"]
    assert actions(second) == ["unchanged", "unchanged"]
    assert [one["completionTargetValue"] for one in show()] == [8]


def test_a_change_is_shown_with_what_was_and_what_is(apply, show):
    apply({"challenges": [CHALLENGE]})

    result = apply({"challenges": [{**CHALLENGE, "completionTargetValue": 9.5}]})

    assert "changed   challenge" in result.stdout
    assert "completionTargetValue: 8 -> 9.5" in result.stdout
    assert [one["completionTargetValue"] for one in show()] == [9.5]


def test_a_dry_run_says_the_same_and_changes_nothing(apply, show):
    dry = apply({"challenges": [CHALLENGE]}, "--dry-run")
    nothing = show()
    wet = apply({"challenges": [CHALLENGE]})

    assert dry.stdout == wet.stdout + "This was a dry run: nothing was changed.\n"
    assert nothing == []


def test_what_is_shown_can_be_applied_and_changes_nothing(apply, show):
    apply({"challenges": [CHALLENGE]})

    result = apply({"challenges": show()})

    assert actions(result) == ["unchanged", "unchanged"]
    assert show()[0]["milestones"][0]["targetValue"] == 4.5


def test_streaks_are_applied_and_shown_like_challenges(apply, show):
    first = apply({"challenges": [CHALLENGE], "streaks": [STREAK]})

    (streak,) = show(kind="streaks")
    again = apply({"challenges": show(), "streaks": [streak]})

    assert actions(first) == ["made"] * 4
    assert {name: streak[name] for name in STREAK if name != "milestones"} == {
        name: value for name, value in STREAK.items() if name != "milestones"
    }
    assert [one["targetValue"] for one in streak["milestones"]] == [2]
    assert actions(again) == ["unchanged"] * 4


def test_a_streak_that_never_completes_is_shown_without_a_target(apply, show):
    apply({"streaks": [{**STREAK, "completionTargetValue": None}]})

    assert "completionTargetValue" not in show(kind="streaks")[0]


def test_yaml_means_what_it_says(apply, show):
    apply(IN_YAML)

    (challenge,) = show()
    assert challenge["resetTime"] == "04:00"
    assert challenge["description"] == "no"
    assert challenge["completionTargetValue"] == 0.3
    assert challenge["endsAt"] == "2030-01-01T00:00:00.000Z"


def test_a_tenant_has_its_own_definitions(apply, show):
    apply({"challenges": [CHALLENGE]}, "--tenant", "acme")

    assert len(show("acme")) == 1
    assert show("other") == []


@pytest.mark.parametrize(
    ("document", "says"),
    [
        ({"challenges": [CHALLENGE, ON_MARS]}, "challenges[1].timezone"),
        ({"challenges": [CHALLENGE], "streaks": [{**STREAK, "timezone": "Mars"}]}, "streaks[0].timezone"),
        ({"challenge": []}, "challenge: "),
        ('{"challenges": [', "is not JSON"),
        ("challenges: [", "is neither JSON nor YAML"),
        ("[]", "must hold an object"),
        ("", "must hold an object"),
    ],
)
def test_a_wrong_document_is_refused_whole_and_says_where(apply, show, document, says):
    result = apply(document)

    assert result.exit_code == 1
    assert "definitions.json: " in result.stderr
    assert says in result.stderr
    assert result.stderr.count("\n") == 1
    assert show() == []


def test_a_file_that_is_not_there_is_wrong_usage(milepost):
    assert milepost("definitions", "apply", "nothing.json").exit_code == 2


def test_training_is_applied_and_shown(apply, show, milepost):
    first = apply(TRAINING)
    result = milepost("definitions", "show")
    again = apply(result.stdout)

    shown = json.loads(result.stdout)
    assert set(actions(first)) == {"made"}
    assert set(actions(again)) == {"unchanged"}
    assert len(actions(again)) == len(actions(first)) - 1
    assert shown["catalogue"]["topics"] == [
        {**TRAINING["catalogue"]["topics"][0], "status": "live"},
    ]
    assert shown["catalogue"]["customCourses"] == [{**TRAINING["catalogue"]["customCourses"][0], "status": "live"}]
    assert shown["teams"] == [{**TRAINING["teams"][0], "members": [ADA]}]
    (assignment,) = shown["assignments"]
    assert {name: assignment[name] for name in TRAINING["assignments"][0]} == TRAINING["assignments"][0]


def test_a_difference_in_training_is_printed_without_being_written(apply, show):
    apply(TRAINING)

    dry = apply({"teams": [{**TRAINING["teams"][0], "members": []}]}, "--dry-run")

    assert dry.stdout.splitlines()[0].startswith("changed   team")
    assert dry.stdout.splitlines()[1].strip() == f'members: ["{ADA}"] -> []'
    assert show(kind="teams")[0]["members"] == [ADA]


def test_a_mistake_in_training_is_told_by_its_path(apply, show):
    topics = [*TRAINING["catalogue"]["topics"], {"id": "csrf", "title": "", "totalChallenges": 3}]

    result = apply({"catalogue": {**TRAINING["catalogue"], "topics": topics}})

    assert result.exit_code == 1
    assert "catalogue.topics[1].title" in result.stderr
    assert show(kind="catalogue")["topics"] == []
