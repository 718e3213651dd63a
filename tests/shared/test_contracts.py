"""The generated documents match the models, the models are what CloudEvents says, and only masked text fits in."""

from datetime import UTC, datetime
from typing import Any

import jsonschema
import pytest
import yaml
from pydantic import BaseModel, ValidationError

from shared.contracts import generate
from shared.contracts.envelope import NAMESPACE, Data, Event, event_id
from shared.contracts.events import CASE_EVENTS, CaseOpened, Evidence, ReportWithdrawn
from shared.contracts.text import LeakingTextError, MaskedText
from shared.contracts.topics import EVENTS_OF
from shared.contracts.vocabulary import GROUND_WORDS, TOPIC_WORDS, CaseState, Ground, Topic

AT = datetime(2026, 11, 20, 8, tzinfo=UTC)
ID = "00000000-0000-4000-8000-000000000001"
ALL_EVENTS = sorted({event for events in EVENTS_OF.values() for event in events}, key=lambda data: data.event_name())


def withdrawn() -> Event[ReportWithdrawn]:
    data = ReportWithdrawn(report_id=ID, withdrawn_at=AT)
    return Event[ReportWithdrawn].of(data, subject=ID, sequence=2, time=AT, source="/angiang/intake")


def test_the_committed_documents_are_generated_from_the_models() -> None:
    assert generate.drift() == []


def test_drift_is_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
    monkeypatch.setattr(generate, "FOLDER", tmp_path)
    assert len(generate.drift()) == len(ALL_EVENTS) + 1


@pytest.mark.parametrize("data", ALL_EVENTS, ids=lambda data: data.event_name())
def test_every_schema_is_a_schema(data: type[Data]) -> None:
    jsonschema.Draft202012Validator.check_schema(generate.schema_of(data))


def test_an_event_is_valid_by_its_schema() -> None:
    event = withdrawn()
    schema = generate.schema_of(ReportWithdrawn)
    jsonschema.validate(event.model_dump(mode="json", exclude_none=True), schema)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({**event.model_dump(mode="json"), "type": "vn.langnghe.other.v1"}, schema)


def test_every_reference_of_the_asyncapi_document_leads_somewhere() -> None:
    document = yaml.safe_load((generate.FOLDER / "asyncapi.yaml").read_text("utf-8"))
    assert document["asyncapi"] == "3.0.0"
    for channel in document["channels"].values():
        for message in channel["messages"].values():
            name = message["$ref"].rsplit("/", 1)[1]
            schema = document["components"]["messages"][name]["payload"]["schema"]["$ref"]
            assert (generate.FOLDER / schema).is_file()
    for operation in document["operations"].values():
        assert operation["channel"]["$ref"].rsplit("/", 1)[1] in document["channels"]


def test_an_id_is_derived_from_subject_type_and_sequence() -> None:
    assert withdrawn().id == withdrawn().id == event_id(ID, "vn.langnghe.report-withdrawn.v1", 2)
    assert withdrawn().id.version == 5
    assert str(NAMESPACE) == "6c4e1c9a-6f0e-5d0b-9c55-6a2f1b7f3d35"  # it never changes: all ids would


def test_the_envelope_says_what_cloudevents_says() -> None:
    said = withdrawn().model_dump(mode="json", exclude_none=True)
    assert said["specversion"] == "1.0"
    assert said["type"] == "vn.langnghe.report-withdrawn.v1"
    assert said["dataschema"] == "urn:langnghe:schema:report-withdrawn:v1"
    assert Event[ReportWithdrawn].read(withdrawn().to_json()) == withdrawn()


def test_a_producer_is_closed_and_a_consumer_open() -> None:
    with pytest.raises(ValidationError):
        ReportWithdrawn(report_id=ID, withdrawn_at=AT, author="ai đó")  # type: ignore[call-arg]
    newer = withdrawn().to_json().replace(b'"data":{', b'"data":{"tomorrow":1,')
    assert Event[ReportWithdrawn].read(newer) == withdrawn()


def test_a_time_without_a_zone_is_refused() -> None:
    with pytest.raises(ValidationError):
        ReportWithdrawn(report_id=ID, withdrawn_at=AT.replace(tzinfo=None))


@pytest.mark.parametrize(
    "text", ["gọi 0912 345 678", "gọi 0912.345.678", "o912-345-678", "a@example.vn", "xem https://example.vn/a"]
)
def test_text_that_leaks_is_refused_when_it_is_made(text: str) -> None:
    with pytest.raises(LeakingTextError):
        MaskedText(text)


def test_a_contract_takes_masked_text_alone_from_whoever_writes() -> None:
    with pytest.raises(ValidationError):
        Evidence(quote="lót tay", rule="r", explanation="e")  # type: ignore[arg-type]
    assert Evidence(quote=MaskedText("lót tay"), rule="r", explanation="e").quote == "lót tay"
    with pytest.raises(ValidationError):
        Evidence(quote=MaskedText("dài " * 30), rule="r", explanation="e")


def test_what_was_once_published_can_be_read() -> None:
    read = Evidence.model_validate_json('{"quote": "0912 345 678", "rule": "r", "explanation": "e"}')
    assert isinstance(read.quote, MaskedText)


def test_a_hotline_that_is_configured_may_stand_in_text() -> None:
    assert MaskedText("gọi 1900 9095 00", hotlines=["1900909500"]) == "gọi 1900 9095 00"
    with pytest.raises(LeakingTextError):
        MaskedText("gọi 1900 9095 00")


FORBIDDEN = (
    "author",
    "sender",
    "name",
    "phone",
    "device",
    "address",
    "sentiment",
    "stance",
    "opinion",
    "religion",
    "score",
)


@pytest.mark.parametrize("data", ALL_EVENTS, ids=lambda data: data.event_name())
def test_no_contract_has_a_place_for_who_said_it_or_what_they_think(data: type[BaseModel]) -> None:
    assert not [field for field in data.model_fields for word in FORBIDDEN if word in field]


def test_the_closed_lists_are_as_long_as_they_were_decided_and_have_their_words() -> None:
    assert len(Topic) == len(TOPIC_WORDS) == 13
    assert len(Ground) == len(GROUND_WORDS) == 6
    assert len(CASE_EVENTS) == 17


def test_a_case_as_others_see_it_needs_neither_report_nor_place() -> None:
    notice = CaseOpened(
        case_id=ID, queue="steering-committee-35", sealed=True, state=CaseState.NEW, case_version=1, opened_at=AT
    )
    assert notice.model_dump(exclude_defaults=True).keys() == {
        "case_id", "queue", "sealed", "state", "case_version", "opened_at",
    }  # fmt: skip
