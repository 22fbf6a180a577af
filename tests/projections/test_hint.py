"""A projector that rests is woken by the hint that follows an append."""

from threading import Event, Thread

from projections.following import projector as projectors
from projections.following.projector import Projector
from tests.projections.conftest import ADA


def test_an_append_wakes_a_resting_projector(challenge, say, database_url, reader, monkeypatch):
    # A rest of an hour: only the hint can end it.
    monkeypatch.setattr(projectors, "IDLE_SECONDS", 3600.0)
    monkeypatch.setattr(projectors, "RESTS", 0)
    projector, stop = Projector(database_url), Event()
    projector.catch_up()
    thread = Thread(target=projector.run, args=(stop,), daemon=True)
    thread.start()
    stop.wait(0.5)

    logged = say(challenge, ADA, "5")
    found = None
    for _ in range(500):
        found = reader.value("SELECT value FROM challenge_progress WHERE id = %(id)s", {"id": logged.run.id})
        if found is not None:
            break
        stop.wait(0.01)
    stop.set()
    reader.write("NOTIFY milepost", {})
    thread.join()
    projector.close()

    assert found == 5
