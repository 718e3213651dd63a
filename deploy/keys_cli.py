"""`langnghe keys …`: issues, lists and revokes the keys with which communes send."""

import asyncio
import os
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

import typer

from deploy.local.commune_keys import key_store
from deploy.local.settings import stack_of_this_checkout

keys = typer.Typer(help="Khóa gửi của xã và tổ chức.", no_args_is_help=True)


@keys.callback()
def _group() -> None:
    """Khóa gửi của xã và tổ chức (keys of communes and organisations)."""


@keys.command()
def issue(
    commune: Annotated[str, typer.Option(help="Mã xã, phường, đặc khu, năm chữ số: 30337; * là mọi nơi.")],
    label: Annotated[str, typer.Option(help="Cơ quan giữ khóa, không ghi tên người (an office, never a person).")] = "",
    days: Annotated[int, typer.Option(min=1, help="Số ngày còn giá trị (valid for).")] = 365,
) -> None:
    """Cấp một khóa; khóa chỉ hiện ra một lần (the key is shown once)."""
    if commune != "*" and not (len(commune) == 5 and commune.isdigit()):
        raise typer.BadParameter("commune: năm chữ số, hoặc * (five digits, or *)")
    expires = datetime.now(UTC) + timedelta(days=days)

    async def issued() -> str:
        async with key_store(_mongo_url()) as store:
            return await store.issue([commune], label or f"Xã {commune}", expires)

    typer.echo(asyncio.run(issued()))


@keys.command("list")
def show() -> None:
    """Liệt kê các khóa: không khóa nào đọc lại được (labels and times; no key can be read back)."""

    async def found() -> list[dict[str, Any]]:
        async with key_store(_mongo_url()) as store:
            return await store.all()

    for entry in asyncio.run(found()):
        state = "đã thu hồi" if entry["revoked_at"] else f"đến {entry['expires_at']:%d/%m/%Y}"
        typer.echo(f"{entry['id']}  {','.join(entry['communes'])}  {entry['label']}  {state}")


@keys.command()
def revoke(key_id: Annotated[str, typer.Argument(help="Mã trong `langnghe keys list`, từ 8 ký tự.")]) -> None:
    """Thu hồi một khóa (revoke a key)."""

    async def revoked() -> int:
        async with key_store(_mongo_url()) as store:
            return await store.revoke(key_id)

    try:
        count = asyncio.run(revoked())
    except ValueError as error:
        raise typer.BadParameter(str(error)) from None
    typer.echo(f"Đã thu hồi {count} khóa.")
    if not count:
        raise typer.Exit(1)


def _mongo_url() -> str:
    return os.environ.get("LANGNGHE_MONGO_URL") or stack_of_this_checkout().assembly.mongo_url("intake")
