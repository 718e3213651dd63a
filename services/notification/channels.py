"""How a message leaves the province: an HTTP gateway, a file, or whatever Apprise knows."""

import asyncio
import json
import logging
import os
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Protocol

import httpx

from services.notification.channel_settings import ChannelSettings, FileSettings, WebhookSettings, plugin_for
from services.notification.messages import Message

CONNECT_TIMEOUT = 3.0
ANSWER_TIMEOUT = 8.0
"""Seconds, together within the sender's ten."""

CONCURRENT = 8
"""Sends under way at a time over one channel."""

TRY_AGAIN_STATUS = frozenset({408, 429})


class RefusedError(Exception):
    """The provider will never take this message. The text is a short word: `http_404`."""


class UnansweredError(Exception):
    """The provider did not take the message this time; the same again later may succeed."""


class Channel(Protocol):
    """One way to reach people."""

    async def send(self, message: Message, to: str, delivery_id: str) -> None:
        """Resolve when the provider has the message. Raises `RefusedError` or `UnansweredError`."""

    async def close(self) -> None:
        """Let go of connections and threads."""


def channel(settings: ChannelSettings) -> Channel:
    """The channel that `settings` describe; it connects when it first sends."""
    if isinstance(settings, WebhookSettings):
        return Webhook(str(settings.url), settings.headers, settings.proxy)
    if isinstance(settings, FileSettings):
        return File(settings.path)
    return ThroughApprise(settings.url)


class Webhook:
    """An HTTP gateway."""

    def __init__(self, url: str, headers: Mapping[str, str], proxy: str | None = None) -> None:
        self._url = url
        timeout = httpx.Timeout(ANSWER_TIMEOUT, connect=CONNECT_TIMEOUT)
        limits = httpx.Limits(max_connections=CONCURRENT * 2)
        self._client = httpx.AsyncClient(headers=headers, timeout=timeout, limits=limits, proxy=proxy, trust_env=False)

    async def send(self, message: Message, to: str, delivery_id: str) -> None:
        """One POST; the gateway tells a repeat by its `Idempotency-Key`."""
        try:
            answer = await self._client.post(
                self._url, json=_body(message, to, delivery_id), headers={"Idempotency-Key": delivery_id}
            )
        except httpx.HTTPError as error:
            raise UnansweredError(type(error).__name__) from None
        if answer.is_success:
            return
        final = answer.is_client_error and answer.status_code not in TRY_AGAIN_STATUS
        raise (RefusedError if final else UnansweredError)(f"http_{answer.status_code}")

    async def close(self) -> None:
        """Close the connections."""
        await self._client.aclose()


class File:
    """A file on this machine, one JSON object a line, on the disk before it counts as sent."""

    def __init__(self, path: Path) -> None:
        self._path = path

    async def send(self, message: Message, to: str, delivery_id: str) -> None:
        """Append one line."""
        line = json.dumps(_body(message, to, delivery_id), ensure_ascii=False) + "\n"
        try:
            await asyncio.to_thread(self._append, line.encode())
        except OSError as error:
            raise UnansweredError(type(error).__name__) from None

    def _append(self, line: bytes) -> None:
        # One write, so that lines of several senders never mix.
        file = os.open(self._path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        try:
            if os.write(file, line) < len(line):
                raise OSError("the disk took only a part")
            os.fsync(file)
        finally:
            os.close(file)

    async def close(self) -> None:
        """Nothing is held open."""


class ThroughApprise:
    """E-mail, chat and the like, through the plugins of Apprise, which block.

    Each channel has threads of its own: Apprise's asynchronous call shares one pool among all its services, where
    a provider that hangs would keep the others waiting.
    """

    def __init__(self, url: str) -> None:
        self._url = url
        self._threads = ThreadPoolExecutor(CONCURRENT, thread_name_prefix="apprise")
        # Its warnings quote whom it could not reach.
        logging.getLogger("apprise").disabled = True

    async def send(self, message: Message, to: str, delivery_id: str) -> None:  # noqa: ARG002
        """Hand over to the plugin; Apprise says only whether it worked."""
        loop = asyncio.get_running_loop()
        if not await loop.run_in_executor(self._threads, self._notify, message, to):
            raise UnansweredError("apprise")

    def _notify(self, message: Message, to: str) -> bool:
        plugin = plugin_for(self._url, to)
        return bool(plugin and plugin.notify(title=message.title, body=message.text))

    async def close(self) -> None:
        """Begin nothing more; what is under way ends by Apprise's own timeouts."""
        self._threads.shutdown(wait=False, cancel_futures=True)


@dataclass(frozen=True, slots=True)
class _Body:
    to: str
    title: str
    text: str
    reference: str | None
    link: str
    delivery_id: str


def _body(message: Message, to: str, delivery_id: str) -> dict[str, str | None]:
    return asdict(_Body(to=to, delivery_id=delivery_id, **asdict(message)))
