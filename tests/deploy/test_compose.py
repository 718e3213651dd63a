"""docker-compose.yml says the same as the code, the settings, the registers and the local stack, and is closed."""

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
import yaml
from pydantic import SecretStr

from deploy.compose import credentials
from deploy.local import kafka as local_kafka
from deploy.local.folder import ROOT
from deploy.local.mongodb import OWNERS
from deploy.local.ports import Ports, free_ports
from deploy.local.stack import Stack
from shared.runtime.settings import Role, Settings

COMPOSE = ROOT / "docker-compose.yml"
OPERATOR = ROOT / "deploy" / "compose" / "operator.yml"
HA = ROOT / "deploy" / "compose" / "ha.env"
SERVICES = sorted(path.parent.name for path in (ROOT / "services").glob("*/__main__.py"))
JOBS = {"topics", "database"}
SETTINGS = {f"LANGNGHE_{name.upper()}": field for name, field in Settings.model_fields.items()}
PUBLISHED = {"intake", "escalation", "kafka-1", "kafka-2", "kafka-3"}

Parts = dict[str, dict[str, Any]]


def filled(text: str, variables: dict[str, str]) -> str:
    """The file with `${NAME:-default}` replaced, as compose does it."""
    return re.sub(r"\$\{(\w+):-([^}]*)\}", lambda found: variables.get(found[1], found[2]), text)


def composed(variables: dict[str, str]) -> dict[str, Any]:
    """The whole file as compose reads it with these variables."""
    content: dict[str, Any] = yaml.safe_load(filled(COMPOSE.read_text(encoding="utf-8"), variables))
    return content


def variables_of(path: Path) -> dict[str, str]:
    """What an env file sets."""
    lines = (line for line in path.read_text(encoding="utf-8").splitlines() if line and not line.startswith("#"))
    return dict(line.split("=", 1) for line in lines)


WHOLE = composed({})
PARTS: Parts = WHOLE["services"]
HA_PARTS: Parts = composed(variables_of(HA))["services"]


def brokers(parts: Parts, count: int) -> Parts:
    """The brokers that run: the second and third only with the profile `ha`."""
    return {f"kafka-{number}": parts[f"kafka-{number}"] for number in range(1, count + 1)}


def targets(part: dict[str, Any]) -> dict[str, str]:
    """A part's secrets: the file name in the container, to the name of the secret."""
    given = [{"source": one, "target": one} if isinstance(one, str) else one for one in part.get("secrets", [])]
    return {one["target"]: one["source"] for one in given}


@pytest.mark.parametrize("path", [COMPOSE, OPERATOR], ids=lambda path: path.name)
def test_it_is_what_the_compose_specification_allows(path: Path) -> None:
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.compose-spec", str(path)]
    checked = subprocess.run(command, capture_output=True, text=True, check=False)
    assert checked.returncode == 0, checked.stdout


