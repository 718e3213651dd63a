"""Makes the JSON Schemas and the AsyncAPI document from the models; `--check` says where the committed ones differ."""

import json
import sys
from pathlib import Path
from typing import Any

import yaml

from shared.contracts.envelope import Data, Event
from shared.contracts.topics import EVENTS_OF

FOLDER = Path(__file__).parent


def schema_of(data: type[Data]) -> dict[str, Any]:
    """The JSON Schema of the whole record: envelope and data."""
    schema = Event[data].model_json_schema(mode="serialization")  # type: ignore[valid-type]
    schema["$schema"] = "https://json-schema.org/draft/2020-12/schema"
    schema["$id"] = data.schema_name()
    schema["title"] = data.__name__
    schema["description"] = (data.__doc__ or "").strip()
    schema["properties"]["type"] = {"const": data.event_type(), "type": "string"}
    schema["properties"]["dataschema"] = {"const": data.schema_name(), "type": "string"}
    return schema


def schema_file(data: type[Data]) -> str:
    """`report-submitted.v1.json`"""
    return f"{data.event_name()}.v{data.version}.json"


def asyncapi() -> dict[str, Any]:
    """The AsyncAPI 3 document: every channel with its messages."""
    events = sorted({event for events in EVENTS_OF.values() for event in events}, key=lambda event: event.event_name())
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Lắng Nghe",
            "version": "1.0.0",
            "description": "What the services of a province say to each other and to downstream systems.",
            "license": {"name": "AGPL-3.0-or-later"},
        },
        "defaultContentType": "application/json",
        "channels": {_channel_id(topic): _channel(topic, events) for topic, events in EVENTS_OF.items()},
        "operations": {f"publish-{_channel_id(topic)}": _operation(topic) for topic in EVENTS_OF},
        "components": {
            "messages": {
                event.event_name(): {
                    "name": event.event_type(),
                    "title": event.__name__,
                    "summary": (event.__doc__ or "").strip().splitlines()[0],
                    "contentType": "application/cloudevents+json",
                    "payload": {
                        "schemaFormat": "application/schema+json;version=draft-2020-12",
                        "schema": {"$ref": f"./schemas/{schema_file(event)}"},
                    },
                }
                for event in events
            }
        },
    }


def _channel_id(topic: str) -> str:
    return topic.replace("{", "").replace("}", "").replace(".", "-")


def _channel(topic: str, events: tuple[type[Data], ...]) -> dict[str, Any]:
    channel: dict[str, Any] = {
        "address": f"{{province}}.{topic}",
        "messages": {event.event_name(): {"$ref": f"#/components/messages/{event.event_name()}"} for event in events},
        "parameters": {"province": {"description": "The province's slug.", "examples": ["angiang"]}},
    }
    if "{body}" in topic:
        channel["parameters"]["body"] = {"description": "The body's slug.", "examples": ["steering-committee-35"]}
    return channel


def _operation(topic: str) -> dict[str, Any]:
    return {"action": "send", "channel": {"$ref": f"#/channels/{_channel_id(topic)}"}}


def documents() -> dict[Path, str]:
    """Every generated file with its text."""
    events = {event for events in EVENTS_OF.values() for event in events}
    files = {FOLDER / "schemas" / schema_file(event): _json(schema_of(event)) for event in events}
    files[FOLDER / "asyncapi.yaml"] = yaml.safe_dump(asyncapi(), allow_unicode=True, sort_keys=False, width=120)
    return files


def drift() -> list[str]:
    """The names of generated files that differ from the models, are missing, or have no model any more."""
    wanted = documents()
    stale = [path.name for path in (FOLDER / "schemas").glob("*.json") if path not in wanted]
    changed = [path.name for path, text in wanted.items() if not path.exists() or path.read_text("utf-8") != text]
    return sorted(stale + changed)


def _json(schema: dict[str, Any]) -> str:
    return json.dumps(schema, ensure_ascii=False, indent=2) + "\n"


def main(arguments: list[str]) -> int:
    """Write the documents, or with `--check` exit 1 and name those that drifted."""
    if "--check" in arguments:
        drifted = drift()
        for name in drifted:
            sys.stderr.write(f"{name} differs from shared/contracts: run `make contracts` and commit it\n")
        return 1 if drifted else 0
    (FOLDER / "schemas").mkdir(exist_ok=True)
    for path, text in documents().items():
        path.write_text(text, "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
