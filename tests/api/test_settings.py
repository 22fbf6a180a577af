"""Settings are read from the environment, and what is wrong with it is said."""

import pytest

from api.settings import Settings, SettingsError

URL = "postgresql://milepost@localhost/milepost"


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch):
    """An environment that says nothing but what the test says."""
    for name in ("DATABASE_URL", "MILEPOST_HOST", "MILEPOST_PORT", "MILEPOST_THREADS", "MILEPOST_LIMITS_STORAGE"):
        monkeypatch.delenv(name, raising=False)
    return monkeypatch.setenv


def test_only_the_database_has_to_be_said(environment):
    environment("DATABASE_URL", URL)

    assert Settings.read() == Settings(database_url=URL)
    assert (Settings.read().host, Settings.read().port, Settings.read().threads) == ("127.0.0.1", 8000, 8)


def test_a_setting_is_an_environment_variable(environment):
    environment("DATABASE_URL", URL)
    environment("MILEPOST_PORT", "9000")
    environment("MILEPOST_LIMITS_STORAGE", "redis://cache:6379/0")
    environment("MILEPOST_ACCESS_LOG", "false")

    found = Settings.read()

    assert (found.port, found.limits_storage, found.access_log) == (9000, "redis://cache:6379/0", False)


def test_every_wrong_variable_is_named_with_the_reason(environment):
    environment("MILEPOST_PORT", "http")
    environment("MILEPOST_THREADS", "0")
    environment("MILEPOST_LIMITS_STORAGE", "memcached://cache")

    with pytest.raises(SettingsError) as error:
        Settings.read()

    text = str(error.value)
    for name in ("DATABASE_URL", "MILEPOST_PORT", "MILEPOST_THREADS", "MILEPOST_LIMITS_STORAGE"):
        assert name in text
    assert "must be memory:// or a URL" in text


def test_another_database_is_refused(environment):
    environment("DATABASE_URL", "sqlite:///milepost.db")

    with pytest.raises(SettingsError, match=r"DATABASE_URL.*postgresql://"):
        Settings.read()
