"""The dashboard "Hành trình một phản ánh". `python -m deploy.grafana.journey` writes its JSON, `--check` compares."""

import itertools
import json
import sys
from pathlib import Path

from grafana_foundation_sdk.builders import stat, timeseries
from grafana_foundation_sdk.builders.dashboard import Dashboard, Row
from grafana_foundation_sdk.cog.encoder import JSONEncoder

from deploy.grafana.panels import Queries, lamp, line, number

FILE = Path(__file__).parent / "dashboards" / "journey.json"

# Classification owns nothing in MongoDB and never connects: its gauge of it stays at 0.
MONGO_UP = 'langnghe_mongodb_up{service!="classification"}'


def a_minute(counter: str) -> str:
    """How often a minute, over the last five."""
    return f"60 * sum(rate({counter}[5m]))"


def a_minute_by(label: str, counter: str) -> str:
    """The same for each value of a label, or of several."""
    return f"60 * sum by ({label}) (rate({counter}[5m]))"


def ages(histogram: str, what: str = "") -> Queries:
    """Half are younger than p50, all but one in a hundred younger than p99."""
    return {
        f"{what}p{percent}": f"histogram_quantile(0.{percent}, sum by (le) (rate({histogram}_bucket[5m])))"
        for percent in (50, 99)
    }


def p99_by(label: str, histogram: str) -> str:
    """The age that all but one in a hundred stay below, for each value of a label."""
    return f"histogram_quantile(0.99, sum by (le, {label}) (rate({histogram}_bucket[5m])))"


def dashboard() -> Dashboard:
    """The whole way of a report, from its acceptance to the answer, and what may hold it up."""
    board = Dashboard("Hành trình một phản ánh").uid("langnghe-journey").tags(["langnghe"]).readonly()
    board = board.description("Nhận, phân loại, vào hàng đợi, tiếp nhận, trả lời; và điều gì làm phản ánh chậm lại.")
    board = board.refresh("30s").time("now-6h", "now").timezone("Asia/Ho_Chi_Minh")
    numbers = itertools.count(1)
    for title, panels in ROWS.items():
        board = board.with_row(Row(title).id(next(numbers)))
        for panel in panels:
            board = board.with_panel(panel.id(next(numbers)))
    return board


