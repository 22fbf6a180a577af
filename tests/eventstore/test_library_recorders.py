"""With one slice, the recorders pass the test cases that the eventsourcing library ships for persistence modules.

What of `eventsourcing.tests.persistence` is not run, and why:

- `TranscoderTestCase`: there is no transcoder. msgspec writes an event's whole JSON (`test_mapper.py`).
- Of `InfrastructureFactoryTestCase` the four cases with a compressor or a cipher: those settings are refused, because
  auditors read the state with psql. What the cases would set is set here, and refused.
- Snapshot recorders have no case of their own; there is none here, because `streams` holds the latest snapshot.
"""

from collections.abc import Iterator

import eventsourcing.tests.persistence as library
import pytest
from eventsourcing.cipher import AESCipher
from eventsourcing.compressor import ZlibCompressor
from eventsourcing.persistence import InfrastructureFactoryError
from eventsourcing.utils import Environment, get_topic

from eventstore import Factory
from eventstore.database import Database
from eventstore.recorders import AggregateLog, ApplicationLog
from eventstore.tracking import ProcessLog, TrackingLog


class OnOneSlice:
    """Gives a case the database of its test."""

    @pytest.fixture(autouse=True)
    def _database(self, one_slice_url: str) -> Iterator[None]:
        self.database_url = one_slice_url
        self.database = Database(one_slice_url)
        yield
        self.database.close()


class TestAggregateLog(OnOneSlice, library.AggregateRecorderTestCase):
    def create_recorder(self) -> AggregateLog:
        return AggregateLog(self.database)


class TestApplicationLog(OnOneSlice, library.ApplicationRecorderTestCase[ApplicationLog]):
    def create_recorder(self) -> ApplicationLog:
        return ApplicationLog(self.database)

    def test_insert_subscribe(self) -> None:
        self.optional_test_insert_subscribe()


class TestNonInterleavingPositions(OnOneSlice, library.NonInterleavingNotificationIDsBaseCase):
    def create_recorder(self) -> ApplicationLog:
        return ApplicationLog(self.database)


class TestTrackingLog(OnOneSlice, library.TrackingRecorderTestCase):
    def create_recorder(self) -> TrackingLog:
        return TrackingLog(self.database)


class TestProcessLog(OnOneSlice, library.ProcessRecorderTestCase):
    def create_recorder(self) -> ProcessLog:
        return ProcessLog(self.database)


class TestProcessLogAsApplicationLog(OnOneSlice, library.ApplicationRecorderTestCase[ProcessLog]):
    def create_recorder(self) -> ProcessLog:
        return ProcessLog(self.database)


class OtherTrackingLog(TrackingLog):
    """A tracking recorder that an application brings along."""


class TestFactory(OnOneSlice, library.InfrastructureFactoryTestCase[Factory]):
    def setUp(self) -> None:
        self.env = Environment("Test", {"PERSISTENCE_MODULE": "eventstore", "DATABASE_URL": self.database_url})
        super().setUp()

    def expected_factory_class(self) -> type[Factory]:
        return Factory

    def expected_aggregate_recorder_class(self) -> type[AggregateLog]:
        return AggregateLog

    def expected_application_recorder_class(self) -> type[ApplicationLog]:
        return ApplicationLog

    def expected_tracking_recorder_class(self) -> type[TrackingLog]:
        return TrackingLog

    def tracking_recorder_subclass(self) -> type[TrackingLog]:
        return OtherTrackingLog

    def expected_process_recorder_class(self) -> type[ProcessLog]:
        return ProcessLog

    def test_mapper_with_compressor(self) -> None:
        self.refuses({"COMPRESSOR_TOPIC": get_topic(ZlibCompressor)})
        self.refuses({"COMPRESSOR_TOPIC": "zlib"})

    def test_mapper_with_cipher(self) -> None:
        self.refuses({"CIPHER_TOPIC": get_topic(AESCipher)})
        self.refuses({"CIPHER_KEY": AESCipher.create_key(16)})

    def test_mapper_with_cipher_and_compressor(self) -> None:
        self.refuses({"CIPHER_TOPIC": get_topic(AESCipher), "COMPRESSOR_TOPIC": get_topic(ZlibCompressor)})

    def test_mapper_with_wrong_cipher_key(self) -> None:
        self.refuses({"TEST_CIPHER_KEY": AESCipher.create_key(16)})

    def refuses(self, settings: dict[str, str]) -> None:
        """Set when the mapper is made or when the factory is, it is refused and named."""
        self.env.update(settings)
        with pytest.raises(InfrastructureFactoryError, match="auditors read the state with psql"):
            self.factory.mapper(transcoder=self.transcoder)
        with pytest.raises(InfrastructureFactoryError, match="auditors read the state with psql"):
            Factory.construct(self.env)
        for name in settings:
            del self.env[name]
