"""MongoDB on one machine: a replica set of one with users, from the mongod that a Python wheel carries."""

import importlib.util
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote

from pymongo import MongoClient
from pymongo.errors import OperationFailure, PyMongoError

from deploy.local.ports import HOST
from deploy.local.secrets import Secrets
from deploy.local.waiting import until

REPLICA_SET = "langnghe"
ALREADY_THERE = 51003
ROLE_ALREADY_THERE = 51002
ROOT_USER = "root"

OWNERS = {"intake": "intake", "escalation": "escalation", "notification": "notification"}
"""A service to the one database that it may read and write."""

OPERATOR = "operator"
"""Reads everything and mends every database: for `langnghe trace`, a search for what must not be there, and a shell."""

LOOKS_ANYWHERE = {"resource": {"anyResource": True}, "actions": ["find", "listCollections", "listIndexes", "collStats"]}
"""Also the databases of MongoDB itself: its operation log holds copies of every document."""


def mongod() -> Path:
    """The server's program. Raises `FileNotFoundError` that names the remedy where this machine has none."""
    package = importlib.util.find_spec("fiftyone")
    places = list(package.submodule_search_locations or ()) if package else []
    found = next((path for place in places if (path := Path(place) / "db" / "bin" / "mongod").exists()), None)
    if found is None:
        raise FileNotFoundError(
            "Không có mongod cho máy này (Linux x86-64 thì có); hãy dùng docker-compose.yml (none for this machine)"
        )
    return found


def server(data: Path, key: Path, port: int) -> list[str]:
    """The command that serves. The wheel's version is out of support: it listens on loopback, without zlib."""
    return [
        *(str(mongod()), "--dbpath", str(data), "--port", str(port), "--bind_ip", HOST, "--nounixsocket", "--quiet"),
        *("--replSet", REPLICA_SET, "--auth", "--keyFile", str(key), "--networkMessageCompressors", "snappy,zstd"),
        *("--wiredTigerCacheSizeGB", "0.25", "--oplogSize", "256"),
        # Journal files are made as they are needed: ahead of need they take 300 MB of a small disk.
        *("--wiredTigerEngineConfigString", "log=(prealloc=false)"),
        *("--setParameter", "diagnosticDataCollectionEnabled=false"),
        # A slow operation is logged with what it writes, which may be an officer's words: log none.
        *("--slowOpSampleRate", "0"),
        # It is alone: nobody takes over while it waits before it stops.
        *("--setParameter", "shutdownTimeoutMillisForSignaledShutdown=100"),
    ]


def url(user: str, secrets: Secrets, port: int) -> str:
    """The address of the database with this user's password in it."""
    password = quote(secrets.get(f"mongodb_{user}"))
    return f"mongodb://{user}:{password}@{HOST}:{port}/?replicaSet={REPLICA_SET}&authSource=admin"


def prepare(secrets: Secrets, port: int) -> None:
    """Make the replica set and the users, each at the first start only."""
    # Before the first user exists mongod lets a client on this machine make the set and that user, and nothing else.
    with MongoClient[dict[str, Any]](HOST, port, directConnection=True, serverSelectionTimeoutMS=30_000) as client:
        _initiate(client, port)
        until(lambda: client.admin.command("hello").get("isWritablePrimary"), "MongoDB primary")
        _make_user(client, ROOT_USER, secrets, ["root"])
    with MongoClient[dict[str, Any]](url(ROOT_USER, secrets, port)) as client:
        _make_role(client, OPERATOR, [LOOKS_ANYWHERE], ["readWriteAnyDatabase", "clusterMonitor"])
        for user, roles in _roles().items():
            _make_user(client, user, secrets, roles)


def is_ready(secrets: Secrets, port: int) -> bool:
    """Whether the primary answers its operator."""
    address = url(OPERATOR, secrets, port)
    try:
        with MongoClient[dict[str, Any]](address, serverSelectionTimeoutMS=1_000) as client:
            return bool(client.admin.command("hello").get("isWritablePrimary"))
    except PyMongoError:
        return False


def _initiate(client: MongoClient[dict[str, Any]], port: int) -> None:
    if client.admin.command("hello").get("setName"):
        return
    members = [{"_id": 0, "host": f"{HOST}:{port}"}]
    client.admin.command("replSetInitiate", {"_id": REPLICA_SET, "members": members})


def _roles() -> Mapping[str, list[Any]]:
    services = {service: [{"role": "readWrite", "db": database}] for service, database in OWNERS.items()}
    return {**services, OPERATOR: [OPERATOR]}


def _make_role(client: MongoClient[dict[str, Any]], role: str, privileges: list[Any], roles: list[str]) -> None:
    try:
        client.admin.command("createRole", role, privileges=privileges, roles=roles)
    except OperationFailure as error:
        if error.code != ROLE_ALREADY_THERE:
            raise


def _make_user(client: MongoClient[dict[str, Any]], user: str, secrets: Secrets, roles: list[Any]) -> None:
    try:
        client.admin.command("createUser", user, pwd=secrets.get(f"mongodb_{user}"), roles=roles)
    except OperationFailure as error:
        # Unauthorised here means: users exist, so this was done at an earlier start.
        if error.code not in (ALREADY_THERE, 13):
            raise
