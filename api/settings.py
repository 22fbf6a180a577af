"""Settings: what the environment says about this process, read once and checked."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from environs import Env, EnvValidationError, validate

LOG_LEVELS = ("debug", "info", "warning", "error")


class SettingsError(ValueError):
    """A variable is missing or holds what it may not hold. The text names each one and says why."""


@dataclass(frozen=True, kw_only=True)
class Settings:
    """How the api is served. The defaults suit one machine."""

    database_url: str
    host: str = "127.0.0.1"
    port: int = 8000
    workers: int = 1
    threads: int = 8
    limits_storage: str = "memory://"
    lag_bound_seconds: int = 60
    max_body_bytes: int = 1 << 20
    log_level: str = "info"
    access_log: bool = True

    @classmethod
    def read(cls) -> "Settings":
        """Read the environment. Raises SettingsError, which names every wrong variable at once."""
        env = Env(eager=False)
        settings = cls(
            database_url=env.str("DATABASE_URL", validate=_postgresql),
            host=env.str("MILEPOST_HOST", cls.host),
            port=env.int("MILEPOST_PORT", cls.port, validate=validate.Range(1, 65535)),
            workers=env.int("MILEPOST_WORKERS", cls.workers, validate=validate.Range(1, 64)),
            threads=env.int("MILEPOST_THREADS", cls.threads, validate=validate.Range(1, 128)),
            limits_storage=env.str("MILEPOST_LIMITS_STORAGE", cls.limits_storage, validate=_storage),
            lag_bound_seconds=env.int("MILEPOST_LAG_BOUND_SECONDS", cls.lag_bound_seconds, validate=validate.Range(1)),
            max_body_bytes=env.int("MILEPOST_MAX_BODY_BYTES", cls.max_body_bytes, validate=validate.Range(1024)),
            log_level=env.str("MILEPOST_LOG_LEVEL", cls.log_level, validate=validate.OneOf(LOG_LEVELS)),
            access_log=env.bool("MILEPOST_ACCESS_LOG", cls.access_log),
        )
        try:
            env.seal()
        except EnvValidationError as error:
            raise SettingsError(_told(error.error_messages)) from None
        return settings


def _told(messages: Mapping[str, Sequence[str]]) -> str:
    """Each variable with what is wrong with it."""
    return "; ".join(f"{name}: {' '.join(found).rstrip('.')}" for name, found in messages.items())


def _postgresql(url: str) -> None:
    if not url.startswith(("postgresql://", "postgres://")):
        raise validate.ValidationError("must be a URL that starts with postgresql://")


def _storage(url: str) -> None:
    if url != "memory://" and not url.startswith(("redis://", "rediss://")):
        raise validate.ValidationError("must be memory:// or a URL that starts with redis:// or rediss://")
