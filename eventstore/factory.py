"""The factory that the eventsourcing library finds in this persistence module."""

from typing import Any

from eventsourcing.persistence import (
    InfrastructureFactory,
    InfrastructureFactoryError,
    Mapper,
    Transcoder,
)
from eventsourcing.utils import resolve_topic

from eventstore.database import Database
from eventstore.mapper import EventMapper
from eventstore.migrations import pending
from eventstore.recorders import AggregateLog, ApplicationLog
from eventstore.tracking import ProcessLog, TrackingLog

UNSAFE = {
    "POSTGRES_ENABLE_DB_FUNCTIONS": "readers would miss events, because nothing is locked",
    "CREATE_TABLE": "tables are made by migrations, under one lock",
    "IS_SNAPSHOTTING_ENABLED": "every append keeps the latest snapshot already",
    "COMPRESSOR_TOPIC": "auditors read the state with psql",
    "CIPHER_TOPIC": "auditors read the state with psql",
    "CIPHER_KEY": "auditors read the state with psql",
}
OFF = ("", "0", "n", "no", "f", "false", "off")


class Factory(InfrastructureFactory[TrackingLog]):
    """Builds the recorders of one database. Refuses settings that would make the log unsafe or unreadable.

    Settings: DATABASE_URL; DATABASE_POOL_SIZE (connections of a process, 10); DATABASE_STATEMENT_TIMEOUT and
    DATABASE_LOCK_TIMEOUT (milliseconds, 30000 and 2000).
    """

    def __init__(self, env: Any) -> None:
        super().__init__(env)
        self._refuse_unsafe_settings()
        url = self.env.get("DATABASE_URL")
        if not url:
            raise InfrastructureFactoryError("DATABASE_URL: is not set")
        self.database = Database(
            url,
            pool_size=self._whole_number("DATABASE_POOL_SIZE", 10, least=1),
            statement_timeout=self._whole_number("DATABASE_STATEMENT_TIMEOUT", 30_000),
            lock_timeout=self._whole_number("DATABASE_LOCK_TIMEOUT", 2_000),
        )

    def mapper(
        self, transcoder: Transcoder | None = None, mapper_class: type[Mapper[Any]] | None = None
    ) -> Mapper[Any]:
        """The JSON mapper, unless another class is asked for."""
        self._refuse_unsafe_settings()
        return super().mapper(transcoder, mapper_class or EventMapper)

    def aggregate_recorder(self, purpose: str = "events") -> AggregateLog:
        if purpose != "events":
            raise InfrastructureFactoryError(f"{purpose}: the latest snapshot of a stream is in `streams`")
        return AggregateLog(self.database)

    def application_recorder(self) -> ApplicationLog:
        return ApplicationLog(self.database)

    def tracking_recorder(self, tracking_recorder_class: type[TrackingLog] | None = None) -> TrackingLog:
        topic = self.env.get(self.TRACKING_RECORDER_TOPIC)
        cls: type[TrackingLog] = tracking_recorder_class or (resolve_topic(topic) if topic else TrackingLog)
        return cls(self.database)

    def pending_migrations(self) -> list[str]:
        """The steps of the schema that the database has not had yet."""
        return pending(self.database.url)

    def process_recorder(self) -> ProcessLog:
        return ProcessLog(self.database)

    def close(self) -> None:
        self.database.close()

    def _refuse_unsafe_settings(self) -> None:
        for name, why in UNSAFE.items():
            if str(self.env.get(name) or "").lower() not in OFF:
                raise InfrastructureFactoryError(f"{name}: refused: {why}")

    def _whole_number(self, name: str, default: int, least: int = 0) -> int:
        value = self.env.get(name) or str(default)
        if not (value.isdecimal() and int(value) >= least):
            raise InfrastructureFactoryError(f"{name}: {value!r} is not a whole number from {least} up")
        return int(value)
