"""The stack on one machine: it refuses busy ports, survives its parts' deaths, keeps secrets shut, leaves nothing."""

import json
import os
import signal
import socket
import stat
from pathlib import Path

import psutil
import pytest
from pymongo import MongoClient
from pymongo.errors import OperationFailure

from deploy.local.folder import LONGEST_SOCKET, Folder
from deploy.local.ports import HOST, Ports, PortsBusyError, free_ports, is_free, is_open
from deploy.local.secrets import Secrets
from deploy.local.stack import Stack
from deploy.local.supervision import MARK
from deploy.local.waiting import NotReadyError, until


def processes_of(folder: Path) -> list[psutil.Process]:
    found = []
    for process in psutil.process_iter():
        try:
            if process.environ().get(MARK) == str(folder):
                found.append(process)
        except psutil.Error:
            continue
    return found


def test_a_busy_port_is_named_with_its_variable_and_nothing_starts(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind((HOST, 0))
        taken.listen()
        busy = taken.getsockname()[1]
        stack = Stack(tmp_path, free_ports().model_copy(update={"mongo": busy}), tied=True)
        with pytest.raises(PortsBusyError, match=rf"cổng {busy} \(mongo\): đặt LANGNGHE_LOCAL_MONGO_PORT"):
            stack.begin()
    assert not processes_of(tmp_path)
    assert not list(tmp_path.iterdir())


def test_each_port_has_its_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LANGNGHE_LOCAL_KAFKA_PORT", "19092")
    monkeypatch.setenv("LANGNGHE_LOCAL_KAFKA_CONTROLLER_PORT", "19093")
    ports = Ports()
    assert (ports.kafka, ports.kafka_controller, ports.mongo) == (19092, 19093, 27017)


def test_free_ports_are_free_and_differ() -> None:
    ports = list(free_ports().model_dump().values())
    assert len(set(ports)) == len(ports)
    assert all(is_free(port) for port in ports)


def test_a_long_path_still_has_a_socket(tmp_path: Path) -> None:
    deep = Folder(tmp_path / ("x" * LONGEST_SOCKET))
    assert len(str(deep.socket)) <= LONGEST_SOCKET
    assert deep.socket != Folder(tmp_path / ("y" * LONGEST_SOCKET)).socket


def test_a_secret_is_drawn_once_and_closed_to_others(tmp_path: Path) -> None:
    first = Secrets(tmp_path).get("seal_key")
    assert Secrets(tmp_path).get("seal_key") == first
    assert len(first) >= 40
    assert stat.S_IMODE((tmp_path / "seal_key").stat().st_mode) == 0o600
    assert Secrets(tmp_path).derived("a") != Secrets(tmp_path).derived("b")


def test_waiting_names_what_did_not_come() -> None:
    with pytest.raises(NotReadyError, match="cái gì đó"):
        until(lambda: False, "cái gì đó", seconds=0.01, every=0.001)


def test_down_leaves_no_process_and_no_port_and_up_again_keeps_the_data(tmp_path: Path) -> None:
    stack = Stack(tmp_path, free_ports(), tied=True)
    try:
        stack.begin()
        stack.start_mongodb()
        with MongoClient[dict[str, object]](stack.operator_url) as client:
            client["kept"]["things"].insert_one({"_id": 1})
        stack.down()
        assert not processes_of(tmp_path)
        assert all(is_free(port) for port in stack.ports.model_dump().values())

        again = Stack(tmp_path, stack.ports, tied=True)
        again.begin()
        again.start_mongodb()
        with MongoClient[dict[str, object]](again.operator_url) as client:
            assert client["kept"]["things"].count_documents({}) == 1
    finally:
        stack.forget()
    assert not tmp_path.exists()


def test_what_outlives_supervisor_is_ended_too(tmp_path: Path) -> None:
    stack = Stack(tmp_path, free_ports(), tied=True)
    try:
        stack.begin()
        stack.start_mongodb()
        supervisor = psutil.Process(stack.pid("mongod")).ppid()
        os.kill(supervisor, signal.SIGKILL)
        until(lambda: not stack.is_running(), "Supervisor gone")
        assert processes_of(tmp_path)
        stack.down()
        assert not processes_of(tmp_path)
        assert not is_open(stack.ports.mongo)
    finally:
        stack.forget()


def test_a_killed_part_is_started_again_and_a_stopped_one_is_not(local: Stack, kafka: str) -> None:
    before = local.pid("kafka")
    local.signal("kafka", signal.SIGKILL)
    until(lambda: local.pid("kafka") not in (0, before) and is_open(local.ports.kafka), "Kafka again")
    local.stop("kafka")
    assert local.states()["kafka"] == "STOPPED"
    assert not is_open(local.ports.kafka)
    local.start_kafka()
    assert is_open(local.ports.kafka)


def test_starting_kafka_again_changes_no_topic(local: Stack, kafka: str) -> None:
    assert local.start_kafka() == []


@pytest.mark.parametrize("other", ["escalation", "notification", "admin"])
def test_a_service_reads_its_own_database_alone(local: Stack, mongo_url: str, other: str) -> None:
    with MongoClient[dict[str, object]](local.assembly.mongo_url("intake")) as client:
        assert client.admin.command("hello")["isWritablePrimary"]
        client["intake"]["probe"].insert_one({})
        client["intake"]["probe"].drop()
        with pytest.raises(OperationFailure, match="not authorized"):
            client[other]["cases"].find_one()


def test_nobody_reads_without_a_password(local: Stack, mongo_url: str) -> None:
    with MongoClient[dict[str, object]](HOST, local.ports.mongo) as client, pytest.raises(OperationFailure):
        client["intake"]["reports"].find_one()


def test_everything_listens_on_loopback_alone(local: Stack, kafka: str, mongo_url: str) -> None:
    listening = [
        connection.laddr.ip
        for process in processes_of(local.folder.path)
        for connection in process.net_connections("inet")
        if connection.status == psutil.CONN_LISTEN
    ]
    assert len(listening) >= 3
    assert {address.removeprefix("::ffff:") for address in listening} == {HOST}


def test_classification_gets_no_database(local: Stack) -> None:
    environments = {program.name: program.environment for program in local.assembly.programs()}
    assert "LANGNGHE_MONGO_URL" not in environments["classification"]
    assert "//intake:" in environments["intake"]["LANGNGHE_MONGO_URL"]


@pytest.mark.stack
def test_status_tells_where_everything_is(stack: Stack) -> None:
    services = ("intake", "classification", "escalation", "notification")
    stack.wait_ready(*services)
    status = json.loads(json.dumps(stack.status()))
    for service in services:
        assert status[service] == {"url": stack.ports.url(service), "ready": True}
    assert status["kafka"] == {"bootstrap": stack.bootstrap, "prefix": "angiang"}
    assert "30337" in status["keys"]["communes"]
    assert {"steering-committee-35", "inspectorate", "auditor"} <= status["keys"]["officers"].keys()
    with MongoClient[dict[str, object]](status["mongodb"]["url"]) as client:
        # Whoever looks for what must not be there looks everywhere, also into MongoDB's own log of operations.
        for database in client.list_database_names():
            for collection in client[database].list_collection_names():
                client[database][collection].find_one()
