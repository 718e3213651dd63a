"""Channels against a real HTTP server, a real file and a real Apprise plugin."""

import asyncio
import json
import socket
import time
from pathlib import Path

import pytest

from services.notification import channel_settings
from services.notification.channels import File, RefusedError, ThroughApprise, UnansweredError, Webhook, channel
from services.notification.messages import Message
from shared.runtime.configuration import ConfigurationError
from tests.notification.conftest import HANG, Gateway, eventually

MESSAGE = Message("Cần ưu tiên: thiên tai, sự cố", "Cần ưu tiên: … http://127.0.0.1/cases/1", "PA-7F3K-2M", "http://1")


async def test_a_webhook_gets_json_and_the_key_of_the_delivery(gateway: Gateway) -> None:
    webhook = Webhook(gateway.url, {"Authorization": "Bearer invented"})
    await webhook.send(MESSAGE, "truc-ban-35", "d-1")
    assert gateway.received == [
        (
            "d-1",
            {
                "to": "truc-ban-35",
                "title": MESSAGE.title,
                "text": MESSAGE.text,
                "reference": "PA-7F3K-2M",
                "link": "http://1",
                "delivery_id": "d-1",
            },
        )
    ]
    assert gateway.headers[0]["Authorization"] == "Bearer invented"
    await webhook.close()


@pytest.mark.parametrize("status", [200, 201, 202, 204])
async def test_success_is_delivered(gateway: Gateway, status: int) -> None:
    webhook = Webhook(gateway.url, {})
    gateway.answers = [status]
    await webhook.send(MESSAGE, "x", "d-1")
    await webhook.close()


@pytest.mark.parametrize(
    ("status", "failure"),
    [
        (400, RefusedError),
        (401, RefusedError),
        (404, RefusedError),
        (422, RefusedError),
        (408, UnansweredError),
        (429, UnansweredError),
        (302, UnansweredError),
        (500, UnansweredError),
        (503, UnansweredError),
    ],
)
async def test_the_status_says_whether_trying_again_can_help(
    gateway: Gateway, status: int, failure: type[Exception]
) -> None:
    webhook = Webhook(gateway.url, {})
    gateway.answers = [status]
    with pytest.raises(failure, match=f"^http_{status}$"):
        await webhook.send(MESSAGE, "x", "d-1")
    assert len(gateway.received) == 1
    await webhook.close()


async def test_nobody_there_is_unanswered_and_quotes_no_address() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        webhook = Webhook(f"http://127.0.0.1:{free.getsockname()[1]}/bí-mật", {})
        with pytest.raises(UnansweredError, match=r"^ConnectError$"):
            await webhook.send(MESSAGE, "x", "d-1")
        await webhook.close()


async def test_a_gateway_that_hangs_up_is_unanswered(gateway: Gateway) -> None:
    gateway.answers = [HANG]
    webhook = Webhook(gateway.url, {})
    sending = asyncio.ensure_future(webhook.send(MESSAGE, "x", "d-1"))
    await eventually(lambda: gateway.received)
    gateway.released.set()
    with pytest.raises(UnansweredError, match="RemoteProtocolError"):
        await sending
    await webhook.close()


async def test_a_file_gets_one_line_a_message_also_at_once(tmp_path: Path) -> None:
    file = File(tmp_path / "tin.jsonl")
    await asyncio.gather(*(file.send(MESSAGE, "so-truc", f"d-{number}") for number in range(20)))
    lines = [json.loads(line) for line in (tmp_path / "tin.jsonl").read_text("utf-8").splitlines()]
    assert {line["delivery_id"] for line in lines} == {f"d-{number}" for number in range(20)}
    assert {line["title"] for line in lines} == {MESSAGE.title}
    assert (tmp_path / "tin.jsonl").stat().st_mode & 0o077 == 0, "it names people"
    await file.close()


async def test_a_file_that_cannot_be_written_is_unanswered(tmp_path: Path) -> None:
    with pytest.raises(UnansweredError, match="FileNotFoundError"):
        await File(tmp_path / "none" / "tin.jsonl").send(MESSAGE, "x", "d-1")


