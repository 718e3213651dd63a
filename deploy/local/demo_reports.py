"""The invented reports of the demonstration, as they are written in `demo_reports.yaml`."""

from functools import cache
from pathlib import Path
from typing import Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field

FILE = Path(__file__).with_name("demo_reports.yaml")

Story = Literal["answered", "overdue", "sealed", "followed", "criticism"]


class DemoReport(BaseModel):
    """One invented report: what is sent, what should come of it, and the part it plays in the demonstration."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str
    text: str
    kind: str = "matter"
    commune: str = Field(pattern=r"^[0-9]{5}$")
    place: str | None = None
    urgency: str = "normal"
    private: str = "no"
    people_affected: str | None = None
    days_ago: int = Field(0, ge=0)
    expect: dict[str, Any] = Field(default_factory=dict)
    story: Story | None = None
    reply: str | None = None


@cache
def load() -> tuple[DemoReport, ...]:
    """Every report, in the file's order."""
    content = yaml.safe_load(FILE.read_text(encoding="utf-8"))
    entries = content["reports"] if isinstance(content, dict) else content
    return tuple(DemoReport.model_validate(entry) for entry in entries)


def communes() -> set[str]:
    """The codes of the communes that send them."""
    return {report.commune for report in load()}
