"""Topics are ranked by what is said, never guessed; how it is typed makes no difference."""

import time
import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.classification.topics import TopicRule, TopicRules
from shared.contracts.vocabulary import Topic
from shared.text.fold import folded
from tests.classification.labelled import REPORTS, RULEBOOK, WRAPPERS, labels

SAID = [
    ("hồ sơ cấp sổ đỏ nộp tám tháng chưa có", "land"),
    ("UBND thu hồi đất mà giá bồi thường thấp", "land"),
    ("Lò gạch xả khói đen suốt ngày", "environment"),
    ("lục bình dày đặc kinh ghe chạy không được", "environment"),
    ("Thẻ bảo hiểm y tế của mẹ tôi chưa gia hạn được", "health"),
    ("Trường thiếu giáo viên tiếng Anh, học sinh học dồn lớp", "education"),
    ("Đề nghị lắp gờ giảm tốc trước cổng trường học", "roads"),
    ("Đường vô ấp lầy lội, xe chở lúa sụp hoài", "roads"),
    ("mang internet yeu qua hoc online khong duoc", "utilities"),
    ("sầu riêng rớt giá còn 30k 1 ký, thương lái bỏ cọc", "agriculture"),
    ("dich ta heo ve toi ap roi", "agriculture"),
    ("Hộ nghèo mà không được xây nhà tình thương", "social"),
    ("ma tuý bán công khai ở quán nước đầu hẻm", "order"),
    ("cho vay nang lai, tat son nha nguoi ta", "order"),
    ("Nhân viên một cửa thái độ khó chịu, quát nạt dân", "conduct"),
    ("Cán bộ lao động đòi tiền người khuyết tật mới xét trợ cấp", "conduct"),
    ("Đăng ký tạm trú qua VNeID mà hai tuần chưa duyệt", "admin"),
    ("làm cccd cho bé cần giấy tờ j v ad", "admin"),
    ("Nghe đồn vắc xin ở trạm y tế làm con nít bị bệnh", "rumour"),
    ("Nhóm zalo dụ đầu tư tiền ảo, nhiều người mất tiền", "rumour"),
]

SILENT = [
    "Chợ đêm vui quá mn ơi",
    "Cảm ơn xã đã nạo vét con kinh sau chợ",
    "Kính mong các cấp quan tâm. Trân trọng.",
    "Chúc bà con mùa màng bội thu",
    "Chính quyền quá tệ, chỉ biết nói suông.",
    "Nhà thờ chúng tôi cũng bị vậy, bà con người Khmer cũng vậy.",
    "🙂🙂🙂 !!! ???",
]


@pytest.mark.parametrize(("text", "topic"), SAID)
def test_what_is_said_first(text: str, topic: str) -> None:
    assert labels(text).topics[0] == topic


@pytest.mark.parametrize("text", SILENT)
def test_nothing_found_is_other_without_evidence(text: str) -> None:
    (only,) = RULEBOOK.topics.rank(text)
    assert (only.topic, only.evidence) == (Topic.OTHER, ())


def test_thanks_end_where_the_matter_begins() -> None:
    assert labels("Cảm ơn xã đã sửa đường, nhưng cúp điện hoài").topics == ("utilities",)


def test_every_topic_but_other_has_evidence_from_the_text() -> None:
    for text, _, _ in REPORTS:
        for finding in RULEBOOK.topics.rank(text):
            assert bool(finding.evidence) == (finding.topic is not Topic.OTHER)
            assert all(len(evidence.quote) <= 80 and evidence.quote in text for evidence in finding.evidence)


def test_topics_of_the_labelled_reports() -> None:
    ranked = [(labels(text).topics, topic) for text, topic, _ in REPORTS]
    assert sum(topics[0] == topic for topics, topic in ranked) / len(ranked) >= 0.85
    assert sum(topic in topics[:2] for topics, topic in ranked) / len(ranked) >= 0.95


@pytest.mark.parametrize("wrapper", WRAPPERS)
def test_no_stance_moves_a_topic(wrapper: str) -> None:
    moved = [text for text, _, _ in REPORTS if labels(wrapper.format(text)).topics != labels(text).topics]
    assert moved == []


def _old_tone(text: str) -> str:
    return text.replace("hòa", "hoà").replace("hóa", "hoá").replace("khỏe", "khoẻ").replace("tủy", "tuỷ")


def _full_width(text: str) -> str:
    return "".join(chr(ord(char) + 0xFEE0) if char.isascii() and char.isalnum() else char for char in text)


TYPED = [
    lambda text: unicodedata.normalize("NFC", text),
    lambda text: unicodedata.normalize("NFD", text),
    folded,
    str.upper,
    _old_tone,
    _full_width,
    lambda text: text.replace("đ", "ð").replace("Đ", "Ð"),
    lambda text: "\u200b".join(text),
    lambda text: text.replace(" ", "  "),
]


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(REPORTS), st.lists(st.sampled_from(TYPED), min_size=1, max_size=3))
def test_typing_moves_no_label(report: tuple[str, str, object], typed: list[object]) -> None:
    text = report[0]
    for changed in typed:
        text = changed(text)  # type: ignore[operator]
    assert labels(text) == labels(report[0])


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=300))
def test_any_text_is_ranked(text: str) -> None:
    assert RULEBOOK.classify(text).topics


def _ranked(text: str, *rules: TopicRule) -> list[Topic]:
    return [finding.topic for finding in TopicRules(rules, "1").rank(text)]


def test_one_plain_word_outweighs_many_hints() -> None:
    hints = TopicRule(id="a", topic=Topic.HEALTH, words=("một", "hai", "ba", "bốn"), weight=1)
    plain = TopicRule(id="b", topic=Topic.ROADS, words=("cầu gãy",), weight=3)
    assert _ranked("một hai ba bốn cầu gãy", hints, plain) == [Topic.ROADS, Topic.HEALTH]


def test_a_word_within_a_longer_one_does_not_count() -> None:
    short = TopicRule(id="a", topic=Topic.UTILITIES, words=("nước",), weight=3)
    longer = TopicRule(id="b", topic=Topic.ENVIRONMENT, words=("nước mặn",), weight=2)
    assert _ranked("nước mặn vô đồng", short, longer) == [Topic.ENVIRONMENT]


def test_words_are_whole() -> None:
    assert _ranked("cầu gãyy", TopicRule(id="a", topic=Topic.ROADS, words=("cầu",))) == [Topic.ROADS]
    assert _ranked("cầuu treo", TopicRule(id="a", topic=Topic.ROADS, words=("cầ",))) == [Topic.OTHER]


@pytest.mark.parametrize("text", ["can bo doi tien " * 125, "nguoi chet " * 180, "cảm ơn lũ " * 200, "a" * 2000])
def test_the_longest_report_is_quick_whatever_it_says(text: str) -> None:
    RULEBOOK.classify(text)
    began = time.process_time()
    RULEBOOK.classify(text)
    assert time.process_time() - began < 0.5


def test_speed() -> None:
    texts = [text for text, _, _ in REPORTS] * 10
    began = time.process_time()
    for text in texts:
        RULEBOOK.classify(text)
    assert len(texts) / (time.process_time() - began) >= 1_000
