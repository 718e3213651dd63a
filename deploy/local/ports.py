"""The ports of the local stack, each with its variable, and whether they are free."""

import contextlib
import socket
from collections.abc import Iterable

from pydantic_settings import BaseSettings, SettingsConfigDict

HOST = "127.0.0.1"


class PortsBusyError(Exception):
    """Another program listens where the stack wants to. The message names each port and its variable."""


class Ports(BaseSettings):
    """A port for each part; the variable of `kafka` is `LANGNGHE_LOCAL_KAFKA_PORT`, and so on."""

    model_config = SettingsConfigDict(
        env_prefix="LANGNGHE_LOCAL_",
        alias_generator=lambda field: f"LANGNGHE_LOCAL_{field.upper()}_PORT",
        populate_by_name=True,
        frozen=True,
        extra="ignore",
    )

    kafka: int = 9092
    kafka_controller: int = 9093
    mongo: int = 27017
    intake: int = 8081
    classification: int = 8082
    escalation: int = 8083
    notification: int = 8084
    sent: int = 8089
    prometheus: int = 9090

    def url(self, part: str) -> str:
        """The address of a part that answers HTTP."""
        return f"http://{HOST}:{getattr(self, part)}"

    def demand_free(self, parts: Iterable[str]) -> None:
        """Raise `PortsBusyError` that names every busy port of these parts and the variable that moves it."""
        busy = [part for part in parts if not is_free(getattr(self, part))]
        if busy:
            lines = [f"  cổng {getattr(self, part)} ({part}): đặt {variable(part)}=<cổng khác>" for part in busy]
            raise PortsBusyError(
                "Cổng đang bận, chưa chạy gì cả (ports are busy, nothing was started):\n" + "\n".join(lines)
            )


def variable(part: str) -> str:
    """The variable that moves the port of a part."""
    return f"LANGNGHE_LOCAL_{part.upper()}_PORT"


def free_ports() -> Ports:
    """Ports that nothing uses now: for a stack beside another one."""
    with contextlib.ExitStack() as held:
        # All are held until the last is chosen, so that no port is chosen twice.
        sockets = {part: held.enter_context(socket.socket()) for part in Ports.model_fields}
        for bound in sockets.values():
            bound.bind((HOST, 0))
        return Ports.model_validate({part: bound.getsockname()[1] for part, bound in sockets.items()})


def is_free(port: int) -> bool:
    """Whether a program could listen on the port of this machine."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
        return True


def is_open(port: int) -> bool:
    """Whether something answers on the port of this machine."""
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex((HOST, port)) == 0
