"""Every setting of a service, from the environment (`LANGNGHE_…`) or from a file in `/run/secrets`."""

from enum import StrEnum
from functools import cached_property
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, SecretStr, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

SECRETS = Path("/run/secrets")


class Role(StrEnum):
    """What a process does: serve HTTP, consume events, or both."""

    HTTP = "http"
    EVENTS = "events"


class Settings(BaseSettings):
    """The settings that the four services share. A secret may stand in a file of its variable's lower-case name."""

    model_config = SettingsConfigDict(
        env_prefix="LANGNGHE_", secrets_dir=SECRETS if SECRETS.is_dir() else None, extra="ignore", frozen=True
    )

    env: Literal["local", "server"] = Field("server", description="`local` allows seeded officers; `server` does not.")
    province: str = Field("angiang", description="The folder under `deploy/provinces/` and the prefix of every topic.")
    provinces_dir: Path = Field(
        Path(__file__).parents[2] / "deploy" / "provinces", description="Where the provinces' folders are."
    )
    roles: Annotated[frozenset[Role], NoDecode] = Field(
        frozenset(Role), description="`http`, `events` or both, separated by a comma."
    )
    http_host: str = Field("127.0.0.1", description="The address to listen on.")
    http_port: int = Field(8080, description="The port to listen on.")
    log_level: str = Field("info", description="`debug`, `info`, `warning` or `error`.")
    kafka_bootstrap: str = Field("127.0.0.1:9092", description="Brokers, separated by commas.")
    mongo_url: SecretStr = Field(
        SecretStr("mongodb://127.0.0.1:27017/?replicaSet=langnghe"), description="MongoDB's address with its user."
    )
    public_url: str = Field("http://127.0.0.1:8083", description="The console's address, for links in messages.")
    seal_key: SecretStr = Field(
        SecretStr(""), description="At least 32 characters: hides which case a sealed notice stands for."
    )
    officers_file: Path | None = Field(None, description="Seeded officers with hashed keys; only where env is local.")
    roster_file: Path | None = Field(None, description="Instead of the province's `roster.yaml`.")
    channels_file: Path | None = Field(None, description="Instead of the province's `channels.yaml`.")
    reports_per_minute: int = Field(6000, ge=1, description="How many reports one key may send a minute.")

    @field_validator("roles", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        return frozenset(value.split(",")) if isinstance(value, str) else value

    @cached_property
    def province_dir(self) -> Path:
        """The province's configuration."""
        return self.provinces_dir / self.province
