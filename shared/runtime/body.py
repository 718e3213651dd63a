"""Reads a request's body, but never more of it than is allowed."""

from typing import TypeVar

from fastapi import Request
from pydantic import BaseModel, ValidationError
from starlette.requests import ClientDisconnect

from shared.runtime.problems import Problem, invalid

LARGEST_BODY = 64 * 1024

Body = TypeVar("Body", bound=BaseModel)


async def limited_body(request: Request, limit: int = LARGEST_BODY) -> bytes:
    """The whole body in bytes. Raises the problem `too-large` (413) as soon as it is over `limit`.

    Raises `bad-request` (400) where the sender is gone before its end: a bad network is no failure of ours.
    """
    declared = request.headers.get("content-length", "")
    if declared.isdigit() and int(declared) > limit:
        raise too_large(limit)
    body = bytearray()
    try:
        async for chunk in request.stream():
            body += chunk
            if len(body) > limit:
                raise too_large(limit)
    except ClientDisconnect:
        words = ("Kết nối bị ngắt giữa chừng; hãy gửi lại.", "The connection broke off; send it again.")
        raise Problem("bad-request", words) from None
    return bytes(body)


def parsed(model: type[Body], body: bytes) -> Body:
    """The body as `model`. Raises the problem `invalid` (422), which names every field that is wrong."""
    try:
        return model.model_validate_json(body)
    except ValidationError as error:
        raise invalid(error) from None


def too_large(limit: int) -> Problem:
    """413, with the size that is allowed."""
    kibibytes = limit // 1024
    return Problem(
        "too-large",
        (f"Nội dung gửi vượt quá {kibibytes} KiB; hãy chia nhỏ.", f"The body is over {kibibytes} KiB; split it."),
    )
