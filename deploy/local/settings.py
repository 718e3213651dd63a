"""What may be set about the local stack, by `LANGNGHE_LOCAL_…` variables."""

from pathlib import Path

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

from deploy.local.folder import ROOT
from deploy.local.ports import Ports
from deploy.local.stack import Stack


class LocalSettings(BaseSettings):
    """Where the stack keeps its data, and which province it plays. The ports are in `Ports`."""

    model_config = SettingsConfigDict(frozen=True, extra="ignore")

    folder: Path = Field(ROOT / ".local", validation_alias="LANGNGHE_LOCAL_DIR")
    province: str = Field("angiang", validation_alias="LANGNGHE_PROVINCE")


def stack_of_this_checkout() -> Stack:
    """The stack that `make up` starts and the other commands speak of."""
    settings = LocalSettings()
    return Stack(settings.folder, Ports(), settings.province)
