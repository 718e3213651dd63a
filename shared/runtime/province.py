"""What every service reads of the province's configuration: its time zone and the numbers that may stand in texts."""

from pathlib import Path
from zoneinfo import ZoneInfo

import yaml
from pydantic import BaseModel, ConfigDict, ValidationError

from shared.runtime.errors import describe


class Hotline(BaseModel):
    """A public number: an emergency call, a switchboard. Never anyone's own."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    number: str
    name: str


class Province(BaseModel):
    """`province.yaml`"""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str
    timezone: str
    hotlines: tuple[Hotline, ...] = ()

    @property
    def zone(self) -> ZoneInfo:
        """Where its clocks are."""
        return ZoneInfo(self.timezone)

    @property
    def numbers(self) -> frozenset[str]:
        """The hotlines' numbers, which pass masking."""
        return frozenset(hotline.number for hotline in self.hotlines)


class ProvinceError(ValueError):
    """A configuration file that cannot be used; says which file and which entry."""


def load(folder: Path) -> Province:
    """Read `province.yaml` of the province's folder. Raises `ProvinceError`."""
    path = folder / "province.yaml"
    try:
        return Province.model_validate(yaml.safe_load(path.read_text("utf-8")))
    except (OSError, yaml.YAMLError) as error:
        raise ProvinceError(f"{path}: {error}") from error
    except ValidationError as error:
        raise ProvinceError(f"{path}: {describe(error)}") from error
