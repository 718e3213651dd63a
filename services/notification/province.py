"""What notification needs to know of its province: the bodies, the communes' names, the local time."""

import csv
from dataclasses import dataclass
from pathlib import Path
from typing import Self
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from services.notification.rows import ConfigurationError, Rows


@dataclass(frozen=True)
class Province:
    """`bodies`: slug to name. `communes`: five-digit code to the name as it stands inside a sentence."""

    bodies: dict[str, str]
    communes: dict[str, str]
    zone: ZoneInfo

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Read the province's folder. Raises `ConfigurationError` naming file and row."""
        return cls(_bodies(folder / "bodies.yaml"), _communes(folder / "communes.csv"), _zone(folder / "province.yaml"))


def _bodies(path: Path) -> dict[str, str]:
    rows = Rows.read(path)
    try:
        return {body: facts["name"] for body, facts in rows.content["bodies"].items()}
    except (KeyError, TypeError, AttributeError):
        raise ConfigurationError(rows.fault(["bodies"], "mỗi cơ quan phải có 'name'; hãy thêm vào")) from None


def _zone(path: Path) -> ZoneInfo:
    rows = Rows.read(path)
    try:
        return ZoneInfo(rows.content["timezone"])
    except (KeyError, TypeError, ValueError, ZoneInfoNotFoundError):
        what = "phải là một múi giờ như Asia/Ho_Chi_Minh; hãy sửa lại"
        raise ConfigurationError(rows.fault(["timezone"], what)) from None


def _communes(path: Path) -> dict[str, str]:
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            return {row["code"]: row["name"][:1].lower() + row["name"][1:] for row in csv.DictReader(file)}
    except FileNotFoundError:
        raise ConfigurationError(f"{path}: không thấy tệp; hãy thêm danh sách xã, phường, đặc khu") from None
    except (KeyError, TypeError):
        raise ConfigurationError(f"{path.name}, hàng 1: phải có các cột code,name,type; hãy thêm vào") from None
