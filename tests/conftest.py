"""The run's own Kafka, MongoDB and services, started once, on free ports, beside whatever else runs on the machine."""

import os
import shutil
import uuid
from collections.abc import Iterator

import pytest
import structlog
from pymongo import MongoClient

from deploy.local.ports import free_ports
from deploy.local.stack import Stack

STRICT = os.environ.get("STRICT", "") not in ("", "0")
NOT_RUN = pytest.StashKey[dict[str, str]]()


@pytest.fixture(autouse=True)
def _own_logging() -> Iterator[None]:
    """A command silences the log of its process: in a run of many tests only for its own."""
    yield
    structlog.reset_defaults()


@pytest.fixture(scope="session")
def local(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Iterator[Stack]:
    """The stack with nothing running yet; the fixtures below start what they need of it, once."""
    stack = Stack(tmp_path_factory.mktemp("stack"), free_ports(), tied=True)
    try:
        stack.begin()
        yield stack
    finally:
        stack.down()
        if request.session.testsfailed:
            # The logs tell why; the data would fill the disk after a few runs.
            shutil.rmtree(stack.folder.kafka)
            shutil.rmtree(stack.folder.mongodb)
        else:
            stack.forget()


@pytest.fixture(scope="session")
def mongo_url(local: Stack) -> str:
    """A real MongoDB: the address of its root user."""
    local.start_mongodb()
    return local.root_url


@pytest.fixture
def mongo_database(mongo_url: str) -> Iterator[str]:
    """The name of an empty database for one test."""
    name = f"test_{uuid.uuid4().hex[:12]}"
    yield name
    with MongoClient[dict[str, object]](mongo_url) as client:
        client.drop_database(name)


@pytest.fixture(scope="session")
def kafka(local: Stack) -> str:
    """A real broker with every topic of the register: its address."""
    local.start_kafka()
    return local.bootstrap


@pytest.fixture(scope="session")
def stack(local: Stack, kafka: str, mongo_url: str) -> Stack:
    """The four services ready on the same Kafka and MongoDB, with a key for each commune of the demonstration."""
    local.start_services()
    local.issue_keys()
    return local


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "needs(program, package): runs where the program of a Debian package is found")
    config.stash[NOT_RUN] = {}


def pytest_runtest_setup(item: pytest.Item) -> None:
    for mark in item.iter_markers("needs"):
        program, package = mark.args
        if shutil.which(program) is None:
            reason = f"{program} is not installed: apt install {package}"
            if STRICT:
                pytest.fail(f"STRICT: {reason}", pytrace=False)
            item.config.stash[NOT_RUN][item.nodeid] = reason
            pytest.skip(reason)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    not_run = config.stash[NOT_RUN]
    if not_run:
        terminalreporter.section("chưa chạy vì thiếu gói Debian (not run for want of a Debian part)")
        for test, reason in not_run.items():
            terminalreporter.write_line(f"{test}: {reason}")
