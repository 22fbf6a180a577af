"""`milepost init`: a database is made ready once, by however many processes ask for it."""

import psycopg

from tests.processes import start


def slices(database_url):
    with psycopg.connect(database_url) as connection:
        return connection.execute("SELECT count(*) FROM slices").fetchone()[0]


def test_four_processes_at_once_make_one_log(empty_database_url, tmp_path):
    arguments = {"database_url": empty_database_url, "folder": tmp_path}
    processes = [start("init", "--slices", 8, **arguments) for _ in range(4)]

    told = [process.communicate() for process in processes]

    assert [process.returncode for process in processes] == [0] * 4, told
    assert slices(empty_database_url) == 8


def test_a_new_log_has_64_slices(milepost, empty_database_url):
    result = milepost("init", DATABASE_URL=empty_database_url)

    assert (result.exit_code, slices(empty_database_url)) == (0, 64)


def test_again_it_changes_nothing(milepost, database_url):
    before = slices(database_url)

    result = milepost("init")

    assert (result.exit_code, slices(database_url)) == (0, before)


def test_the_number_of_slices_is_for_ever(milepost):
    result = milepost("init", "--slices", 8)

    assert result.exit_code == 1
    assert result.stderr == "Error: slices: the log has 4, and 8 were asked for\n"


def test_a_number_of_slices_out_of_range_is_wrong_usage(milepost):
    assert [milepost("init", "--slices", number).exit_code for number in (0, 1025, "many")] == [2, 2, 2]
