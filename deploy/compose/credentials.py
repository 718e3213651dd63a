"""Draws the server's passwords and keys into files: `python3 -m deploy.compose.credentials`. Needs Python alone."""

import argparse
import base64
import secrets
import shutil
import sys
from pathlib import Path

PROVINCES = Path(__file__).parents[1] / "provinces"
REPLICA_SET = "langnghe"
OWNERS = ("intake", "escalation", "notification")
"""The services that own a database, each with its user."""
PASSWORDS = ("mongo_root_password", "seal_key", "grafana_admin_password")
PEOPLE = ("roster.yaml", "channels.yaml")
"""Who is on duty and how they are reached: it begins as the province's example, the operator writes the rest."""


def draw(folder: Path, members: list[str], province: Path) -> list[str]:
    """Write every file that is not there yet, and answer their names; what is there stays as it is.

    A file can be read by anybody who reaches it, since a container's user has another number than the operator's; the
    folder lets nobody but its owner in.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    folder.chmod(0o700)
    drawn = {name: content for name, content in _contents(members).items() if not (folder / name).exists()}
    for name, content in drawn.items():
        _write(folder / name, content)
    copied = [name for name in PEOPLE if not (folder / name).exists()]
    for name in copied:
        shutil.copyfile(province / name, folder / name)
        (folder / name).chmod(0o444)
    return [*drawn, *copied]


def _contents(members: list[str]) -> dict[str, str]:
    urls = {f"{service}_mongo_url": _mongo_url(service, members) for service in OWNERS}
    keyfile = base64.b64encode(secrets.token_bytes(512)).decode()
    passwords = {
        name: secrets.token_urlsafe(32) for name in ("mongo_root_password", "seal_key", "grafana_admin_password")
    }
    return {"mongo_keyfile": keyfile, **passwords, **urls}


def _mongo_url(service: str, members: list[str]) -> str:
    password = secrets.token_urlsafe(32)
    return f"mongodb://{service}:{password}@{','.join(members)}/?replicaSet={REPLICA_SET}&authSource=admin"


def _write(path: Path, content: str) -> None:
    # No line break at the end: some readers of secrets would take it for a part of the password.
    path.write_text(content, encoding="ascii")
    path.chmod(0o444)


def main(arguments: list[str]) -> int:
    """Draw them and say which."""
    parser = argparse.ArgumentParser(description="Tạo mật khẩu và khóa cho máy chủ (draws passwords and keys).")
    parser.add_argument("folder", nargs="?", type=Path, default=Path("secrets"), help="thư mục, mặc định ./secrets")
    parser.add_argument("--province", default="angiang", help="thư mục trong deploy/provinces/")
    parser.add_argument("--ha", action="store_true", help="ba mongod thay vì một (three members)")
    given = parser.parse_args(arguments)
    members = [f"mongodb-{number}:27017" for number in (1, 2, 3)[: 3 if given.ha else 1]]
    for name in draw(given.folder, members, PROVINCES / given.province):
        print(given.folder / name)
    print("Sửa roster.yaml và channels.yaml theo lịch trực thật; cất thư mục này ở nơi an toàn (keep a safe copy).")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
