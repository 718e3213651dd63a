"""What several services read of the province's folder: its name, time, public numbers, bodies and places."""

import csv
import io
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Self
from zoneinfo import ZoneInfo

from pydantic import BaseModel, Field

from shared.contracts.vocabulary import Body
from shared.runtime.configuration import ConfigurationError, ConfigurationFile, Row, read_text

Name = Annotated[str, Field(min_length=2)]
Table = list[dict[str, str]]
"""The rows of a CSV file by the names of its columns."""


class Hotline(Row):
    """A public number: an emergency call, a switchboard. Never anyone's own."""

    number: str
    name: str


class _ProvinceFile(Row):
    name: Name
    timezone: ZoneInfo
    hotlines: tuple[Hotline, ...] = ()


class _Named(BaseModel):
    """Of a body only its name: what else stands there is escalation's to read, and to refuse."""

    name: Name


class _BodiesFile(BaseModel):
    bodies: Annotated[dict[Body, _Named], Field(min_length=1)]


@dataclass(frozen=True, slots=True)
class Province:
    """`numbers` are the hotlines', which pass masking; `bodies` slug to name; `communes` five-digit code to name.

    `place_names` are all names of communes, new and old, and those of the old districts: nobody's name to masking.
    """

    name: str
    zone: ZoneInfo
    numbers: frozenset[str]
    bodies: dict[str, str]
    communes: dict[str, str]
    place_names: frozenset[str]

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Read a province's folder. Raises `ConfigurationError` that names file, row and remedy."""
        zone = {"zoneinfo_str": "phải là một múi giờ như Asia/Ho_Chi_Minh; hãy sửa lại"}
        province = ConfigurationFile.read(folder / "province.yaml").parse(_ProvinceFile, remedies=zone)
        communes, old_units = place_tables(folder)
        old_names = {unit[column] for unit in old_units for column in ("old_unit", "old_district")}
        names = {commune["code"]: commune["name"] for commune in communes}
        return cls(
            name=province.name,
            zone=province.timezone,
            numbers=frozenset(hotline.number for hotline in province.hotlines),
            bodies=bodies(folder),
            communes=names,
            place_names=frozenset({*names.values(), *old_names}),
        )


def bodies(folder: Path) -> dict[str, str]:
    """The names of a province's bodies by slug, from `bodies.yaml`. Raises `ConfigurationError`."""
    file = ConfigurationFile.read(folder / "bodies.yaml").parse(_BodiesFile)
    return {slug: body.name for slug, body in file.bodies.items()}


def place_tables(folder: Path) -> tuple[Table, Table]:
    """The rows of `communes.csv` and of `old_to_new.csv`. Raises `ConfigurationError`."""
    communes = _table(folder / "communes.csv", ("code", "name", "type"))
    return communes, _table(folder / "old_to_new.csv", ("old_district", "old_unit", "new_code"))


def _table(path: Path, columns: tuple[str, ...]) -> Table:
    reader = csv.DictReader(io.StringIO(read_text(path), newline=""))
    if missing := [column for column in columns if column not in (reader.fieldnames or ())]:
        raise ConfigurationError(f"{path.name}, hàng 1: thiếu cột {', '.join(missing)}; hãy thêm vào")
    rows = []
    for row in reader:
        if empty := [column for column in columns if not row[column]]:
            raise ConfigurationError(f"{path.name}, hàng {reader.line_num}: để trống {', '.join(empty)}; hãy điền vào")
        rows.append({column: row[column] for column in columns})
    return rows
