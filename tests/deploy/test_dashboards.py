"""Dashboards and alerts: each metric of the register is watched, each query is one that Prometheus can answer."""

import inspect
import json
import math
import re
import subprocess
import time
import uuid
from collections.abc import Callable, Iterator
from itertools import combinations
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml
from prometheus_client import Counter, Gauge, Histogram

from deploy.grafana import journey
from deploy.local.folder import ROOT
from deploy.local.ports import HOST, free_ports
from deploy.local.stack import Stack
from shared.runtime import metrics

GRAFANA = ROOT / "deploy" / "grafana"
PROMETHEUS = ROOT / "deploy" / "prometheus"
ALERT_TESTS = Path(__file__).with_name("alerts.test.yml")
SERVICES = ("intake", "classification", "escalation", "notification")
COMMITTEE = "steering-committee-35"
FLOOD = "Nước lũ tràn đê, sập nhà, có người bị cuốn trôi ở ấp Phú Mỹ, cần cứu hộ gấp."

Metric = Counter | Gauge | Histogram
Panel = dict[str, Any]


def registered() -> dict[str, Metric]:
    """Every metric of the register by Prometheus's name of it; a histogram by the name before `_bucket`."""
    found = [metric for _, metric in inspect.getmembers(metrics, lambda value: isinstance(value, Metric))]
    described = [(metric, metric.describe()[0]) for metric in found]
    return {f"{family.name}_total" if family.type == "counter" else family.name: metric for metric, family in described}


def panels() -> list[Panel]:
    """The panels of every committed dashboard."""
    boards = [json.loads(path.read_text(encoding="utf-8")) for path in (GRAFANA / "dashboards").glob("*.json")]
    return [panel for board in boards for panel in board["panels"] if panel["type"] != "row"]


def queries() -> dict[str, str]:
    """Each query of a panel, by the panel's title and the query's letter."""
    targets = [(panel["title"], target) for panel in panels() for target in panel["targets"]]
    return {f"{title} ({target['refId']})": target["expr"] for title, target in targets}


def alerts() -> list[dict[str, Any]]:
    """Every alert of the rules."""
    files = [yaml.safe_load(path.read_text(encoding="utf-8")) for path in PROMETHEUS.glob("*.rules.yml")]
    return [rule for file in files for group in file["groups"] for rule in group["rules"]]


def named_in(expression: str) -> set[str]:
    """The metrics of ours in a query, histograms by their own name."""
    return {re.sub(r"_(bucket|sum|count)$", "", name) for name in re.findall(r"\blangnghe_\w+", expression)}


EXPRESSIONS = {**queries(), **{f"alert {rule['alert']}": rule["expr"] for rule in alerts()}}


def test_the_committed_dashboard_is_what_the_code_makes() -> None:
    assert journey.FILE.read_text(encoding="utf-8") == journey.written()


