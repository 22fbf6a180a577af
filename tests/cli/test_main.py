"""How commands end: 0 done, 1 refused or failed, 2 wrong usage; one line about what and where, never a traceback."""

import pytest
from click.testing import CliRunner

from cli.main import COMMANDS
from cli.main import milepost as command


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_says_what_it_is_for(milepost, name):
    result = milepost(name, "--help")

    assert result.exit_code == 0
    assert "Usage: milepost" in result.stdout


def test_a_command_that_there_is_not_is_wrong_usage(milepost):
    result = milepost("fly")

    assert result.exit_code == 2
    assert "No such command 'fly'" in result.stderr


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("mysql://localhost/milepost", "must be a URL that starts with postgresql://"),
        ("postgresql://milepost@127.0.0.1:1/milepost", "Connection refused"),
        ("postgresql://%zz", "invalid percent-encoded token"),
    ],
)
def test_a_database_that_cannot_be_reached_is_told_in_one_line(milepost, url, says):
    result = milepost("keys", "list", DATABASE_URL=url)

    assert result.exit_code == 1
    assert result.stderr.startswith("Error: DATABASE_URL: ")
    assert says in result.stderr
    assert result.stderr.count("\n") == 1


def test_a_data_folder_that_cannot_be_made_is_told_in_one_line(milepost, tmp_path):
    (tmp_path / "file").write_text("")

    result = milepost("keys", "list", "--data-dir", tmp_path / "file" / "data", DATABASE_URL="")

    assert result.exit_code == 1
    assert result.stderr.count("\n") == 1
    assert str(tmp_path / "file") in result.stderr


def test_those_who_debug_see_where_it_happened(empty_database_url):
    environment = {"DATABASE_URL": empty_database_url, "MILEPOST_DEBUG": "1"}

    result = CliRunner().invoke(command, ["projections", "status"], env=environment)

    assert "checkpoints" in str(result.exception)


def test_a_database_that_was_never_set_up_says_what_to_do(milepost, empty_database_url):
    result = milepost("projections", "status", DATABASE_URL=empty_database_url)

    assert (result.exit_code, result.stderr) == (1, "Error: the database is not set up: run milepost init\n")
