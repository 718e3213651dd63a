"""Which failures are worth another try: those of the server, never those of the record."""

import pytest
from aiokafka.errors import KafkaConnectionError
from pymongo.errors import (
    AutoReconnect,
    BulkWriteError,
    CursorNotFound,
    DuplicateKeyError,
    NotPrimaryError,
    OperationFailure,
    WriteError,
    WTimeoutError,
)

from shared.runtime.errors import PoisonError, TransientError, is_transient

REFUSED, STEPPED_DOWN = 121, 189


def bulk(*, codes: tuple[int, ...] = (), concerns: tuple[int, ...] = ()) -> BulkWriteError:
    return BulkWriteError(
        {
            "writeErrors": [{"index": index, "code": code} for index, code in enumerate(codes)],
            "writeConcernErrors": [{"code": code} for code in concerns],
        }
    )


@pytest.mark.parametrize(
    "error",
    [
        TransientError("away"),
        KafkaConnectionError(),
        AutoReconnect("gone"),
        NotPrimaryError("stepped down"),
        WTimeoutError("no majority", 64, {}),
        CursorNotFound("after a failover", 43, {}),
        *(OperationFailure("the server's", code) for code in (6, 13, 18, 24, 91, 112, 134, 262, 11601, 14031)),
        bulk(concerns=(STEPPED_DOWN,)),
        bulk(codes=(STEPPED_DOWN,)),
        bulk(codes=(REFUSED,), concerns=(64,)),
    ],
    ids=repr,
)
def test_the_servers_failures_pass(error: Exception) -> None:
    assert is_transient(error)


@pytest.mark.parametrize(
    "error",
    [
        PoisonError("wrong", "always"),
        ValueError("ours"),
        DuplicateKeyError("there", 11000, {}),
        WriteError("refused", REFUSED, {}),
        OperationFailure("bad value", 2, {}),
        bulk(codes=(REFUSED,)),
    ],
    ids=repr,
)
def test_the_records_failures_do_not(error: Exception) -> None:
    assert not is_transient(error)