def test_checking_tells_a_changed_dashboard(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    changed = tmp_path / "journey.json"
    changed.write_text(journey.written().replace("Kafka", "kafka", 1), encoding="utf-8")
    monkeypatch.setattr(journey, "FILE", changed)
    assert journey.main(["--check"]) == 1
    assert journey.main([]) == 0
    assert journey.main(["--check"]) == 0


@pytest.mark.parametrize("where", EXPRESSIONS)
def test_every_metric_in_a_query_is_registered(where: str) -> None:
    named = named_in(EXPRESSIONS[where])
    assert named <= registered().keys()
    assert named or where == "alert ServiceNotScraped"


@pytest.mark.parametrize("where", EXPRESSIONS)
def test_every_label_in_a_query_is_one_of_its_metrics(where: str) -> None:
    grouped = re.findall(r"\bby \(([^)]*)\)", EXPRESSIONS[where])
    matched = re.findall(r"(\w+)(?:=~|!~|!=|=)\"", EXPRESSIONS[where])
    used = {label.strip() for labels in grouped for label in labels.split(",")} | set(matched)
    of_metrics = {label for name in named_in(EXPRESSIONS[where]) for label in registered()[name]._labelnames}
    # Prometheus adds the first two to whatever it scrapes, and `le` to a histogram's buckets.
    assert used <= of_metrics | {"service", "job", "le"}


@pytest.mark.parametrize("name", registered())
def test_every_metric_is_watched_and_explained(name: str) -> None:
    assert any(name in named_in(expression) for expression in EXPRESSIONS.values())
    assert len(registered()[name].describe()[0].documentation) > 20


def test_no_metric_tells_where_or_about_whom() -> None:
    labels = {label for metric in registered().values() for label in metric._labelnames}
    assert labels & {"commune", "body", "queue", "sender", "key", "ground", "sealed"} == set()


def test_panels_have_a_title_their_own_place_and_our_source() -> None:
    source = yaml.safe_load((GRAFANA / "provisioning/datasources/prometheus.yml").read_text(encoding="utf-8"))
    uids = {entry["uid"] for entry in source["datasources"]}
    assert panels()
    assert {panel["datasource"]["uid"] for panel in panels()} == uids
    titles, ids = [panel["title"] for panel in panels()], [panel["id"] for panel in panels()]
    assert len(set(titles)) == len(titles)
    assert len(set(ids)) == len(ids)
    assert not [(a["title"], b["title"]) for a, b in combinations(panels(), 2) if overlap(a["gridPos"], b["gridPos"])]


def overlap(a: dict[str, int], b: dict[str, int]) -> bool:
    """Whether two panels lie over each other, or the first sticks out of the page of 24 columns."""
    across = a["x"] < b["x"] + b["w"] and b["x"] < a["x"] + a["w"]
    down = a["y"] < b["y"] + b["h"] and b["y"] < a["y"] + a["h"]
    return (across and down) or a["x"] + a["w"] > 24


def test_grafana_finds_the_dashboards_where_compose_puts_them() -> None:
    provider = yaml.safe_load((GRAFANA / "provisioning/dashboards/langnghe.yml").read_text(encoding="utf-8"))
    compose = yaml.safe_load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))
    path = provider["providers"][0]["options"]["path"]
    assert f"./deploy/grafana/dashboards:{path}:ro" in compose["services"]["grafana"]["volumes"]


def test_every_alert_says_how_urgent_it_is_what_happened_and_what_to_do() -> None:
    names = [rule["alert"] for rule in alerts()]
    assert len(set(names)) == len(names)
    for rule in alerts():
        assert rule["labels"]["severity"] in ("page", "ticket")
        assert set(rule["annotations"]) == {"summary", "remedy"}
        # Vietnamese has letters that no other language has.
        assert all(re.search("[ạảấầậđếềệịọốộớờợụứừựỳ]", text) for text in rule["annotations"].values()), rule["alert"]


def test_every_alert_is_tried_where_it_must_fire() -> None:
    tried = yaml.safe_load(ALERT_TESTS.read_text(encoding="utf-8"))
    samples = tried["tests"][0]["promql_expr_test"][0]["exp_samples"]
    fired = [re.findall(r'alertname="(\w+)"', sample["labels"])[0] for sample in samples]
    assert sorted(fired) == sorted(rule["alert"] for rule in alerts())
    series = {one["series"] for test in tried["tests"] for one in test["input_series"]}
    assert {name for one in series for name in named_in(one)} <= registered().keys()


