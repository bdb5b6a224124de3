"""What every suite under test/ may use: one real broker for the whole run, and topics on it."""

import pytest

from harness.broker import Broker, Topics


@pytest.fixture(scope="session")
def kafka(tmp_path_factory):
    """A real Apache Kafka; `kafka.bootstrap` is its address. $FRESHET_TEST_KAFKA names one that runs already."""
    with Broker(tmp_path_factory.mktemp("kafka")) as broker:
        yield broker


@pytest.fixture
def topics(kafka):
    made = Topics(kafka.bootstrap)
    yield made
    made.close()
