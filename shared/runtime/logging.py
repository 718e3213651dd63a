"""JSON log lines with ids, never text, never an address."""

import logging
import sys
import time
from typing import Any

import structlog

CHATTY_SECONDS = 5.0
"""In an outage the Kafka client repeats itself hundreds of times a second: the same line is written once in this."""

QUIET = ("aiokafka", "faststream", "pymongo", "httpx", "httpcore", "apprise")


class OncePerInterval(logging.Filter):
    """Lets the same message of the same logger pass once in `CHATTY_SECONDS`."""

    def __init__(self) -> None:
        super().__init__()
        self._seen: dict[tuple[str, str], float] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        key, now = (record.name, str(record.msg)), time.monotonic()
        if now - self._seen.get(key, -CHATTY_SECONDS) < CHATTY_SECONDS:
            return False
        if len(self._seen) > 1000:
            self._seen.clear()
        self._seen[key] = now
        return True


def configure(service: str, level: str = "info") -> None:
    """Send every log line of the process to standard output as one JSON object."""
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[
                _service(service),
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.format_exc_info,
                structlog.processors.JSONRenderer(ensure_ascii=False),
            ],
        )
    )
    handler.addFilter(OncePerInterval())
    logging.basicConfig(handlers=[handler], level=level.upper(), force=True)
    for name in QUIET:
        logging.getLogger(name).setLevel(logging.WARNING)
    # uvicorn's access log holds addresses; ours are counted in metrics instead.
    logging.getLogger("uvicorn.access").disabled = True


def _service(name: str) -> Any:
    def add(_logger: Any, _method: str, event: dict[str, Any]) -> dict[str, Any]:
        return {"service": name, **event}

    return add
