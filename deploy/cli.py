"""The command `langnghe`: the local stack for a first look, keys and topics for an operator."""

import json
import logging
import os
import subprocess
from typing import Annotated

import structlog
import typer
from rich.console import Console

from deploy.keys_cli import keys
from deploy.local import screen
from deploy.local.demonstration import Demonstration
from deploy.local.ports import PortsBusyError
from deploy.local.settings import stack_of_this_checkout
from deploy.local.trace import UnknownReferenceError, journey
from deploy.local.waiting import NotReadyError
from deploy.topics_cli import kafka

app = typer.Typer(
    help="Lắng Nghe: nghe phản ánh của dân, trả lời đúng hạn.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.add_typer(keys, name="keys")
app.add_typer(kafka, name="kafka")
console = Console(highlight=False)


@app.callback()
def _quiet() -> None:
    # The services' own log lines are for their log files; what goes wrong here is said by the command.
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))


@app.command()
def up(
    demo: Annotated[bool, typer.Option(help="Gửi phản ánh bịa để xem thử (send the invented reports).")] = True,
) -> None:
    """Chạy cả hệ thống trên máy này (start everything on this machine)."""
    stack = stack_of_this_checkout()
    try:
        screen.starting(console, stack)
        if demo:
            screen.demonstrating(console, stack, Demonstration(stack))
        screen.invitation(console, stack)
        stack.learn()
    except (PortsBusyError, NotReadyError, FileNotFoundError) as error:
        _fail(error)


@app.command()
def down() -> None:
    """Dừng hết, giữ dữ liệu (stop everything, keep the data)."""
    stack_of_this_checkout().down()
    console.print("Đã dừng; dữ liệu còn giữ. Chạy tiếp: make up. Quên hết: make clean.")


@app.command()
def clean() -> None:
    """Dừng hết và quên dữ liệu, nhật ký, khóa của bản thử (stop everything, forget the data)."""
    stack = stack_of_this_checkout()
    stack.forget()
    console.print(f"Đã xoá {stack.folder.path}.")


@app.command()
def status(
    as_json: Annotated[bool, typer.Option("--json", help="Cho chương trình đọc (for scripts).")] = False,
) -> None:
    """Phần nào đang chạy, ở địa chỉ nào (what runs, and where)."""
    stack = stack_of_this_checkout()
    if as_json:
        typer.echo(json.dumps(stack.status(), ensure_ascii=False))
    else:
        screen.states(console, stack)


@app.command()
def logs(
    program: Annotated[str, typer.Argument(help="intake, kafka, …; bỏ trống: mọi phần (empty: all).")] = "",
) -> None:
    """Xem nhật ký, Ctrl+C để thôi (follow the logs)."""
    folder = stack_of_this_checkout().folder.logs
    files = sorted(folder.glob(f"{program or '*'}.log"))
    if not files:
        _fail(FileNotFoundError(f"Chưa có nhật ký {program} trong {folder}; chạy: make up"))
    try:
        subprocess.run(["tail", "-n", "20", "-F", *map(str, files)], check=False)
    except KeyboardInterrupt:
        raise typer.Exit from None


@app.command()
def trace(reference: Annotated[str, typer.Argument(help="Mã tra cứu: PA-7F3K-2M")]) -> None:
    """Theo một phản ánh đi từng bước, có giờ (follow one report, with times)."""
    stack = stack_of_this_checkout()
    address = os.environ.get("LANGNGHE_OPERATOR_MONGO_URL") or stack.operator_url
    try:
        way = journey(address, reference.strip().upper(), stack.assembly.place.bodies)
        screen.journey(console, way, stack.assembly.place.zone)
    except UnknownReferenceError as error:
        _fail(error)


def _fail(error: Exception) -> None:
    Console(stderr=True, highlight=False).print(f"[red]✗[/red] {error}", soft_wrap=True)
    raise typer.Exit(1)
