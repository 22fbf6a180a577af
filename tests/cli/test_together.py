"""Several kinds of work in one process: all go on until they are told to stop, or one of them cannot."""

from threading import Event

import pytest

from cli.together import together


def test_all_work_until_the_flag_is_set():
    started, done = [Event(), Event()], []

    def work(number):
        def run(stop, report):
            started[number].set()
            started[1 - number].wait(10)
            stop.set()
            stop.wait(10)
            done.append(number)

        return run

    together(clock=work(0), assignments=work(1))(Event())

    assert sorted(done) == [0, 1]


def test_one_that_cannot_go_on_stops_the_others_and_says_why(capsys):
    def broken(stop, report):
        report("something is wrong")
        raise LookupError("gone")

    def steady(stop, report):
        assert stop.wait(10)

    with pytest.raises(LookupError, match="gone"):
        together(clock=broken, assignments=steady)(Event())

    assert capsys.readouterr().err == "clock: something is wrong\n"
