"""What a journey needs of the live stack: its addresses and keys, its database, its feeds, what was sent."""

import json
import time
from collections.abc import Callable, Iterator
from typing import Any
from uuid import uuid4

import httpx
import pytest
from confluent_kafka import Consumer, TopicPartition
from pymongo import MongoClient

from deploy.local.stack import Stack

COMMITTEE = "steering-committee-35"


def until(condition: Callable[[], Any], what: str, seconds: float = 150) -> Any:
    """The first true answer of `condition`; fails naming `what` after `seconds`."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if answer := condition():
            return answer
        time.sleep(0.05)
    raise AssertionError(f"waited {seconds} s in vain for {what}")


class Province:
    """The live stack as its users see it."""

    def __init__(self, stack: Stack) -> None:
        self.stack = stack
        self.status = stack.status()
        self.http = httpx.Client(timeout=30)
        self.mongo: MongoClient[dict[str, Any]] = MongoClient(self.status["mongodb"]["url"], tz_aware=True)
        self.commune, self.key = next(iter(self.status["keys"]["communes"].items()))

    def close(self) -> None:
        self.http.close()
        self.mongo.close()

    @property
    def cases(self) -> Any:
        """The collection of cases."""
        return self.mongo["escalation"]["cases"]

    def body(self, text: str, **more: Any) -> dict[str, Any]:
        return {"id": str(uuid4()), "receipt": uuid4().hex * 2, "commune": self.commune, "text": text, **more}

    def post(self, body: dict[str, Any]) -> httpx.Response:
        headers = {"Authorization": f"Bearer {self.key}"}
        return self.http.post(f"{self.status['intake']['url']}/v1/reports", json=body, headers=headers)

    def send(self, text: str, **more: Any) -> dict[str, Any]:
        """Send a report that must be accepted; the body as sent."""
        body = self.body(text, **more)
        assert self.post(body).status_code == 202
        return body

    def cases_of(self, report_id: str, count: int = 1) -> list[dict[str, Any]]:
        """The cases of a report, once there are as many."""
        return until(
            lambda: (found := list(self.cases.find({"report_ids": report_id}))) and len(found) >= count and found,
            f"{count} case(s) of report {report_id}",
        )

    def report(self, body: dict[str, Any]) -> dict[str, Any]:
        """The report as its receipt opens it."""
        url = f"{self.status['intake']['url']}/v1/reports/{body['id']}"
        response = self.http.get(url, headers={"Report-Receipt": body["receipt"]})
        assert response.status_code == 200, response.text
        return response.json()

    def officer(self, body: str, method: str, path: str, **options: Any) -> httpx.Response:
        """A request to the escalation service with the key of a body's officer."""
        headers = {"Authorization": f"Bearer {self.status['keys']['officers'][body]}", **options.pop("headers", {})}
        return self.http.request(method, f"{self.status['escalation']['url']}{path}", headers=headers, **options)

    def move(self, body: str, case_id: str, verb: str, version: int, content: dict[str, Any]) -> httpx.Response:
        """An officer's move on a case at a version."""
        headers = {"If-Match": f'"{version}"', "Idempotency-Key": str(uuid4())}
        return self.officer(body, "POST", f"/v1/cases/{case_id}/{verb}", json=content, headers=headers)

    def feed(self, topic: str) -> list[dict[str, Any]]:
        """Every event on a topic, from its beginning to its end as of now."""
        consumer = Consumer({"bootstrap.servers": self.stack.bootstrap, "group.id": "unused", "log_level": 0})
        name = f"{self.status['kafka']['prefix']}.{topic}"
        partitions = [TopicPartition(name, number, 0) for number in consumer.list_topics(name).topics[name].partitions]
        left = sum(consumer.get_watermark_offsets(partition)[1] for partition in partitions)
        consumer.assign(partitions)
        events = []
        while len(events) < left and (message := consumer.poll(10)):
            events.append(json.loads(message.value()))
        consumer.close()
        return events

    def sent(self) -> list[dict[str, Any]]:
        """Every message that the roster's webhook took."""
        messages: list[dict[str, Any]] = self.http.get(f"{self.status['sent']}/messages").json()
        return messages


@pytest.fixture(scope="session")
def province(stack: Stack) -> Iterator[Province]:
    province = Province(stack)
    yield province
    province.close()
