"""Masked text: the only type of text that a contract accepts."""

from collections.abc import Iterable
from typing import Any, Self

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, core_schema

from shared.text.leaks import leaks

QUOTE_LENGTH = 80
"""The longest quotation of a report as evidence, in characters."""


class LeakingTextError(ValueError):
    """Text that is about to be made masked still holds what masking must have removed."""


class MaskedText(str):
    """Text without a run of nine or more digits, an `@` or a link; the hotlines given may stand in it.

    Made from text, it is checked and raises `LeakingTextError`. Read from an event or a store it is taken as it
    is: whoever wrote it there had to make it first, and a consumer must be able to read what was once published.
    """

    __slots__ = ()

    def __new__(cls, text: str, hotlines: Iterable[str] = ()) -> Self:
        """Check `text` and make it masked."""
        if leak := leaks(text, frozenset(hotlines)):
            raise LeakingTextError(f"the text still holds personal data ({leak}): mask it first")
        return super().__new__(cls, text)

    @classmethod
    def stored(cls, text: str) -> Self:
        """Take text that was checked when it was made: a document of a store, a quotation of masked text."""
        return str.__new__(cls, text)

    @classmethod
    def __get_pydantic_core_schema__(cls, _source: Any, _handler: GetCoreSchemaHandler) -> CoreSchema:
        read = core_schema.no_info_after_validator_function(cls.stored, core_schema.str_schema())
        return core_schema.json_or_python_schema(
            json_schema=read,
            python_schema=core_schema.is_instance_schema(cls),
            serialization=core_schema.plain_serializer_function_ser_schema(str, return_schema=core_schema.str_schema()),
        )

    @classmethod
    def __get_pydantic_json_schema__(cls, _schema: CoreSchema, _handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        return {"type": "string", "description": "Masked text: no personal data."}
