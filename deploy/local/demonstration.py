"""Sends the invented reports through the real API, waits for their cases, and plays the stories among them."""

import json
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
from pymongo import MongoClient

from deploy.local import commune_keys, demo_reports, people
from deploy.local.demo_reports import DemoReport
from deploy.local.secrets import write_private
from deploy.local.stack import Stack
from deploy.local.waiting import NotReadyError, until

Document = dict[str, Any]

OVERDUE_BY = timedelta(minutes=1)
"""Past the first step of the ladder only: each later one would page the next person too."""


class Demonstration:
    """The invented reports of one stack. Playing it again adds nothing: every id is derived."""

    def __init__(self, stack: Stack) -> None:
        self._stack = stack
        self.reports = demo_reports.load()

    def send(self) -> Iterator[str]:
        """Send every report, as a commune's phone would; yields each reference as it is accepted."""
        keys, today = commune_keys.known(self._stack.folder.secrets), self._first_day()
        with httpx.Client(base_url=self._stack.ports.url("intake"), timeout=30) as intake:
            for report in self.reports:
                bearer = {"Authorization": f"Bearer {keys[report.commune]}"}
                answer = intake.post("/v1/reports", json=self._body(report, today), headers=bearer)
                if answer.status_code != httpx.codes.ACCEPTED:
                    raise NotReadyError(f"{report.name}: {answer.status_code} {answer.text}")
                yield answer.json()["reference"]

    def wait_for_cases(self, seconds: float = 60) -> int:
        """Wait until each report has its case; answers how many cases there are."""
        with MongoClient[Document](self._stack.operator_url) as client:
            cases = client["escalation"]["cases"]
            ours = {"report_ids": {"$in": [self.report_id(report) for report in self.reports]}}
            until(
                lambda: len(cases.distinct("report_ids", ours)) >= len(self.reports),
                "mỗi phản ánh một vụ việc",
                seconds,
            )
            return cases.count_documents(ours)

    def play(self) -> list[str]:
        """Play the stories; answers one line for each that was played now."""
        told = []
        with MongoClient[Document](self._stack.operator_url, tz_aware=True) as client:
            for report in self.reports:
                if report.story == "answered":
                    told += self._answer(client, report)
                elif report.story == "overdue":
                    told += self._set_back(client, report)
        return told

    def followed(self) -> str | None:
        """The reference of the report whose way is shown."""
        report = next((report for report in self.reports if report.story == "followed"), None)
        if report is None:
            return None
        with MongoClient[Document](self._stack.operator_url) as client:
            found = client["intake"]["reports"].find_one({"_id": self.report_id(report)}, {"reference": 1})
            until(lambda: self._is_told(client, report), "báo người trực")
        return found["reference"] if found else None

    def report_id(self, report: DemoReport) -> str:
        """An id of a phone's kind (UUID version 4), always the same for this stack and report."""
        return str(uuid.UUID(bytes=self._stack.secrets.derived("report", report.name)[:16], version=4))

    def _body(self, report: DemoReport, today: datetime) -> Document:
        fields = ("text", "commune", "kind", "urgency", "private", "place", "people_affected")
        sent = {name: value for name in fields if (value := getattr(report, name)) is not None}
        return {
            "id": self.report_id(report),
            "receipt": self._stack.secrets.derived_text("receipt", report.name),
            "occurred_on": (today - timedelta(days=report.days_ago)).date().isoformat(),
            **sent,
        }

    def _first_day(self) -> datetime:
        """The day of the first sending: a report sent again on another day must be the same report."""
        path = self._stack.folder.path / "demonstration.json"
        if not path.exists():
            write_private(path, json.dumps({"first_day": datetime.now(UTC).isoformat()}))
        return datetime.fromisoformat(json.loads(path.read_text(encoding="utf-8"))["first_day"])

    def _case(self, client: MongoClient[Document], report: DemoReport) -> Document | None:
        # Of an open and a sealed case of one report, the open one.
        return client["escalation"]["cases"].find_one({"report_ids": self.report_id(report)}, sort=[("sealed", 1)])

    def _answer(self, client: MongoClient[Document], report: DemoReport) -> list[str]:
        """Acknowledge, reply and resolve over HTTP, as the body's officer."""
        case = self._case(client, report)
        if case is None or case["state"] != "new":
            return []
        key = people.keys(list(self._stack.assembly.place.bodies), self._stack.secrets)[case["queue"]]
        bearer = {"Authorization": f"Bearer {key}"}
        with httpx.Client(base_url=self._stack.ports.url("escalation"), headers=bearer, timeout=30) as officer:
            moves: list[tuple[str, Document]] = [
                ("acknowledge", {}),
                ("reply", {"text": report.reply}),
                ("resolve", {"outcome": "answered"}),
            ]
            for move, body in moves:
                self._move(officer, case["_id"], move, body)
        return [f"{case['references'][0]}: đã tiếp nhận và trả lời (10 giây nữa người gửi thấy)"]

    def _move(self, officer: httpx.Client, case_id: str, move: str, body: Document) -> None:
        version = officer.get(f"/v1/cases/{case_id}").raise_for_status().headers["ETag"]
        headers = {"If-Match": version, "Idempotency-Key": str(uuid.uuid5(uuid.UUID(case_id), move))}
        answer = officer.post(f"/v1/cases/{case_id}/{move}", json=body, headers=headers)
        if not answer.is_success:
            raise NotReadyError(f"{move} {case_id}: {answer.status_code} {answer.text}")

    def _set_back(self, client: MongoClient[Document], report: DemoReport) -> list[str]:
        """Nobody can wait for a deadline at a first look: this one report's times are moved back in the databases."""
        until(lambda: self._is_told(client, report), "báo người trực")
        case = self._case(client, report)
        if case is None or not case["due"]["acknowledge"] or any(alarm["rung"] for alarm in case["alarms"]):
            return []
        shift = case["due"]["acknowledge"] - (datetime.now(UTC) - OVERDUE_BY)
        times = ("due", "alarms", "wakes_at", "opened_at", "submitted_at", "history")
        changes = {name: _earlier(case[name], shift) for name in times}
        unchanged = {"_id": case["_id"], "version": case["version"]}
        client["escalation"]["cases"].update_one(unchanged, {"$set": changes})
        client["intake"]["reports"].update_one({"_id": self.report_id(report)}, _moved("submitted_at", shift))
        first = {"case_id": case["_id"], "level": 0, "delivered_at": {"$exists": True}}
        client["notification"]["deliveries"].update_many(first, _moved("delivered_at", shift))
        return [f"{case['references'][0]}: đã quá hạn tiếp nhận (bản thử lùi giờ của riêng vụ việc này)"]

    def _is_told(self, client: MongoClient[Document], report: DemoReport) -> bool:
        cases = client["escalation"]["cases"].find({"report_ids": self.report_id(report)}, {"_id": 1})
        ours = {"case_id": {"$in": [case["_id"] for case in cases]}, "delivered_at": {"$exists": True}}
        return client["notification"]["deliveries"].find_one(ours) is not None


def _earlier(value: Any, shift: timedelta) -> Any:
    if isinstance(value, datetime):
        return value - shift
    if isinstance(value, dict):
        return {name: _earlier(part, shift) for name, part in value.items()}
    return [_earlier(part, shift) for part in value] if isinstance(value, list) else value


def _moved(field: str, shift: timedelta) -> list[Document]:
    return [{"$set": {field: {"$subtract": [f"${field}", shift // timedelta(milliseconds=1)]}}}]
