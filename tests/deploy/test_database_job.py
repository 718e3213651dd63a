"""The job `database` of docker-compose.yml, on a real mongod that has neither a replica set nor a user."""

import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from pymongo import MongoClient
from pymongo.errors import OperationFailure
from typer.testing import CliRunner

from deploy.compose import credentials
from deploy.compose.__main__ import app
from deploy.local import mongodb
from deploy.local.ports import free_ports


@dataclass
class Fresh:
    """A mongod of this test alone, and the credentials that were drawn for it."""

    port: int
    secrets: Path

    def job(self) -> str:
        """Run the job as compose does; answer what it said."""
        member = f"127.0.0.1:{self.port}"
        options = ["--members", member, "--secrets", str(self.secrets), "--port", str(self.port)]
        done = CliRunner().invoke(app, ["database", *options])
        assert done.exit_code == 0, done.output
        return done.output

    def client(self, service: str) -> MongoClient[dict[str, Any]]:
        """A client as the service is one."""
        return MongoClient((self.secrets / f"{service}_mongo_url").read_text(encoding="ascii"))


@pytest.fixture(scope="module")
def fresh(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Fresh]:
    folder = tmp_path_factory.mktemp("database")
    province, data, port = folder / "province", folder / "data", free_ports().mongo
    for made in (province, data):
        made.mkdir()
    for name in credentials.PEOPLE:
        (province / name).touch()
    credentials.draw(folder / "secrets", [f"127.0.0.1:{port}"], province)
    key = folder / "keyfile"
    key.write_bytes((folder / "secrets" / "mongo_keyfile").read_bytes())
    key.chmod(0o400)
    with subprocess.Popen(mongodb.server(data, key, port), stdout=subprocess.DEVNULL) as server:
        try:
            yield Fresh(port, folder / "secrets")
        finally:
            server.terminate()


def test_it_makes_the_set_and_the_users_and_then_changes_nothing(fresh: Fresh) -> None:
    assert fresh.job().splitlines() == [f"replica set langnghe: 127.0.0.1:{fresh.port}", "user root"]
    assert fresh.job().splitlines() == ["đã đúng (nothing to change)"]


@pytest.mark.parametrize("service", credentials.OWNERS)
def test_a_service_owns_its_database_and_reaches_no_other(fresh: Fresh, service: str) -> None:
    fresh.job()
    with fresh.client(service) as client:
        client[service].matters.create_index("at")
        client[service].matters.insert_one({"at": 1})
        for other in {*credentials.OWNERS, "admin"} - {service}:
            with pytest.raises(OperationFailure, match="not authorized"):
                client[other].matters.find_one()


def test_a_new_password_takes_effect_at_the_next_run(fresh: Fresh) -> None:
    fresh.job()
    url = fresh.secrets / "intake_mongo_url"
    old = url.read_text(encoding="ascii")
    url.chmod(0o600)
    url.write_text(old.replace("intake:", "intake:new-", 1), encoding="ascii")
    fresh.job()
    with fresh.client("intake") as client:
        client.intake.matters.find_one()
    with MongoClient[dict[str, Any]](old) as client, pytest.raises(OperationFailure, match="Authentication failed"):
        client.intake.matters.find_one()


def test_an_address_for_another_user_is_refused_in_words(fresh: Fresh, tmp_path: Path) -> None:
    fresh.job()
    for path in fresh.secrets.iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    (tmp_path / "intake_mongo_url").write_text("mongodb://root:x@127.0.0.1/", encoding="ascii")
    options = ["--members", f"127.0.0.1:{fresh.port}", "--secrets", str(tmp_path), "--port", str(fresh.port)]
    done = CliRunner().invoke(app, ["database", *options])
    assert done.exit_code == 1
    assert "intake_mongo_url: tên người dùng phải là intake" in done.output
