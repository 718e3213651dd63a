"""The webhook receiver keeps each message once and shows it safely."""

from pathlib import Path

import httpx
import pytest

from deploy.local.sent import Ledger, receiver


def client(path: Path) -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=httpx.ASGITransport(receiver(Ledger(path))), base_url="http://sent")


async def test_a_repeat_of_a_key_is_kept_once(tmp_path: Path) -> None:
    async with client(tmp_path / "sent.jsonl") as sent:
        first = await sent.post("/webhook", json={"text": "một"}, headers={"Idempotency-Key": "k1"})
        again = await sent.post("/webhook", json={"text": "một"}, headers={"Idempotency-Key": "k1"})
        assert (first.status_code, again.status_code) == (202, 200)
        assert [message["key"] for message in (await sent.get("/messages")).json()] == ["k1"]


async def test_a_message_without_a_key_is_refused(tmp_path: Path) -> None:
    async with client(tmp_path / "sent.jsonl") as sent:
        assert (await sent.post("/webhook", json={"text": "một"})).status_code == 422


async def test_newest_first_and_nothing_in_a_message_becomes_markup(tmp_path: Path) -> None:
    async with client(tmp_path / "sent.jsonl") as sent:
        for key, text in (("k1", "trước"), ("k2", "<script>sau</script>")):
            await sent.post("/webhook", json={"text": text}, headers={"Idempotency-Key": key})
        page = (await sent.get("/")).text
    assert page.index("&lt;script&gt;sau") < page.index("trước")
    assert "<script>" not in page
    assert "Dữ liệu bịa, không gửi ra ngoài" in page


@pytest.mark.parametrize("torn", [b"", b'{"key": "k2", "rece'])
async def test_what_was_kept_is_there_after_a_crash_and_a_torn_line_is_not(tmp_path: Path, torn: bytes) -> None:
    path = tmp_path / "sent.jsonl"
    async with client(path) as sent:
        await sent.post("/webhook", json={"text": "một"}, headers={"Idempotency-Key": "k1"})
    path.write_bytes(path.read_bytes() + torn)
    async with client(path) as sent:
        assert (await sent.post("/webhook", json={}, headers={"Idempotency-Key": "k2"})).status_code == 202
        assert (await sent.post("/webhook", json={}, headers={"Idempotency-Key": "k1"})).status_code == 200
    assert [message["key"] for message in Ledger(path).messages] == ["k1", "k2"]