def through_apprise(gateway: Gateway) -> ThroughApprise:
    """Apprise's own JSON plugin at the gateway; `rto` is its read timeout."""
    return ThroughApprise(gateway.url.replace("http://", "json://") + "?to={to}&rto=30")


async def test_apprise_delivers(gateway: Gateway) -> None:
    mail = through_apprise(gateway)
    await mail.send(MESSAGE, "truc@example.vn", "d-1")
    body = gateway.received[0][1]
    assert (body["title"], body["message"]) == (MESSAGE.title, MESSAGE.text)
    await mail.close()


async def test_apprise_that_fails_is_unanswered(gateway: Gateway) -> None:
    gateway.default = 500
    mail = through_apprise(gateway)
    with pytest.raises(UnansweredError):
        await mail.send(MESSAGE, "truc@example.vn", "d-1")
    await mail.close()


async def test_apprise_that_hangs_holds_neither_the_loop_nor_another_channel(gateway: Gateway) -> None:
    gateway.answers = [HANG] * 40
    hanging, other = through_apprise(gateway), through_apprise(gateway)
    sends = [asyncio.ensure_future(hanging.send(MESSAGE, "x", f"d-{number}")) for number in range(40)]
    # All of its threads are taken, and the rest waits behind them.
    await eventually(lambda: len(gateway.received) == 8)
    gateway.answers = []
    began = time.monotonic()
    await other.send(MESSAGE, "x", "other")
    assert time.monotonic() - began < 5
    for send in sends:
        send.cancel()
    await asyncio.gather(*sends, return_exceptions=True)
    gateway.released.set()
    await asyncio.gather(hanging.close(), other.close())
    assert len(gateway.received) == 9, "what was cancelled before its turn is never sent"


def loaded(tmp_path: Path, text: str) -> object:
    path = tmp_path / "channels.yaml"
    path.write_text(text, encoding="utf-8")
    return channel_settings.load(path)


async def test_each_type_becomes_its_channel(tmp_path: Path) -> None:
    found = loaded(
        tmp_path,
        """
channels:
  sms: {type: webhook, url: "https://sms.example.vn/tin", headers: {X-Key: invented}}
  log: {type: file, path: /var/lib/langnghe/tin.jsonl}
  mail: {type: apprise, url: "mailtos://truc:mat-khau@smtp.example.vn?to={to}"}
""",
    )
    made = {name: channel(settings) for name, settings in found.items()}
    assert {name: type(one) for name, one in made.items()} == {"sms": Webhook, "log": File, "mail": ThroughApprise}
    for one in made.values():
        await one.close()


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ("sms: {type: fax}", "hàng 2 (channels.sms): không có loại kênh này"),
        ("sms: {url: 'http://x.example.vn'}", "hàng 2 (channels.sms): thiếu trường 'type'"),
        ("sms: {type: webhook}", "url): thiếu trường này"),
        ("sms: {type: webhook, url: nowhere}", "url): chưa đúng"),
        ("sms: {type: webhook, url: 'http://x.example.vn', headers: {K: bịa}}", "headers.K): chưa đúng"),
        ("sms: {type: webhook, url: 'http://x.example.vn', heders: {}}", "heders): không có trường này"),
        ("sms: {type: webhook, url: 'http://x.example.vn', proxy: null}", "proxy): chưa đúng"),
        ("mail: {type: apprise, url: 'mailtos://smtp.example.vn'}", "phải là địa chỉ Apprise có {to}"),
        ("mail: {type: apprise, url: 'nothing://{to}'}", "phải là địa chỉ Apprise có {to}"),
    ],
)
def test_a_fault_names_file_and_row(tmp_path: Path, row: str, said: str) -> None:
    with pytest.raises(ConfigurationError) as raised:
        loaded(tmp_path, f"channels:\n  {row}\n")
    assert str(raised.value).startswith("channels.yaml, hàng 2")
    assert said in str(raised.value)
    assert all("hãy" in line for line in str(raised.value).splitlines())