def test_every_variable_has_a_value_where_nobody_sets_it() -> None:
    assert re.findall(r"\$\{\w+[^:\w]", COMPOSE.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize("name", SERVICES)
def test_every_service_runs_as_the_local_stack_runs_it(name: str) -> None:
    part = PARTS[name]
    environment = part["environment"]
    assert part["command"] == ["python", "-m", f"services.{name}"]
    assert int(environment["LANGNGHE_HTTP_PORT"]) == Ports.model_fields[name].default
    assert Settings(roles=environment["LANGNGHE_ROLES"]).roles == frozenset(Role)
    assert environment["LANGNGHE_ENV"] == "server"


def test_there_is_no_other_part_of_our_image_than_services_and_jobs() -> None:
    ours = {name for name, part in PARTS.items() if part["image"].startswith("langnghe:")}
    assert ours == {*SERVICES, *JOBS}


def test_every_variable_of_ours_is_a_setting_and_no_secret_is_one() -> None:
    given = {name for part in PARTS.values() for name in part.get("environment", {}) if name.startswith("LANGNGHE_")}
    secret = {name for name, field in SETTINGS.items() if field.annotation is SecretStr}
    assert given <= SETTINGS.keys()
    assert given & secret == set()
    interpolated = set(re.findall(r"\$\{(LANGNGHE_\w+)", COMPOSE.read_text(encoding="utf-8")))
    assert interpolated <= SETTINGS.keys()


def test_every_setting_is_documented() -> None:
    assert [name for name, field in SETTINGS.items() if not field.description] == []


def test_every_service_gets_the_address_of_its_own_database_and_of_no_other() -> None:
    found = {name: targets(PARTS[name]).get("langnghe_mongo_url") for name in SERVICES}
    assert found == {name: f"{name}_mongo_url" if name in OWNERS else None for name in SERVICES}


def test_secrets_named_like_variables_are_secret_settings_and_reach_only_who_needs_them() -> None:
    for name in SERVICES:
        of_settings = [target for target in targets(PARTS[name]) if target.startswith("langnghe_")]
        assert all(SETTINGS[target.upper()].annotation is SecretStr for target in of_settings)
    mounts = {name: set(targets(part).values()) for name, part in PARTS.items()}
    holders = {secret: {name for name, held in mounts.items() if secret in held} for secret in WHOLE["secrets"]}
    assert holders == {
        "mongo_keyfile": {"mongodb-1", "mongodb-2", "mongodb-3"},
        "mongo_root_password": {"database"},
        "seal_key": {"escalation"},
        "roster.yaml": {"notification"},
        "channels.yaml": {"notification"},
        "grafana_admin_password": {"grafana"},
        **{f"{owner}_mongo_url": {owner, "database"} for owner in OWNERS},
    }


def test_the_credentials_that_are_drawn_are_those_that_are_asked_for(tmp_path: Path) -> None:
    province = tmp_path / "province"
    province.mkdir()
    for name in credentials.PEOPLE:
        (province / name).write_text("{}", encoding="utf-8")
    folder = tmp_path / "secrets"

    drawn = credentials.draw(folder, ["mongodb-1:27017"], province)

    assert set(drawn) == set(WHOLE["secrets"])
    assert folder.stat().st_mode & 0o077 == 0
    settings = Settings(_secrets_dir=_mounted(folder, tmp_path / "escalation", PARTS["escalation"]))
    assert len(settings.seal_key.get_secret_value()) >= 32
    assert urlsplit(settings.mongo_url.get_secret_value()).hostname == "mongodb-1"
    before = {path.name: path.read_text(encoding="utf-8") for path in folder.iterdir()}
    assert credentials.draw(folder, ["mongodb-1:27017"], province) == []
    assert {path.name: path.read_text(encoding="utf-8") for path in folder.iterdir()} == before


def _mounted(secrets: Path, into: Path, part: dict[str, Any]) -> Path:
    into.mkdir()
    for target, source in targets(part).items():
        (into / target).write_bytes((secrets / source).read_bytes())
    return into


@pytest.mark.parametrize("name", sorted(PARTS))
def test_every_part_is_closed(name: str) -> None:
    part = PARTS[name]
    assert part["read_only"] is True
    assert part["cap_drop"] == ["ALL"]
    assert part["security_opt"] == ["no-new-privileges:true"]
    assert part["user"] not in ("root", "0", "0:0")
    assert re.fullmatch(r"\d+m", part["mem_limit"])
    assert part["pids_limit"] > 0
    assert "healthcheck" in part
    assert not {"privileged", "cap_add", "pid", "ipc", "devices"} & part.keys()
    assert not any("docker.sock" in volume for volume in part.get("volumes", []))


@pytest.mark.parametrize("name", sorted(PARTS))
def test_every_image_is_pinned_by_its_whole_version(name: str) -> None:
    assert re.fullmatch(r"[\w/.-]+:v?\d+\.\d+\.\d+", PARTS[name]["image"])


def test_only_intake_console_and_kafka_are_published_and_on_loopback_unless_told_otherwise() -> None:
    published = {name: part["ports"] for name, part in PARTS.items() if "ports" in part}
    assert set(published) == PUBLISHED
    assert all(port.startswith("127.0.0.1:") for ports in published.values() for port in ports)
    assert WHOLE["networks"]["inside"] == {"internal": True}
    outside = {name for name, part in PARTS.items() if "edge" in part.get("networks", [])}
    # Notification reaches gateways; nothing else that holds reports reaches anything.
    assert outside == PUBLISHED | {"notification"}


def test_every_password_and_folder_that_is_mounted_exists() -> None:
    mounted = [volume.split(":")[0] for part in PARTS.values() for volume in part.get("volumes", [])]
    assert [path for path in mounted if path.startswith("./") and not (ROOT / path).exists()] == []
    assert {name for name in mounted if not name.startswith("./")} == set(WHOLE["volumes"])


def test_prometheus_scrapes_every_service_where_it_listens() -> None:
    config = yaml.safe_load((ROOT / "deploy" / "prometheus" / "prometheus.yml").read_text(encoding="utf-8"))
    job = next(job for job in config["scrape_configs"] if job["job_name"] == "langnghe")
    found = {entry["labels"]["service"]: entry["targets"] for entry in job["static_configs"]}
    assert found == {name: [f"{name}:{Ports.model_fields[name].default}"] for name in SERVICES}


@pytest.mark.parametrize(("parts", "count"), [(PARTS, 1), (HA_PARTS, 3)], ids=["single", "ha"])
def test_brokers_know_each_other_and_clients_know_them(parts: Parts, count: int) -> None:
    running = brokers(parts, count)
    voters = ",".join(f"{part['environment']['KAFKA_NODE_ID']}@{name}:9093" for name, part in running.items())
    bootstrap = ",".join(f"{name}:9092" for name in running)
    replication = str(count)
    for name, part in running.items():
        environment = part["environment"]
        assert environment["KAFKA_CONTROLLER_QUORUM_VOTERS"] == voters
        assert environment["KAFKA_ADVERTISED_LISTENERS"].startswith(f"INSIDE://{name}:9092,OUTSIDE://127.0.0.1:")
        outside = environment["KAFKA_ADVERTISED_LISTENERS"].rpartition(":")[2]
        assert part["ports"] == [f"127.0.0.1:{outside}:{outside}"]
        assert environment["KAFKA_LISTENERS"].endswith(f"OUTSIDE://:{outside}")
        assert environment["KAFKA_DEFAULT_REPLICATION_FACTOR"] == replication
        assert part["volumes"][0] == f"{name}:/var/lib/kafka/data"
    assert parts["topics"]["command"][-2:] == ["--replication", replication]
    assert {part["environment"]["LANGNGHE_KAFKA_BOOTSTRAP"] for name, part in parts.items() if name in SERVICES} == {
        bootstrap
    }


@pytest.mark.parametrize(("parts", "count"), [(PARTS, 1), (HA_PARTS, 3)], ids=["single", "ha"])
def test_the_database_job_makes_the_set_of_the_mongods_that_run(parts: Parts, count: int) -> None:
    members = parts["database"]["command"][-1].split(",")
    assert members == [f"mongodb-{number}:27017" for number in range(1, count + 1)]
    assert parts["database"]["network_mode"] == "service:mongodb-1"
    assert {name for name, part in parts.items() if part.get("profiles") == ["ha"]} == {
        f"{store}-{number}" for store in ("kafka", "mongodb") for number in (2, 3)
    }


@pytest.mark.parametrize(("parts", "name"), [(PARTS, "kafka-1"), (HA_PARTS, "kafka-3")], ids=["single", "ha"])
def test_kafka_itself_accepts_the_environment(parts: Parts, name: str, tmp_path: Path) -> None:
    """The image's own start-up class makes the configuration of it and formats a folder with it."""
    environment = {**parts[name]["environment"], "KAFKA_LOG_DIRS": str(tmp_path / "data"), "PATH": os.environ["PATH"]}
    folders = {which: tmp_path / which for which in ("default", "mounted", "final")}
    for folder in folders.values():
        folder.mkdir()
    for file in ("server.properties", "log4j2.yaml", "tools-log4j2.yaml"):
        (folders["default"] / file).touch()
    options = [word for which, folder in folders.items() for word in (f"--{which}-configs-dir", str(folder))]

    setup = local_kafka.command("kafka.docker.KafkaDockerWrapper", "setup", *options)
    done = subprocess.run(setup, env=environment, capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stdout + done.stderr
    assert (tmp_path / "data" / "meta.properties").exists()
    properties = (folders["final"] / "server.properties").read_text(encoding="utf-8").splitlines()
    assert "auto.create.topics.enable=false" in properties
    assert f"controller.quorum.voters={environment['KAFKA_CONTROLLER_QUORUM_VOTERS']}" in properties


def run(arguments: list[str], environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    """Run a command as compose does in the image, here."""
    command = [sys.executable, *arguments[1:]]
    whole = {"PATH": os.environ["PATH"], **environment}
    return subprocess.run(command, cwd=ROOT, env=whole, capture_output=True, text=True, check=False)


def test_the_topics_job_finds_the_register_fulfilled(kafka: str) -> None:
    part = PARTS["topics"]
    done = run(part["command"], {**part["environment"], "LANGNGHE_KAFKA_BOOTSTRAP": kafka})
    assert done.returncode == 0, done.stderr
    assert "đã đúng" in done.stdout


@pytest.mark.stack
def test_a_key_that_the_operator_issues_opens_intake(stack: Stack) -> None:
    url = {"LANGNGHE_MONGO_URL": stack.assembly.mongo_url("intake")}
    issued = run(["python", "-m", "deploy.compose", "keys", "issue", "--commune", "30337"], url)
    assert issued.returncode == 0, issued.stderr
    assert len(issued.stdout.split()) == 1

    def answer(key: str) -> int:
        headers = {"Authorization": f"Bearer {key}"}
        return httpx.post(f"{stack.status()['intake']['url']}/v1/reports", json={}, headers=headers).status_code

    assert (answer(issued.stdout.strip()), answer("another")) == (422, 401)


@pytest.mark.stack
@pytest.mark.parametrize("name", SERVICES)
def test_a_container_is_healthy_while_its_service_is_ready(stack: Stack, name: str) -> None:
    probe = PARTS[name]["healthcheck"]["test"][1:]
    port = stack.status()[name]["url"].rpartition(":")[2]
    assert run(probe, {"LANGNGHE_HTTP_PORT": port}).returncode == 0
    assert run(probe, {"LANGNGHE_HTTP_PORT": str(free_ports().sent)}).returncode == 1
