"""Servers and topics for one test each; what they logged is kept in build/test-artifacts/system."""

import pathlib
import re
import shutil
import time

import pytest

from system.feed import Feed
from system.orders import COLUMNS, VIEW, order
from system.server import Server

ARTIFACTS = pathlib.Path(__file__).resolve().parents[2] / "build" / "test-artifacts" / "system"


def test_name(request):
    return re.sub(r"[^a-z0-9]+", "-", request.node.name.lower()).strip("-")


@pytest.fixture
def servers(request, tmp_path):
    """servers(settings, pipeline) makes a server that has not started; all end with the test."""
    made = []

    def make(settings=None, pipeline=(), directory=None):
        server = Server(directory or tmp_path / f"server-{len(made)}", settings, pipeline)
        made.append(server)
        return server

    yield make
    for number, server in enumerate(made):
        server.kill()
        if server.log.exists():
            ARTIFACTS.mkdir(parents=True, exist_ok=True)
            shutil.copy(server.log, ARTIFACTS / f"{test_name(request)}-{number}.log")


@pytest.fixture
def server(servers):
    """One server that has started, without sources."""
    made = servers()
    made.start()
    return made


@pytest.fixture
def feed(request, kafka, topics):
    """feed(partitions) makes a topic of its own and writes to it."""
    def make(partitions=1, create=True):
        name = f"{test_name(request)[:60]}-{time.time_ns()}"
        made = Feed(topics, kafka.bootstrap, name, partitions)
        if create:
            made.create()
        return made
    return make


@pytest.fixture
def orders(server, feed):
    """A server with a source of 100 orders and a view over it."""
    made = feed()
    made.send([order(number) for number in range(1, 101)])
    server.run(made.source("orders", COLUMNS), VIEW)
    server.wait_for_positions("orders", {0: 100})
    return server
