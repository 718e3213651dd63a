"""The invented reports: they show everything there is to show, and playing them twice adds nothing."""

import uuid
from pathlib import Path

import httpx
import pytest
from pymongo import MongoClient

from deploy.local import demo_reports
from deploy.local.demonstration import Demonstration
from deploy.local.ports import free_ports
from deploy.local.stack import Stack
from deploy.local.trace import journey
from deploy.local.waiting import until
from shared.contracts.vocabulary import Ground, Topic


def test_all_topics_all_grounds_and_every_story_are_there() -> None:
    reports = demo_reports.load()
    assert {report.expect["topic"] for report in reports} == {topic.value for topic in Topic}
    assert {ground for report in reports for ground in report.expect["grounds"]} == {ground.value for ground in Ground}
    assert {"answered", "overdue", "sealed", "followed", "criticism"} <= {report.story for report in reports}
    assert all(report.reply for report in reports if report.story == "answered")
    assert len({report.name for report in reports}) == len(reports)


def test_criticism_is_never_flagged() -> None:
    assert all(not report.expect["grounds"] for report in demo_reports.load() if report.story == "criticism")


def test_ids_are_a_phones_kind_and_differ_between_stacks(tmp_path: Path) -> None:
    stacks = [Stack(tmp_path / name, free_ports()) for name in ("one", "two")]
    for stack in stacks:
        stack.folder.make()
    first, second = (Demonstration(stack) for stack in stacks)
    report = first.reports[0]
    assert uuid.UUID(first.report_id(report)).version == 4
    assert first.report_id(report) == Demonstration(stacks[0]).report_id(report)
    assert first.report_id(report) != second.report_id(report)


@pytest.mark.stack
def test_every_report_gets_its_case_once(stack: Stack) -> None:
    demonstration = Demonstration(stack)
    references = list(demonstration.send())
    cases = demonstration.wait_for_cases()
    assert len(set(references)) == len(demonstration.reports)
    assert list(demonstration.send()) == references
    assert demonstration.wait_for_cases() == cases


@pytest.mark.stack
def test_the_stories_are_played_once_each(stack: Stack) -> None:
    demonstration = Demonstration(stack)
    list(demonstration.send())
    demonstration.wait_for_cases()
    demonstration.play()
    stories = {report.story: report for report in demonstration.reports}
    answered, overdue = stories["answered"], stories["overdue"]
    with MongoClient[dict[str, object]](stack.operator_url) as client:
        cases = client["escalation"]["cases"]
        late = {"report_ids": demonstration.report_id(overdue), "history.kind": "deadline-missed"}
        until(lambda: cases.find_one(late), "the missed deadline is recorded")
    receipt = {"Report-Receipt": stack.secrets.derived_text("receipt", answered.name)}
    address = f"{stack.ports.url('intake')}/v1/reports/{demonstration.report_id(answered)}"
    until(lambda: httpx.get(address, headers=receipt).raise_for_status().json()["reply"] == answered.reply, "reply")
    assert demonstration.play() == []


@pytest.mark.stack
def test_the_followed_report_goes_its_five_steps(stack: Stack) -> None:
    demonstration = Demonstration(stack)
    list(demonstration.send())
    demonstration.wait_for_cases()
    reference = demonstration.followed()
    assert reference is not None
    way = journey(stack.operator_url, reference, stack.assembly.place.bodies)
    details = {stage.what: stage.detail for stage in way.stages}
    assert list(details) == ["gửi", "che", "cần ưu tiên", "hàng đợi", "đã báo người trực"]
    assert '"cuốn trôi"' in details["cần ưu tiên"]
    assert "còn 15 phút" in details["hàng đợi"]
