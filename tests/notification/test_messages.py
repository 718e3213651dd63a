"""What a message says, and what it never says."""

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.notification.messages import Facts, Message, message, remaining
from shared.contracts.vocabulary import GROUND_WORDS, Ground, Step, Topic

AT = datetime(2026, 11, 23, 20, 0, tzinfo=UTC)
LINK = "http://127.0.0.1:8083/cases/1"
ZONE = ZoneInfo("Asia/Ho_Chi_Minh")
COMMUNES = {"30463": "Xã Châu Phú"}

URGENT = Facts(
    AT,
    LINK,
    reference="PA-7F3K-2M",
    grounds=(Ground.DANGER_TO_LIFE, Ground.DISASTER),
    topic=Topic.ENVIRONMENT,
    commune="30463",
    due=AT + timedelta(minutes=15),
)


def said(facts: Facts) -> Message:
    return message(facts, COMMUNES, ZONE)


TEXTS = [
    (
        URGENT,
        "Cần ưu tiên: nguy hiểm đến tính mạng; thiên tai, sự cố — PA-7F3K-2M, xã Châu Phú. "
        f"Tiếp nhận trước 03:15 (còn 15 phút lúc 03:00). {LINK}",
    ),
    (
        replace(URGENT, grounds=(Ground.DANGER_TO_LIFE,), unverified=True),
        "Cần ưu tiên: nguy hiểm đến tính mạng (người gửi báo, chưa xác minh) — PA-7F3K-2M, xã Châu Phú. "
        f"Tiếp nhận trước 03:15 (còn 15 phút lúc 03:00). {LINK}",
    ),
    (
        replace(URGENT, grounds=(), topic=Topic.ROADS, due=AT + timedelta(days=2, hours=3)),
        "Việc mới: giao thông — PA-7F3K-2M, xã Châu Phú. "
        f"Tiếp nhận trước 06:00 ngày 26/11/2026 (còn 2 ngày 3 giờ lúc 03:00). {LINK}",
    ),
    (
        replace(URGENT, missed=Step.ACKNOWLEDGE, grounds=(Ground.DISASTER,)),
        "Quá hạn tiếp nhận: thiên tai, sự cố — PA-7F3K-2M, xã Châu Phú. "
        f"Chưa có ai tiếp nhận; hãy tiếp nhận ngay. {LINK}",
    ),
    (
        replace(URGENT, missed=Step.ACT, grounds=(), topic=Topic.HEALTH, commune="99999"),
        f"Quá hạn xử lý: y tế — PA-7F3K-2M, 99999. Chưa có kết quả xử lý; hãy xử lý ngay. {LINK}",
    ),
    (
        Facts(AT, LINK, sealed=True, due=AT + timedelta(hours=1)),
        f"Cần ưu tiên: vụ việc giữ kín. Tiếp nhận trước 04:00 (còn 1 giờ lúc 03:00). {LINK}",
    ),
    (
        Facts(AT, LINK, sealed=True, missed=Step.ACKNOWLEDGE),
        f"Quá hạn tiếp nhận: vụ việc giữ kín. Chưa có ai tiếp nhận; hãy tiếp nhận ngay. {LINK}",
    ),
    (Facts(AT, LINK), f"Việc mới: việc thường. {LINK}"),
    (Facts(AT, LINK, due=AT), f"Việc mới: việc thường. Tiếp nhận trước 03:00. {LINK}"),
]


@pytest.mark.parametrize(("facts", "text"), TEXTS)
def test_the_text(facts: Facts, text: str) -> None:
    assert said(facts).text == text


@pytest.mark.parametrize(("facts", "text"), TEXTS)
def test_the_title_opens_the_text(facts: Facts, text: str) -> None:
    assert text.startswith(said(facts).title)
    assert LINK not in said(facts).title


def test_every_ground_has_its_words() -> None:
    assert all(GROUND_WORDS[ground] in said(replace(URGENT, grounds=(ground,))).text for ground in Ground)


def test_a_sealed_message_says_no_ground_commune_or_reference() -> None:
    # Even if a sealed case's facts were kept by mistake, the words would not show the ground.
    text = said(replace(URGENT, sealed=True, grounds=(Ground.ABUSE_OF_OFFICE,), reference=None, commune=None)).text
    assert not any(words in text for words in GROUND_WORDS.values())
    assert "PA-" not in text


def test_times_are_the_provinces() -> None:
    assert "trước 20:15 (còn 15 phút lúc 20:00)" in message(URGENT, COMMUNES, UTC).text


SPANS = [
    (timedelta(0), ""),
    (timedelta(seconds=-90), ""),
    (timedelta(seconds=29), ""),
    (timedelta(seconds=899.7), "15 phút"),
    (timedelta(minutes=60), "1 giờ"),
    (timedelta(minutes=90), "1 giờ 30 phút"),
    (timedelta(days=1, minutes=5), "1 ngày"),
    (timedelta(days=10, hours=2, minutes=59), "10 ngày 2 giờ"),
]


@pytest.mark.parametrize(("span", "words"), SPANS)
def test_what_is_left(span: timedelta, words: str) -> None:
    assert remaining(span) == words


@given(st.timedeltas(min_value=timedelta(minutes=1), max_value=timedelta(days=400)))
def test_what_is_left_is_never_more_than_there_is(span: timedelta) -> None:
    minutes = {"ngày": 1440, "giờ": 60, "phút": 1}
    stated = sum(int(amount) * minutes[unit] for amount, unit in re.findall(r"(\d+) (ngày|giờ|phút)", remaining(span)))
    assert 0 < stated <= round(span.total_seconds() / 60)
