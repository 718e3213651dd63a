"""`langnghe keys …`: issues, lists and revokes the keys with which communes send."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

import typer

from services.intake.keys import Keys
from shared.runtime.mongo import Mongo
from shared.runtime.settings import Settings

CONNECT_SECONDS = 30

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


@contextlib.asynccontextmanager
async def key_store(mongo_url: str) -> AsyncIterator[Keys]:
    """The intake's own store of keys, connected. Raises `TimeoutError` while MongoDB does not answer."""
    mongo = Mongo(mongo_url, "intake")
    await mongo.start()
    try:
        async with asyncio.timeout(CONNECT_SECONDS):
            while not mongo.ready():  # noqa: ASYNC110 - the store offers no event
                await asyncio.sleep(0.05)
        yield Keys(mongo)
    finally:
        await mongo.stop()


def _mongo_url() -> str:
    settings = Settings()
    if "mongo_url" in settings.model_fields_set:
        return settings.mongo_url.get_secret_value()
    # Only here: a server's image holds no local stack.
    from deploy.local.settings import stack_of_this_checkout

    return stack_of_this_checkout().assembly.mongo_url("intake")
