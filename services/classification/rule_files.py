"""One file of rules: its version, its list of rules and its named word lists."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from shared.runtime.configuration import ConfigurationFile

WordList = str | list[str]

_REMEDIES = {
    "string_pattern_mismatch": "phải là ngày sửa, ví dụ 2026-11-23; hãy ghi lại",
    "list_type": "phải là danh sách; hãy bắt đầu mỗi luật bằng '- id:'",
    "dict_type": "luật phải có trường; hãy bắt đầu bằng '- id:'",
}


class _Content(BaseModel):
    model_config = ConfigDict(extra="allow")
    __pydantic_extra__: dict[str, WordList]

    version: Annotated[str, Field(pattern=r"^\d{4}-\d{2}-\d{2}(\.\d+)?$")]
    rules: list[dict[str, Any]] = []


@dataclass(frozen=True, slots=True)
class RuleFile:
    """A file's version, its rules (a list `rules`) and its named word lists (everything else)."""

    file: ConfigurationFile
    version: str
    rules: list[dict[str, Any]]
    lists: dict[str, WordList]


def read_rule_file(path: Path) -> RuleFile:
    """Read a file; `ConfigurationError` if it cannot be read, or lacks its version."""
    file = ConfigurationFile.read(path)
    content = file.parse(_Content, remedies=_REMEDIES)
    return RuleFile(file, content.version, content.rules, content.__pydantic_extra__)
