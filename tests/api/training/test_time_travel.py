"""Training as it was: asOf and knownAt of what a user practised and learned."""

from datetime import timedelta

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.api.conftest import NOW
from tests.given_training import Training

TOPIC, SCENARIO = "sql-injection", "jwt"
ARRAYS = ("practice-progress", "learn-progress")
EXAMPLES = settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])

STEPS = st.lists(
    st.tuples(st.sampled_from(["phase 1", "phase 2", "learn"]), st.integers(0, 7), st.integers(-4, 90)),
    min_size=1,
    max_size=12,
)


@EXAMPLES
@given(told=STEPS, orderly=st.booleans(), taken_back=st.lists(st.integers(0, 11), max_size=3))
def test_an_answer_about_a_moment_is_the_answer_that_was_given_then(told, orderly, taken_back, request):
    """`knownAt` whatever happened; `asOf` when everything came in order and nothing was taken back."""
    training, clock, acme, catch_up = map(request.getfixturevalue, ("training", "clock", "acme", "catch_up"))
    clock.moment = max(clock.moment, NOW)
    owner, seen, entries = f"user-{clock.advance(days=1):%j-%f}", {}, []
    training.user(owner)

    def ask(**moments):
        catch_up()
        query = {name: moment.isoformat() for name, moment in moments.items()}
        answers = [acme.get(f"/api/public/v1/users/{owner}/{what}", query_string=query) for what in ARRAYS]
        assert [one.status_code for one in answers] == [200, 200]
        return [one.json for one in answers]

    for number, (kind, value, late) in enumerate(told):
        at = clock.advance(minutes=10) - timedelta(minutes=0 if orderly else late)
        if number in taken_back and entries and not orderly:
            training.void(entries[value % len(entries)])
        elif kind == "learn":
            entries.append(training.learn(owner, SCENARIO, value or None, at=at))
        else:
            entries.append(training.phase(owner, TOPIC, value % 2, int(kind[-1]), value * 5, at=at))
        seen[clock()] = ask()
        clock.advance(minutes=5)

    assert ask(asOf=clock()) == ask(knownAt=clock()) == ask()
    for moment, answer in seen.items():
        assert ask(knownAt=moment) == answer
        if orderly:
            assert ask(asOf=moment) == answer


def test_what_came_late_is_there_from_the_moment_at_which_it_happened(training: Training, clock, acme):
    training.user("eve")
    training.phase("eve", TOPIC, 0, 1, 40)
    training.learn("eve", SCENARIO, 3)
    clock.advance(hours=3)
    training.phase("eve", TOPIC, 0, 2, 30, at=NOW + timedelta(hours=1))
    training.learn("eve", SCENARIO, 7, at=NOW - timedelta(hours=1))
    training.change(TOPIC, total_challenges=1, status="archived")
    training.change(SCENARIO, total_steps=1)
    clock.advance(hours=1)

    def ask(what: str, **hours: int) -> list:
        query = {name: (NOW + timedelta(hours=hour)).isoformat() for name, hour in hours.items()}
        return acme.get(f"/api/public/v1/users/eve/{what}", query_string=query).json

    assert [[one["score"] for one in ask("practice-progress", asOf=hour)] for hour in (0, 1, 3)] == [[], [70], [70]]
    assert ask("practice-progress", asOf=3, knownAt=2) == []
    steps = [[one["currentStep"] for one in ask("learn-progress", asOf=hour)] for hour in (-2, -1, 0)]
    assert steps == [[], [7], [7]]
    assert [one["currentStep"] for one in ask("learn-progress", knownAt=0)] == [3]


def test_assignments_are_those_of_now_only(training, acme):
    training.assign("topic", TOPIC, "eve")

    for name in ("asOf", "knownAt"):
        response = acme.get("/api/public/v1/users/eve/assignments", query_string={name: NOW.isoformat()})
        assert response.status_code == 400
        assert name in response.text
