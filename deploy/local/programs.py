"""One program of the stack, and the configuration by which Supervisor runs it."""

import configparser
import io
import shlex
from collections.abc import Iterable
from dataclasses import dataclass, field

from deploy.local.folder import ROOT, Folder


@dataclass(frozen=True)
class Program:
    """One process: `once` is one that ends by itself and is not started again."""

    name: str
    command: list[str]
    environment: dict[str, str] = field(default_factory=dict)
    once: bool = False


def configuration(folder: Folder, programs: Iterable[Program]) -> str:
    """Supervisor's configuration. It holds secrets, in the programs' environments."""
    config = configparser.RawConfigParser()
    config["unix_http_server"] = {"file": str(folder.socket), "chmod": "0600"}
    config["supervisord"] = {
        "logfile": _escaped(str(folder.logs / "supervisord.log")),
        "pidfile": _escaped(str(folder.run / "supervisord.pid")),
        "directory": _escaped(str(ROOT)),
        "umask": "077",
        "nocleanup": "true",
    }
    factory = "supervisor.rpcinterface:make_main_rpcinterface"
    config["rpcinterface:supervisor"] = {"supervisor.rpcinterface_factory": factory}
    for program in programs:
        config[f"program:{program.name}"] = _section(folder, program)
    text = io.StringIO()
    config.write(text)
    return text.getvalue()


def _section(folder: Folder, program: Program) -> dict[str, str]:
    environment = ",".join(f'{name}="{value}"' for name, value in program.environment.items())
    return {
        "command": _escaped(shlex.join(program.command)),
        "environment": _escaped(environment),
        "directory": _escaped(str(ROOT)),
        "autostart": "false",
        "autorestart": "false" if program.once else "true",
        "startsecs": "0" if program.once else "3",
        "startretries": "20",
        "stopwaitsecs": "20",
        "stopasgroup": "true",
        "killasgroup": "true",
        "redirect_stderr": "true",
        "stdout_logfile": _escaped(str(folder.logs / f"{program.name}.log")),
        "stdout_logfile_maxbytes": "10MB",
        "stdout_logfile_backups": "2",
    }


def _escaped(value: str) -> str:
    return value.replace("%", "%%")
