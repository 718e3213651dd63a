"""Failures have types: the type says whether trying again can help."""

import traceback
from pathlib import Path

from aiokafka.errors import KafkaError
from pydantic import ValidationError
from pymongo.errors import (
    AutoReconnect,
    BulkWriteError,
    ConnectionFailure,
    CursorNotFound,
    ExecutionTimeout,
    OperationFailure,
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
    CursorNotFound,
    ExecutionTimeout,
    WriteConcernError,
    # Every error of the bus is the bus's: a record that it refuses for its size is refused before it is sent.
    KafkaError,
)


TRANSIENT_CODES = frozenset(
    {
        *(6, 7, 89, 202, 9001),  # a host or the network is away
        *(91, 189, 10058, 10107, 11600, 11602, 13435, 13436),  # shut down, stepped down, not the primary
        *(24, 46, 50, 112, 175, 237, 262, 365, 462, 11601),  # locked, in conflict, interrupted, overloaded
        *(64, 133, 134, 211),  # the majority, or its keys, are not there yet
        *(13, 18, 391),  # whoever we are cannot be known just now: no fault of what is written
        14031,  # the disk is full
    }
)
"""What the server answers when the fault is its own: https://www.mongodb.com/docs/manual/reference/error-codes/."""


def is_transient(error: BaseException) -> bool:
    """Whether trying the same again later can succeed."""
    if isinstance(error, PyMongoError) and (error.has_error_label("RetryableWriteError") or error.timeout):
        return True
    if isinstance(error, BulkWriteError):
        failures = error.details.get("writeErrors", [])
        unsure = bool(error.details.get("writeConcernErrors"))
        return unsure or any(failure.get("code") in TRANSIENT_CODES for failure in failures)
    if isinstance(error, OperationFailure) and error.code in TRANSIENT_CODES:
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
