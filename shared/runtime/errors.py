"""Failures have types: the type says whether trying again can help."""

import traceback
from pathlib import Path

from aiokafka.errors import KafkaError
from pydantic import ValidationError
from pymongo.errors import (
    AutoReconnect,
    ConnectionFailure,
    ExecutionTimeout,
    PyMongoError,
    WriteConcernError,
)


class TransientError(Exception):
    """The database or the broker is away. Back off and try again; nothing is wrong with the record."""


class PoisonError(Exception):
    """This record can never work. It goes to the dead letters, and the next one is taken."""

    def __init__(self, reason: str, detail: str) -> None:
        """`reason` is a short word for counting; `detail` is for the operator and holds no text of a report."""
        super().__init__(f"{reason}: {detail}")
        self.reason = reason


TRANSIENT: tuple[type[Exception], ...] = (
    TransientError,
    AutoReconnect,
    ConnectionFailure,
    ExecutionTimeout,
    WriteConcernError,
    # Every error of the bus is the bus's: a record that it refuses for its size is refused before it is sent.
    KafkaError,
)


def is_transient(error: BaseException) -> bool:
    """Whether trying the same again later can succeed."""
    if isinstance(error, PyMongoError) and (error.has_error_label("RetryableWriteError") or error.timeout):
        return True
    return isinstance(error, TRANSIENT)


def describe(error: BaseException) -> str:
    """The error without what was being processed: pydantic and the driver quote it, and it may be a report."""
    if isinstance(error, ValidationError):
        first = error.errors(include_input=False, include_url=False, include_context=False)[0]
        return f"{'.'.join(map(str, first['loc']))}: {first['msg']}"
    return type(error).__name__


def origin(error: BaseException) -> str:
    """Where it was raised, as `cases.py:88`: a traceback would end with the error's own words."""
    frames = traceback.extract_tb(error.__traceback__)
    return f"{Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else "unknown"
