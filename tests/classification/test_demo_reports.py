"""The invented reports of the demonstration are what they say they are, and show all that there is to show."""

import csv
from collections import Counter
from pathlib import Path

import pytest
import yaml

from shared.contracts.vocabulary import Ground, Topic, Urgency
from shared.text.masking import Masker
from tests.classification.labelled import labels

FILE = Path(__file__).parents[2] / "deploy" / "local" / "demo_reports.yaml"
REPORTS = yaml.safe_load(FILE.read_text(encoding="utf-8"))
STORIES = Counter(report["story"] for report in REPORTS if "story" in report)


def _of(story: str) -> list[dict]:
    return [report for report in REPORTS if report.get("story") == story]


@pytest.mark.parametrize("report", REPORTS, ids=lambda report: report["name"])
def test_the_rules_find_what_is_expected(report: dict) -> None:
    found = labels(Masker().mask(report["text"]).text)
    assert (found.topics[0], found.grounds) == (report["expect"]["topic"], set(report["expect"]["grounds"]))
    assert labels(report["text"]).grounds == found.grounds


def test_all_topics_and_grounds_are_shown() -> None:
    assert {report["expect"]["topic"] for report in REPORTS} == set(Topic)
    assert {ground for report in REPORTS for ground in report["expect"]["grounds"]} == set(Ground)


def test_the_stories() -> None:
    assert STORIES.keys() == {"answered", "overdue", "sealed", "followed", "criticism"}
    assert STORIES["answered"] == STORIES["overdue"] == STORIES["followed"] == STORIES["criticism"] == 1
    assert all(report.get("reply") for report in _of("answered"))
    assert not any("reply" in report for report in REPORTS if report.get("story") != "answered")
    assert {"danger_to_life", "disaster"} == set(_of("followed")[0]["expect"]["grounds"])
    assert _of("criticism")[0]["expect"]["grounds"] == []
    overdue = set(_of("overdue")[0]["expect"]["grounds"])
    assert overdue == set() or "public_health" in overdue


def test_some_are_sealed() -> None:
    assert any(
        "abuse_of_office" in report["expect"]["grounds"] and report["private"] == "office" for report in _of("sealed")
    )
    assert any({"danger_to_life", "abuse_of_office"} <= set(report["expect"]["grounds"]) for report in REPORTS)


def test_one_is_dangerous_only_by_its_senders_word() -> None:
    assert any(report["urgency"] == Urgency.DANGER and not report["expect"]["grounds"] for report in REPORTS)


def test_personal_data_is_there_to_be_masked() -> None:
    masked = Counter()
    for report in REPORTS:
        masked.update(Masker().mask(report["text"]).counts)
    assert {"phone", "person", "email"} <= masked.keys()


def test_many_communes_send_them() -> None:
    communes = {report["commune"] for report in REPORTS}
    assert len(communes) >= 15
    registers = list((FILE.parents[1] / "provinces" / "angiang").glob("communes*.csv"))
    for register in registers:
        with register.open(encoding="utf-8") as file:
            assert communes <= {row["code"] for row in csv.DictReader(file)}


def test_each_is_a_report_that_can_be_sent() -> None:
    assert len({report["name"] for report in REPORTS}) == len(REPORTS) >= 40
    assert all(10 <= len(report["text"]) <= 2_000 for report in REPORTS)