@pytest.mark.needs("promtool", "prometheus")
@pytest.mark.parametrize(
    "arguments",
    [("check", "config", str(PROMETHEUS / "prometheus.yml")), ("test", "rules", str(ALERT_TESTS))],
    ids=["config", "alerts"],
)
def test_prometheus_accepts_configuration_and_alerts_fire_only_when_they_must(arguments: tuple[str, ...]) -> None:
    done = subprocess.run(["promtool", *arguments], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


class Prometheus:
    """A Prometheus of this run that scrapes the live services every second."""

    def __init__(self, url: str) -> None:
        self._url = url

    def values(self, query: str) -> list[float]:
        """The present values of a query; empty while Prometheus does not answer."""
        try:
            answer = httpx.get(f"{self._url}/api/v1/query", params={"query": query}, timeout=5)
        except httpx.TransportError:
            return []
        assert answer.is_success or answer.status_code == 503, f"{query}: {answer.text}"
        return [float(one["value"][1]) for one in answer.json()["data"]["result"]] if answer.is_success else []

    def answers(self, query: str) -> bool:
        """Whether a query has a value that can be drawn."""
        return any(not math.isnan(value) for value in self.values(query))


@pytest.fixture(scope="module")
def prometheus(stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Prometheus]:
    folder, port, status = tmp_path_factory.mktemp("prometheus"), free_ports().prometheus, stack.status()
    config = yaml.safe_load((PROMETHEUS / "prometheus.yml").read_text(encoding="utf-8"))
    config["global"] = {"scrape_interval": "1s", "evaluation_interval": "1s"}
    config["rule_files"] = [str(path) for path in PROMETHEUS.glob("*.rules.yml")]
    config["scrape_configs"] = [job for job in config["scrape_configs"] if job["job_name"] == "langnghe"]
    for target in config["scrape_configs"][0]["static_configs"]:
        target["targets"] = [status[target["labels"]["service"]]["url"].removeprefix("http://")]
    (folder / "prometheus.yml").write_text(yaml.safe_dump(config), encoding="utf-8")
    options = (f"--storage.tsdb.path={folder / 'data'}", f"--web.listen-address={HOST}:{port}", "--log.level=error")
    command = ["prometheus", f"--config.file={folder / 'prometheus.yml'}", *options]
    with subprocess.Popen(command) as process:
        try:
            yield Prometheus(f"http://{HOST}:{port}")
        finally:
            process.terminate()


def eventually(condition: Callable[[], object], what: str, seconds: float = 60) -> None:
    """Wait for a condition; a failure names it."""
    until = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until, what
        time.sleep(0.2)


def send(status: dict[str, Any]) -> str:
    """Send a report of a flood through the real API; answer its reference."""
    commune, key = next(iter(status["keys"]["communes"].items()))
    report = {"id": str(uuid.uuid4()), "receipt": uuid.uuid4().hex, "commune": commune, "text": FLOOD}
    answer = httpx.post(
        f"{status['intake']['url']}/v1/reports", json=report, headers={"Authorization": f"Bearer {key}"}, timeout=10
    )
    assert answer.status_code == 202, answer.text
    return str(answer.json()["reference"])


def acknowledge(status: dict[str, Any], reference: str) -> None:
    """Acknowledge the report's case as the committee's duty officer does, as soon as it is in the queue."""
    key = status["keys"]["officers"][COMMITTEE]
    with httpx.Client(base_url=status["escalation"]["url"], headers={"Authorization": f"Bearer {key}"}) as officer:

        def found() -> list[dict[str, Any]]:
            answer = officer.get("/v1/cases", params={"queue": COMMITTEE, "q": reference})
            assert answer.is_success, answer.text
            items: list[dict[str, Any]] = answer.json()["items"]
            return items

        eventually(found, f"{reference} in the committee's queue")
        case = officer.get(f"/v1/cases/{found()[0]['case_id']}")
        headers = {"If-Match": case.headers["ETag"], "Idempotency-Key": str(uuid.uuid4())}
        answer = officer.post(f"/v1/cases/{case.json()['case_id']}/acknowledge", headers=headers, json={})
        assert answer.is_success, answer.text


@pytest.mark.stack
@pytest.mark.needs("prometheus", "prometheus")
def test_every_panel_shows_something_of_the_live_stack(stack: Stack, prometheus: Prometheus) -> None:
    eventually(lambda: sum(prometheus.values('up{job="langnghe"}')) == len(SERVICES), "all four services are scraped")
    acknowledge(stack.status(), send(stack.status()))

    silent = queries()
    until = time.monotonic() + 40
    while silent and time.monotonic() < until:
        # A series that is born with its first event shows a rate from the second on.
        send(stack.status())
        time.sleep(2)
        silent = {where: query for where, query in silent.items() if not prometheus.answers(query)}
    assert silent == {}


@pytest.mark.stack
@pytest.mark.needs("prometheus", "prometheus")
def test_no_alert_fires_while_all_is_well(stack: Stack, prometheus: Prometheus) -> None:
    eventually(lambda: sum(prometheus.values('up{job="langnghe"}')) == len(SERVICES), "all four services are scraped")
    assert prometheus.values('ALERTS{alertstate="firing"}') == []
