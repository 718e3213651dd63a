"""Brings a server's MongoDB in line: its replica set, its root user, and one user for each service."""

import time
from collections.abc import Callable, Mapping
from typing import Any

from pymongo import MongoClient
from pymongo.errors import OperationFailure, PyMongoError
from pymongo.uri_parser import parse_uri

REPLICA_SET = "langnghe"
ROOT = "root"
UNAUTHORIZED = 13
ALREADY_THERE = 51003
PATIENCE = 120.0
"""Seconds to wait for a mongod that answers, and then for a primary."""

Client = MongoClient[dict[str, Any]]


class DatabaseError(Exception):
    """MongoDB is not as it must be; the message says what to do."""


def prepare(host: str, port: int, members: list[str], root_password: str, urls: Mapping[str, str]) -> list[str]:
    """Make what is missing and answer one line for each change of the set; users are set to their passwords every time.

    `urls` is the address that each service was given, by the service; it may read and write the database of its name.
    Must run on the first member's own machine: until there is a user, mongod takes orders from nobody else.
    """
    with Client(host, port, directConnection=True, serverSelectionTimeoutMS=2_000) as client:
        _until(lambda: _answers(client), f"mongod {host}:{port}")
        changes = _initiate(client, members)
        _until(lambda: client.admin.command("hello")["isWritablePrimary"], f"{host}:{port} làm máy chính (primary)")
        changes += _make_root(client, root_password)
    credentials: dict[str, Any] = {"username": ROOT, "password": root_password, "authSource": "admin"}
    with Client(host, port, directConnection=True, **credentials) as client:
        for service, url in urls.items():
            _set_user(client, service, url)
    return changes


def _answers(client: Client) -> bool:
    try:
        return bool(client.admin.command("hello")["ok"])
    except PyMongoError:
        return False


def _initiate(client: Client, members: list[str]) -> list[str]:
    if client.admin.command("hello").get("setName"):
        return []
    # The first member is the one that this job talks to: it is preferred as primary.
    entries = [{"_id": at, "host": host, "priority": 2 if at == 0 else 1} for at, host in enumerate(members)]
    _until(lambda: _initiated(client, entries), f"các máy {', '.join(members)} (all members)")
    return [f"replica set {REPLICA_SET}: {', '.join(members)}"]


def _initiated(client: Client, entries: list[dict[str, Any]]) -> bool:
    try:
        client.admin.command("replSetInitiate", {"_id": REPLICA_SET, "members": entries})
    except OperationFailure as error:
        if error.code in (UNAUTHORIZED, 93):  # a configuration that can never be taken
            raise
        return False
    return True


def _make_root(client: Client, password: str) -> list[str]:
    try:
        client.admin.command("createUser", ROOT, pwd=password, roles=["root"])
    except OperationFailure as error:
        # Unauthorised here means that a user exists: this was done at an earlier start.
        if error.code not in (UNAUTHORIZED, ALREADY_THERE):
            raise
        return []
    return [f"user {ROOT}"]


def _set_user(client: Client, service: str, url: str) -> None:
    given = parse_uri(url)
    if given["username"] != service:
        raise DatabaseError(f"{service}_mongo_url: tên người dùng phải là {service} (the user must be named so)")
    rights = {"pwd": given["password"], "roles": [{"role": "readWrite", "db": service}]}
    try:
        client.admin.command("createUser", service, **rights)
    except OperationFailure as error:
        if error.code != ALREADY_THERE:
            raise
        client.admin.command("updateUser", service, **rights)


def _until(condition: Callable[[], bool], what: str) -> None:
    until = time.monotonic() + PATIENCE
    while not condition():
        if time.monotonic() > until:
            raise DatabaseError(f"chờ quá {PATIENCE:.0f} giây: {what} (not there in time); xem nhật ký của mongodb-1")
        time.sleep(0.2)
