"""Which programs the local stack is made of, and the environment each of them gets."""

import os
import shutil
import sys
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import yaml

from deploy.local import kafka, mongodb, people
from deploy.local.folder import ROOT, Folder
from deploy.local.ports import HOST, Ports
from deploy.local.programs import Program
from deploy.local.secrets import Secrets, write_private
from shared.runtime.province import Province

SERVICES = ("intake", "classification", "escalation", "notification")
STORES = ("kafka", "mongod")
LEARNING = "kafka-cache"
PROMETHEUS = "prometheus"
SENT = "sent"


@dataclass(frozen=True)
class Assembly:
    """Everything that the programs of one stack are made from."""

    folder: Folder
    ports: Ports
    secrets: Secrets
    province: str

    @cached_property
    def place(self) -> Province:
        """The province that is played: what a person sees is told in its time, with its names."""
        return Province.load(ROOT / "deploy" / "provinces" / self.province)

    def write(self) -> None:
        """Write what the programs read: officers, channels, MongoDB's key, Prometheus's targets."""
        self.folder.make()
        people.write_officers(self.folder.run / "officers.yaml", self.place.bodies, self.secrets)
        write_private(self.folder.run / "channels.yaml", yaml.safe_dump(self._channels(), sort_keys=False))
        # MongoDB reads its key file as base64 and demands that only the owner may read it.
        self.secrets.get("mongodb.key")
        write_private(self.folder.run / "prometheus.yml", yaml.safe_dump(self._prometheus(), sort_keys=False))

    def programs(self) -> list[Program]:
        """Every program that may run; Prometheus only where it is installed."""
        broker = kafka.broker(self.folder.run / "server.properties")
        mongod = mongodb.server(self.folder.mongodb, self.folder.secrets / "mongodb.key", self.ports.mongo)
        python = [sys.executable, "-m"]
        return [
            Program("kafka", broker),
            Program("mongod", mongod),
            *(Program(name, [*python, f"services.{name}"], self._environment(name)) for name in SERVICES),
            Program(SENT, [*python, "deploy.local.sent"], self._sent()),
            Program(LEARNING, ["nice", *python, "deploy.local.kafka"], once=True),
            *self._prometheus_program(),
        ]

    def parts(self) -> list[str]:
        """The ports that the stack will listen on, by the names of `Ports`."""
        optional = [PROMETHEUS] if prometheus_path() else []
        return ["kafka", "kafka_controller", "mongo", *SERVICES, SENT, *optional]

    def mongo_url(self, user: str) -> str:
        """MongoDB's address with the password of a user."""
        return mongodb.url(user, self.secrets, self.ports.mongo)

    def _environment(self, service: str) -> dict[str, str]:
        common = {
            "LANGNGHE_ENV": "local",
            "LANGNGHE_PROVINCE": self.province,
            "LANGNGHE_KAFKA_BOOTSTRAP": f"{HOST}:{self.ports.kafka}",
            "LANGNGHE_HTTP_HOST": HOST,
            "LANGNGHE_HTTP_PORT": str(getattr(self.ports, service)),
            "LANGNGHE_PUBLIC_URL": self.ports.url("escalation"),
        }
        if service in mongodb.OWNERS:
            common["LANGNGHE_MONGO_URL"] = self.mongo_url(service)
        return common | self._own(service)

    def _own(self, service: str) -> dict[str, str]:
        if service == "escalation":
            seal = {"LANGNGHE_SEAL_KEY": self.secrets.get("seal_key")}
            return {**seal, "LANGNGHE_OFFICERS_FILE": str(self.folder.run / "officers.yaml")}
        if service == "notification":
            return {"LANGNGHE_CHANNELS_FILE": str(self.folder.run / "channels.yaml")}
        return {}

    def _sent(self) -> dict[str, str]:
        return {
            "LANGNGHE_LOCAL_SENT_FILE": str(self.folder.sent),
            "LANGNGHE_LOCAL_SENT_PORT": str(self.ports.sent),
            "TZ": self.place.zone.key,
        }

    def _channels(self) -> dict[str, Any]:
        webhook = {"type": "webhook", "url": f"{self.ports.url(SENT)}/webhook"}
        return {
            "channels": {"webhook": webhook, "file": {"type": "file", "path": str(self.folder.path / "sent.jsonl")}}
        }

    def _prometheus(self) -> dict[str, Any]:
        targets = [
            {"targets": [f"{HOST}:{getattr(self.ports, name)}"], "labels": {"service": name}} for name in SERVICES
        ]
        rules = sorted(str(path) for path in (ROOT / "deploy" / "prometheus").glob("*.rules.yml"))
        return {
            "global": {"scrape_interval": "5s", "evaluation_interval": "5s"},
            "rule_files": rules,
            "scrape_configs": [{"job_name": "langnghe", "static_configs": targets}],
        }

    def _prometheus_program(self) -> list[Program]:
        path = prometheus_path()
        if path is None:
            return []
        options = (
            f"--config.file={self.folder.run / 'prometheus.yml'}",
            f"--storage.tsdb.path={self.folder.prometheus}",
            f"--web.listen-address={HOST}:{self.ports.prometheus}",
            "--storage.tsdb.retention.time=7d",
        )
        return [Program(PROMETHEUS, [path, *options])]


def prometheus_path() -> str | None:
    """Where Debian's Prometheus is, if it is installed."""
    return shutil.which("prometheus", path=f"{os.environ.get('PATH', '')}:/usr/bin")
