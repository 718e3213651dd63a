"""The register of topics: read with names for what is wrong, and a broker brought in line with it."""

from pathlib import Path

import pytest
import yaml
from confluent_kafka.admin import AdminClient, AlterConfigOpType, ConfigEntry, ConfigResource, ResourceType

from deploy.kafka.register import REGISTER, RegisterError, bodies_of, load
from deploy.kafka.topics import ensure
from deploy.local.folder import ROOT
from deploy.local.stack import Stack
from deploy.local.waiting import until
from shared.contracts.topics import BODY_CASES, DEAD_LETTERS, EVENTS_OF

DAY_MS = 86_400_000
WEEK_MS = 7 * DAY_MS


def test_the_register_and_the_code_name_the_same_topics_and_events() -> None:
    entries = {entry.name: entry for entry in load().entries}
    assert entries.keys() == EVENTS_OF.keys() | {DEAD_LETTERS}
    for name, events in EVENTS_OF.items():
        assert set(entries[name].events) == {event.event_name() for event in events}, name


def test_every_topic_has_an_owner_that_alone_writes_and_a_consumer_that_may_read() -> None:
    register = load()
    for entry in register.expanded(["inspectorate"]):
        assert entry.owner in register.services
        assert entry.permissions.write == [entry.owner]
        assert set(entry.consumers) == set(entry.permissions.read)


def test_text_is_kept_no_longer_than_promised() -> None:
    for entry in load().entries:
        if entry.carries_text:
            longest = 12 * DAY_MS if entry.name == DEAD_LETTERS else WEEK_MS
            assert entry.retention_ms is not None, entry.name
            assert entry.retention_ms <= longest, entry.name
            assert entry.segment_ms <= DAY_MS, entry.name


def test_a_feed_for_each_body_and_dead_letters_for_each_group() -> None:
    register = load()
    names = {spec.name for spec in register.topics("angiang", ["health", "inspectorate"])}
    assert {"angiang.body.health.cases.v1", "angiang.body.inspectorate.cases.v1"} <= names
    assert {f"angiang.dead.{group}" for group in register.groups} <= names
    assert not any("{" in name for name in names)


def test_a_body_reads_its_own_feed_alone() -> None:
    for entry in load().expanded(["health", "inspectorate"]):
        bodies = {reader for reader in entry.permissions.read if reader.startswith("body.")}
        assert bodies in (set(), {entry.name.removesuffix(".cases.v1")})


def test_the_province_has_a_feed_for_the_committee() -> None:
    assert "steering-committee-35" in bodies_of(ROOT / "deploy" / "provinces" / "angiang")


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"retention_ms": None}, "internal.reports.v1.*retention_ms"),
        ({"segment_ms": 2 * DAY_MS}, "internal.reports.v1.*segment_ms"),
        ({"owner": None}, "internal.reports.v1 → owner"),
        ({"cleanup": "both"}, "internal.reports.v1 → cleanup"),
        ({"colour": "red"}, "internal.reports.v1 → colour"),
        ({"consumers": []}, "internal.reports.v1 → consumers"),
    ],
)
def test_what_is_wrong_is_named_by_entry_and_field(tmp_path: Path, change: dict[str, object], named: str) -> None:
    content = yaml.safe_load(REGISTER.read_text(encoding="utf-8"))
    content["topics"][0] |= change
    path = tmp_path / "topics.yaml"
    path.write_text(yaml.safe_dump(content), encoding="utf-8")
    with pytest.raises(RegisterError, match=named):
        load(path)


def test_drift_is_set_right_and_said(local: Stack, kafka: str) -> None:
    name = f"angiang.{BODY_CASES.format(body='health')}"
    spec = next(spec for spec in load().topics("angiang", ["health"]) if spec.name == name)
    change = ConfigEntry("retention.ms", "1000", incremental_operation=AlterConfigOpType.SET)
    resource = ConfigResource(ResourceType.TOPIC, name, incremental_configs=[change])
    admin = AdminClient({"bootstrap.servers": kafka})
    admin.incremental_alter_configs([resource])[resource].result()

    # A broker shows what its controller decided a moment later.
    until(lambda: ensure(kafka, [spec]) == [f"set {name}: retention.ms={spec.config['retention.ms']}"], "drift seen")
    until(lambda: ensure(kafka, [spec]) == [], "nothing left to set")


def test_another_number_of_partitions_is_refused(local: Stack, kafka: str) -> None:
    spec = next(spec for spec in load().topics("angiang", ["health"]) if "health" in spec.name)
    with pytest.raises(RegisterError, match="has 12 partitions, the register says 13"):
        ensure(kafka, [spec.model_copy(update={"partitions": 13})])
