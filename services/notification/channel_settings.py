"""`channels.yaml`: which ways of reaching people a province has, and how each is called."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import quote

from apprise import Apprise, AppriseAsset
from pydantic import Field, HttpUrl, field_validator

from shared.runtime.configuration import ConfigurationFile, Row


def plugin_for(url: str, to: str) -> Any | None:
    """The Apprise plugin that reaches `to`, or nothing where Apprise does not know the address."""
    # Its name goes into HTTP headers, which take no diacritics.
    asset = AppriseAsset(app_id="LangNghe", app_desc="LangNghe", app_url="", async_mode=False)
    return Apprise.instantiate(url.replace("{to}", quote(to, safe="")), asset=asset)


_REMEDIES = {
    "union_tag_not_found": "thiếu trường 'type'; hãy ghi webhook, file hoặc apprise",
    "union_tag_invalid": "không có loại kênh này; 'type' chỉ nhận webhook, file hoặc apprise, hãy sửa lại",
}

HeaderValue = Annotated[str, Field(pattern=r"^[\x20-\x7e]*$")]


class WebhookSettings(Row):
    """A gateway (SMS, Zalo, voice) that takes JSON. `proxy` is named here, never taken from the environment."""

    type: Literal["webhook"]
    url: HttpUrl
    headers: dict[str, HeaderValue] = Field(default_factory=dict)
    proxy: Annotated[str, Field(pattern=r"^[a-z0-9]+://")] | None = None


class FileSettings(Row):
    """A file that gets one JSON object a line."""

    type: Literal["file"]
    path: Path


class AppriseSettings(Row):
    """An Apprise address; `{to}` in it stands for the contact."""

    type: Literal["apprise"]
    url: str

    @field_validator("url")
    @classmethod
    def _is_known(cls, url: str) -> str:
        if "{to}" not in url or plugin_for(url, "example") is None:
            raise ValueError("phải là địa chỉ Apprise có {to}, ví dụ mailtos://truc:mat-khau@smtp.example.vn?to={to}")
        return url


ChannelSettings = Annotated[WebhookSettings | FileSettings | AppriseSettings, Field(discriminator="type")]


class ChannelsFile(Row):
    """`channels.yaml`"""

    channels: Annotated[dict[str, ChannelSettings], Field(min_length=1)]


def load(path: Path) -> Mapping[str, ChannelSettings]:
    """The channels by name. Raises `ConfigurationError` naming file and row."""
    return ConfigurationFile.read(path).parse(ChannelsFile, remedies=_REMEDIES).channels
