"""Supervisor: starts the stack's programs, starts again what falls, stops them all."""

import contextlib
import ctypes
import os
import signal
import subprocess
import sys
from collections.abc import Iterable, Iterator
from typing import Any
from xmlrpc.client import Fault, ServerProxy

import psutil
from supervisor.states import STOPPED_STATES
from supervisor.xmlrpc import Faults, SupervisorTransport

from deploy.local.folder import ROOT, Folder
from deploy.local.programs import Program, configuration
from deploy.local.secrets import write_private
from deploy.local.waiting import NotReadyError, until

MARK = "LANGNGHE_STACK"
"""Every process of a stack carries its folder in this variable: what outlives Supervisor is found by it."""

DIE_WITH_PARENT = 1  # prctl's PR_SET_PDEATHSIG


class Supervision:
    """Supervisor with the programs of one stack."""

    def __init__(self, folder: Folder) -> None:
        self._folder = folder
        self._child: subprocess.Popen[bytes] | None = None

    def begin(self, programs: Iterable[Program], *, tied: bool = False) -> None:
        """Start Supervisor with nothing running yet; `tied`: it ends when this process does, however that ends."""
        self._folder.socket.parent.mkdir(mode=0o700, exist_ok=True)
        path = self._folder.run / "supervisord.conf"
        write_private(path, configuration(self._folder, programs))
        command = [sys.executable, "-m", "supervisor.supervisord", "-c", str(path)]
        if tied:
            self._child = subprocess.Popen(
                [*command, "--nodaemon"],
                env=self._environment(),
                cwd=ROOT,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                preexec_fn=_die_with_parent,
            )
        else:
            subprocess.run(command, env=self._environment(), cwd=ROOT, check=True, capture_output=True)
        until(self.is_alive, f"Supervisor ({self._folder.logs}/supervisord.log)", seconds=15)

    def is_alive(self) -> bool:
        """Whether this stack's Supervisor answers."""
        try:
            with self._server() as server:
                return bool(server.supervisor.getState())
        except OSError:
            return False

    def states(self) -> dict[str, str]:
        """Each program's state in Supervisor's words; empty when Supervisor does not run."""
        try:
            with self._server() as server:
                return {info["name"]: info["statename"] for info in server.supervisor.getAllProcessInfo()}
        except OSError:
            return {}

    def start(self, *names: str) -> None:
        """Start programs; one that runs is left alone. Comes back before they are ready."""
        with self._server() as server:
            for name in names:
                with _forgiven(Faults.ALREADY_STARTED):
                    server.supervisor.startProcess(name, False)

    def stop(self, *names: str) -> None:
        """Stop programs all together, and come back when they have gone."""
        with self._server() as server:
            for name in names:
                with _forgiven(Faults.NOT_RUNNING):
                    server.supervisor.stopProcess(name, False)
            until(lambda: self._all_stopped(server, names), f"dừng {', '.join(names)}", seconds=60)

    def signal(self, name: str, number: signal.Signals) -> None:
        """Send a signal to a program: `SIGKILL` it, freeze it with `SIGSTOP`."""
        with self._server() as server:
            server.supervisor.signalProcess(name, str(int(number)))

    def pid(self, name: str) -> int:
        """The program's process id; 0 while it does not run."""
        with self._server() as server:
            info = server.supervisor.getProcessInfo(name)
        return int(info["pid"]) if isinstance(info, dict) else 0

    def end(self) -> None:
        """End Supervisor and whatever of this stack is still there."""
        if self.is_alive():
            with self._server() as server, contextlib.suppress(OSError):
                server.supervisor.shutdown()
            with contextlib.suppress(NotReadyError):
                until(lambda: not self._processes(), "dừng Supervisor", seconds=60)
        self._end_rest()
        if self._child is not None:
            self._child.wait(timeout=30)

    def resident(self) -> int:
        """Bytes of memory that all processes of the stack hold, pages shared by two counted once each."""
        return sum(_proportional(process) for process in self._processes())

    def _environment(self) -> dict[str, str]:
        # A caller's own LANGNGHE_… must not reach the services: what they get is written in the configuration.
        # Python's compiled files are wanted: without them each start takes seconds longer.
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("LANGNGHE_", "PYTHON"))}
        return {**kept, MARK: str(self._folder.path), "PYTHONUNBUFFERED": "1", "MALLOC_ARENA_MAX": "2"}

    def _server(self) -> Any:
        transport: Any = SupervisorTransport(None, None, f"unix://{self._folder.socket}")  # type: ignore[no-untyped-call]
        return ServerProxy("http://localhost", transport=transport)

    def _all_stopped(self, server: Any, names: Iterable[str]) -> bool:
        return all(server.supervisor.getProcessInfo(name)["state"] in STOPPED_STATES for name in names)

    def _processes(self) -> list[psutil.Process]:
        return [process for process in psutil.process_iter() if _mark_of(process) == str(self._folder.path)]

    def _end_rest(self) -> None:
        for ask in (psutil.Process.terminate, psutil.Process.kill):
            rest = self._processes()
            for process in rest:
                with contextlib.suppress(psutil.NoSuchProcess):
                    ask(process)
            psutil.wait_procs(rest, timeout=10)


def _mark_of(process: psutil.Process) -> str | None:
    try:
        return str(process.environ().get(MARK))
    except psutil.Error:
        return None


def _proportional(process: psutil.Process) -> int:
    try:
        return int(process.memory_full_info().pss)
    except psutil.Error:
        return 0


@contextlib.contextmanager
def _forgiven(code: int) -> Iterator[None]:
    try:
        yield
    except Fault as fault:
        if fault.faultCode != code:
            raise


def _die_with_parent() -> None:
    ctypes.CDLL(None).prctl(DIE_WITH_PARENT, signal.SIGTERM)