ROWS: dict[str, list[stat.Panel | timeseries.Panel]] = {
    "Lúc này": [
        lamp(
            "Kafka", "min(langnghe_kafka_up)", good=1, words={1: "Đang chạy", 0: "Mất kết nối"},
            says="Mất kết nối: phản ánh vẫn được nhận và nằm chờ trong MongoDB.",
        ),
        lamp(
            "MongoDB", f"min({MONGO_UP})", good=1, words={1: "Đang chạy", 0: "Mất kết nối"},
            says="Mất kết nối: người gửi được báo gửi lại sau, không có gì được nhận mà mất.",
        ),
        lamp(
            "Xử lý sự kiện", "max(langnghe_consumer_paused)", good=0, words={0: "Bình thường", 1: "Tạm dừng"},
            says="Tạm dừng: quá nhiều sự kiện hỏng liên tiếp, thường do bản phát hành lỗi. Không có gì bị bỏ.",
        ),
        number(
            "Chờ phát đi lâu nhất", "s", "max(langnghe_outbox_age_seconds)", alarming=60,
            says="Tuổi của sự kiện cũ nhất đã lưu mà chưa lên Kafka.",
        ),
        number("Đang chờ xử lý", "short", "sum(langnghe_consumer_lag_records)", alarming=1000),
        number(
            "Sự kiện hỏng trong 24 giờ", "short", "sum(increase(langnghe_dead_letters_total[24h]))", alarming=1,
            says="Lý do ở dòng record.dead trong nhật ký; được giữ 12 ngày trong chủ đề dead.",
        ),
    ],
    "Hành trình": [
        line(
            "Mỗi phút", "short",
            {
                "nhận": a_minute("langnghe_reports_accepted_total"),
                "phân loại": a_minute("langnghe_reports_classified_total"),
                "vào hàng đợi": a_minute("langnghe_cases_opened_total"),
                "tiếp nhận": a_minute("langnghe_cases_acknowledged_total"),
                "trả lời": a_minute("langnghe_cases_answered_total"),
            },
            says="Một phản ánh có thể mở hai vụ việc, nên “vào hàng đợi” có thể cao hơn “nhận”.",
        ),
        line(
            "Từ lúc gửi đến khi phân loại và vào hàng đợi", "s",
            {
                **ages("langnghe_classified_age_seconds", "phân loại, "),
                **ages("langnghe_queued_age_seconds", "vào hàng đợi, "),
            },
            says="p50: một nửa nhanh hơn; p99: cứ trăm phản ánh chỉ một chậm hơn.",
        ),
        line("Vụ việc chờ bao lâu mới được tiếp nhận", "s", ages("langnghe_acknowledged_age_seconds")),
        line(
            "Bước quá hạn mỗi phút", "short", {"{{step}}": a_minute_by("step", "langnghe_deadlines_missed_total")},
            says="Mỗi thời hạn trôi qua mà chưa ai làm.",
        ),
        line(
            "Báo người trực mỗi phút", "short", {"{{result}}": a_minute_by("result", "langnghe_notifications_total")},
            says="Đã đến (delivered), thử lại (retried), không gửi được (failed), hết bậc trực (ladder_ended).",
        ),
        line(
            "Gửi lại mỗi phút", "short", {"phản ánh đã có sẵn": a_minute("langnghe_reports_resent_total")},
            says="Điện thoại gửi lại điều đã lưu: không thành phản ánh thứ hai.",
        ),
    ],
    "Đường đi bên trong": [
        line(
            "Sự kiện chờ xử lý", "short",
            {"{{group}} · {{topic}}": "sum by (group, topic) (langnghe_consumer_lag_records)"},
        ),
        line(
            "Tuổi của sự kiện khi xử lý xong (p99)", "s",
            {"{{group}}": p99_by("group", "langnghe_record_age_seconds")},
        ),
        line(
            "Chờ phát đi: số văn bản", "short",
            {"{{collection}}": "sum by (collection) (langnghe_outbox_documents)"}, width=8,
            says="Đã lưu trong MongoDB, chưa lên Kafka.",
        ),
        line(
            "Chờ phát đi: lâu nhất", "s",
            {"{{collection}}": "max by (collection) (langnghe_outbox_age_seconds)"}, width=8,
        ),
        line(
            "Đã phát đi mỗi phút", "short",
            {"{{collection}}": a_minute_by("collection", "langnghe_outbox_sent_total")}, width=8,
        ),
        line(
            "Đã xử lý mỗi phút", "short",
            {"{{group}}: {{result}}": a_minute_by("group, result", "langnghe_records_total")}, width=8,
        ),
        line(
            "Thử lại mỗi phút", "short", {"{{group}}": a_minute_by("group", "langnghe_retries_total")}, width=8,
            says="Kafka hoặc MongoDB vắng mặt một lúc: chờ rồi làm lại, không mất gì.",
        ),
        line(
            "Sự kiện hỏng trong một giờ, theo lý do", "short",
            {"{{group}}: {{reason}}": "sum by (group, reason) (increase(langnghe_dead_letters_total[1h]))"}, width=8,
        ),
    ],
    "Trả lời qua HTTP và việc nền": [
        line(
            "Câu trả lời mỗi phút", "short",
            {"{{service}} {{status}}": a_minute_by("service, status", "langnghe_http_requests_total")}, width=8,
        ),
        line(
            "Thời gian trả lời (p99)", "s",
            {"{{service}}": p99_by("service", "langnghe_http_request_seconds")}, width=8,
        ),
        line(
            "Vòng việc nền hỏng mỗi phút", "short", {"{{loop}}": a_minute_by("loop", "langnghe_loop_failures_total")},
            width=8,
        ),
    ],
}  # fmt: skip


def written() -> str:
    """The JSON that Grafana reads, the same at every run."""
    return json.dumps(dashboard().build(), cls=JSONEncoder, sort_keys=True, indent=2, ensure_ascii=False) + "\n"


def main(arguments: list[str]) -> int:
    """Write the file, or with `--check` say whether it is what the code makes."""
    if "--check" not in arguments:
        FILE.write_text(written(), encoding="utf-8")
        return 0
    if FILE.exists() and FILE.read_text(encoding="utf-8") == written():
        return 0
    print(f"{FILE.name} khác mã nguồn (differs from the code); chạy: python -m deploy.grafana.journey", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
