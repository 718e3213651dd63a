"""The whole local stack as one thing that goes up, tells how it is, and goes down."""

import asyncio
import shutil
import signal
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

import httpx

from deploy.kafka import topics
from deploy.local import commune_keys, kafka, mongodb, people
from deploy.local.assembly import LEARNING, PROMETHEUS, SENT, SERVICES, STORES, Assembly, prometheus_path
from deploy.local.folder import Folder
from deploy.local.ports import HOST, Ports, is_open
from deploy.local.secrets import Secrets, write_private
from deploy.local.supervision import Supervision
from deploy.local.waiting import NotReadyError, until

Say = Callable[[str], None]
"""Told of each step when it is done."""


class Stack:
    """Kafka, MongoDB, the four services and the webhook receiver, in one folder and on one set of ports.

    `tied`: everything ends when this process does, however that ends; for tests.
    """

    def __init__(self, folder: Path, ports: Ports, province: str = "angiang", *, tied: bool = False) -> None:
        self.folder = Folder(folder.resolve())
        self.secrets = Secrets(self.folder.secrets)
        self._tied = tied
        self._supervision = Supervision(self.folder)
        recorded = self.folder.run / "ports.json"
        # A running stack stays on the ports it was started on, whatever this caller's variables say.
        known = recorded.exists() and self.is_running()
        self.ports = Ports.model_validate_json(recorded.read_text(encoding="utf-8")) if known else ports
        self.assembly = Assembly(self.folder, self.ports, self.secrets, province)

    def is_running(self) -> bool:
        """Whether its Supervisor answers."""
        return self._supervision.is_alive()

    def begin(self) -> None:
        """Check the ports, write the configuration, start Supervisor; no part runs yet. Nothing where it runs already.

        Raises `PortsBusyError` before anything was started.
        """
        if self.is_running():
            return
        self._supervision.end()
        self.ports.demand_free(self.assembly.parts())
        self.assembly.write()
        write_private(self.folder.run / "ports.json", self.ports.model_dump_json())
        self._supervision.begin(self.assembly.programs(), tied=self._tied)

    def start_kafka(self) -> list[str]:
        """Start the broker and bring its topics in line with the register; answers what was changed."""
        properties = self.folder.run / "server.properties"
        kafka.prepare(self.folder.kafka, properties, self.ports.kafka, self.ports.kafka_controller)
        self.start("kafka")
        self._until("kafka", lambda: is_open(self.ports.kafka))
        register = topics.load()
        return topics.ensure(self.bootstrap, register.topics(self.assembly.province, self.assembly.place.bodies))

    def start_mongodb(self) -> None:
        """Start mongod and make the replica set and the users."""
        self.start("mongod")
        self._until("mongod", lambda: is_open(self.ports.mongo))
        mongodb.prepare(self.secrets, self.ports.mongo)

    def start_services(self) -> None:
        """Start the four services, the webhook receiver and, where it is installed, Prometheus, until all are ready."""
        optional = [PROMETHEUS] if prometheus_path() else []
        self.start(*SERVICES, SENT, *optional)
        for name in (*SERVICES, SENT):
            # One that falls in its first seconds is broken: say so instead of waiting for it.
            self._until(name, partial(self.is_ready, name), seconds=60, failed=("FATAL", "BACKOFF"))

    def up(self, say: Say = lambda _: None) -> None:
        """Start everything, step by step, and issue a key for each commune of the demonstration."""
        self.begin()
        with ThreadPoolExecutor(max_workers=2) as pool:
            broker = pool.submit(_timed, "Kafka 4.3 và các topic", self.start_kafka, say)
            database = pool.submit(_timed, "MongoDB và người dùng (chỉ để thử)", self.start_mongodb, say)
            broker.result()
            database.result()
        _timed("Bốn dịch vụ", self.start_services, say)
        _timed("Khóa của các xã", self.issue_keys, say)

    def issue_keys(self) -> None:
        """Issue a key for each commune of the demonstration that has none yet."""
        asyncio.run(commune_keys.issue(self.assembly.mongo_url("intake"), self.folder.secrets))

    def learn(self) -> None:
        """Let Kafka's next start be quicker: prepared beside the running stack, once a machine."""
        if not kafka.CACHE.exists():
            self.start(LEARNING)

    def down(self) -> None:
        """Stop everything; no process and no port is left, the data stays."""
        running = [name for name, state in self._supervision.states().items() if state != "STOPPED"]
        try:
            # Services first: they still hand over what they hold.
            self._supervision.stop(*(name for name in running if name not in STORES))
            self._supervision.stop(*(name for name in running if name in STORES))
        finally:
            self._supervision.end()

    def forget(self) -> None:
        """Stop everything and remove the folder with its data, logs and secrets."""
        self.down()
        shutil.rmtree(self.folder.path, ignore_errors=True)
        if not self.folder.socket.is_relative_to(self.folder.path):
            shutil.rmtree(self.folder.socket.parent, ignore_errors=True)

    def start(self, *programs: str) -> None:
        """Start programs by name; comes back before they are ready."""
        self._supervision.start(*programs)

    def stop(self, *programs: str) -> None:
        """Stop programs by name until they have gone; they stay stopped until `start`."""
        self._supervision.stop(*programs)

    def signal(self, program: str, number: signal.Signals) -> None:
        """Send a signal to a program; one that dies of it is started again."""
        self._supervision.signal(program, number)

    def pid(self, program: str) -> int:
        """The program's process id, 0 while it does not run."""
        return self._supervision.pid(program)

    def is_ready(self, program: str) -> bool:
        """Whether a program that serves HTTP says that it is ready."""
        try:
            return httpx.get(f"{self.ports.url(program)}/health/ready", timeout=5).is_success
        except httpx.HTTPError:
            return False

    def wait_ready(self, *programs: str, seconds: float = 120) -> None:
        """Wait until these programs say that they are ready."""
        for name in programs:
            self._until(name, partial(self.is_ready, name), seconds)

    @property
    def bootstrap(self) -> str:
        """Kafka's address."""
        return f"{HOST}:{self.ports.kafka}"

    @property
    def operator_url(self) -> str:
        """MongoDB's address for the operator, password included."""
        return self.assembly.mongo_url(mongodb.OPERATOR)

    @property
    def root_url(self) -> str:
        """MongoDB's address for the user who may do everything, password included."""
        return self.assembly.mongo_url(mongodb.ROOT_USER)

    def resident(self) -> int:
        """Bytes of memory held by all processes of the stack."""
        return self._supervision.resident()

    def states(self) -> dict[str, str]:
        """Each program's state; empty while nothing runs."""
        return self._supervision.states()

    def status(self) -> dict[str, Any]:
        """What `langnghe status --json` prints."""
        services = {name: {"url": self.ports.url(name), "ready": self.is_ready(name)} for name in SERVICES}
        officers = people.keys(list(self.assembly.place.bodies), self.secrets) if self.folder.secrets.exists() else {}
        return {
            **services,
            "kafka": {"bootstrap": self.bootstrap, "prefix": self.assembly.province},
            "mongodb": {"url": self.operator_url if self.folder.secrets.exists() else None},
            "sent": self.ports.url(SENT),
            "data": str(self.folder.path),
            "logs": str(self.folder.logs),
            "keys": {"communes": commune_keys.known(self.folder.secrets), "officers": officers},
        }

    def _until(
        self, program: str, condition: Callable[[], bool], seconds: float = 30, failed: tuple[str, ...] = ("FATAL",)
    ) -> None:
        log = self.folder.logs / f"{program}.log"

        def there() -> bool:
            if self.states().get(program) in failed:
                raise NotReadyError(f"{program} không chạy được (does not start); xem {log}:\n{_tail(log)}")
            return condition()

        until(there, f"{program} (xem {log})", seconds, every=0.1)


def _timed(name: str, step: Callable[[], object], say: Say) -> None:
    began = time.monotonic()
    step()
    seconds = f"{time.monotonic() - began:.1f}".replace(".", ",")
    say(f"{name} · {seconds} giây")


def _tail(log: Path, lines: int = 15) -> str:
    return "\n".join(log.read_text(encoding="utf-8", errors="replace").splitlines()[-lines:]) if log.exists() else ""
