"""What the commands of the local stack show: progress, a report's way, the queues, what to open."""

import json
import secrets
import uuid
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

import httpx
from rich.console import Console
from rich.markup import escape
from rich.progress import track
from rich.table import Table

from deploy.local import commune_keys, people, trace
from deploy.local.assembly import LEARNING, SENT, SERVICES, prometheus_path
from deploy.local.demonstration import Demonstration
from deploy.local.ports import HOST
from deploy.local.stack import Stack

INVENTED = "Dữ liệu bịa, không gửi ra ngoài."
EXAMPLE = "Nước lũ tràn đê, sập nhà, có người bị cuốn trôi ở ấp Phú Mỹ, gọi 0912 345 678"


def starting(console: Console, stack: Stack) -> None:
    """Start the stack with a line for each step."""
    with console.status("Đang khởi động…"):
        stack.up(lambda line: console.print(f"[green]✓[/green] {line}"))
    if prometheus_path() is None:
        console.print("[dim]· Prometheus chưa cài nên không chạy: apt install prometheus[/dim]")


def demonstrating(console: Console, stack: Stack, demonstration: Demonstration) -> None:
    """Send the invented reports, wait for their cases, play the stories, and follow one report."""
    sending = track(
        demonstration.send(), "Gửi phản ánh bịa", total=len(demonstration.reports), console=console, transient=True
    )
    count = sum(1 for _ in sending)
    with console.status("Chờ mỗi phản ánh vào hàng đợi…"):
        cases = demonstration.wait_for_cases()
    console.print(f"[green]✓[/green] {count} phản ánh bịa đã gửi, {cases} vụ việc trong hàng đợi")
    for line in demonstration.play():
        console.print(f"[green]✓[/green] {line}")
    reference = demonstration.followed()
    if reference:
        console.print(f"\nMột phản ánh đi như sau ([bold]langnghe trace {reference}[/bold]):")
        way = trace.journey(stack.operator_url, reference, stack.assembly.place.bodies)
        journey(console, way, stack.assembly.place.zone)


def journey(console: Console, way: trace.Journey, zone: ZoneInfo) -> None:
    """A report's way: when it was sent, in the province's time, and each step with the seconds since."""
    began = way.stages[0].at
    console.print(f"  {way.reference}, {began.astimezone(zone):%H:%M:%S ngày %d/%m/%Y}")
    for stage in way.stages:
        console.print(
            f"  {_since(stage.at - began)}  [bold]{stage.what}[/bold] · {escape(stage.detail)}", soft_wrap=True
        )


def states(console: Console, stack: Stack) -> None:
    """Each program's state, address and readiness."""
    running = {name: state for name, state in stack.states().items() if name != LEARNING}
    if not running:
        console.print("Chưa chạy gì. Chạy: make up")
        return
    table = Table("phần", "trạng thái", "địa chỉ", box=None)
    for name, state in running.items():
        ready = name not in SERVICES or stack.is_ready(name)
        table.add_row(name, state if ready else f"{state}, chưa sẵn sàng", _address(stack, name))
    console.print(table)
    console.print(f"Bộ nhớ: {_gibibytes(stack.resident())} GiB · dữ liệu: {stack.folder.path}")


def invitation(console: Console, stack: Stack) -> None:
    """What to look at, and a report to send by hand."""
    console.print()
    queues(console, stack)
    console.print("\nMở xem:")
    console.print(f"  tin đã gửi người trực   {stack.ports.url(SENT)}")
    console.print(f"  tra mã xã               {stack.ports.url('intake')}/v1/communes?q=phu+my")
    if prometheus_path():
        console.print(f"  số đo (Prometheus)      {stack.ports.url('prometheus')}")
    console.print("\nGửi thử một phản ánh, rồi xem hàng đợi của Ban Chỉ đạo 35:")
    console.print(_send_one(stack), soft_wrap=True, markup=False)
    console.print(_see_queue(stack), soft_wrap=True, markup=False)
    console.print(
        f"\nBộ nhớ: {_gibibytes(stack.resident())} GiB. MongoDB bản này chỉ để thử và kiểm thử, không dùng thật."
    )
    console.print(f"[bold]{INVENTED}[/bold] Dừng: make down")


def queues(console: Console, stack: Stack) -> None:
    """A short table of the queues, each as its own body's officer may see it; empty ones are left out."""
    keys = people.keys(list(stack.assembly.place.bodies), stack.secrets)
    table = Table("hàng đợi", "chưa tiếp nhận", "đang xử lý", "đã đóng", "trễ hạn", box=None)
    with httpx.Client(base_url=stack.ports.url("escalation"), timeout=10) as client:
        for body, name in stack.assembly.place.bodies.items():
            answer = client.get("/v1/queues", headers={"Authorization": f"Bearer {keys[body]}"}).raise_for_status()
            queue = next(queue for queue in answer.json()["queues"] if queue["queue"] == body)
            if queue["by_state"]:
                table.add_row(name, *map(str, _counts(queue)))
    console.print(table)


def _counts(queue: dict[str, Any]) -> tuple[int, int, int, int]:
    new, still_open = queue["unacknowledged"], queue["open"]
    return new, still_open - new, sum(queue["by_state"].values()) - still_open, queue["late"]


def _see_queue(stack: Stack) -> str:
    key = people.keys(list(stack.assembly.place.bodies), stack.secrets)[people.COMMITTEE]
    address = f"{stack.ports.url('escalation')}/v1/cases?queue={people.COMMITTEE}&limit=5"
    return f"curl -sS '{address}' -H 'Authorization: Bearer {key}'"


def _send_one(stack: Stack) -> str:
    key = commune_keys.known(stack.folder.secrets)[commune_keys.ALWAYS]
    body = {
        "id": str(uuid.uuid4()),
        "receipt": secrets.token_urlsafe(24),
        "commune": commune_keys.ALWAYS,
        "text": EXAMPLE,
    }
    return (
        f"curl -sS {stack.ports.url('intake')}/v1/reports -H 'Authorization: Bearer {key}' \\\n"
        f"  -H 'Content-Type: application/json' -d '{json.dumps(body, ensure_ascii=False)}'"
    )


def _address(stack: Stack, program: str) -> str:
    ports: dict[str, Any] = stack.ports.model_dump()
    port = ports.get({"mongod": "mongo"}.get(program, program))
    return f"{HOST}:{port}" if port else ""


def _since(length: timedelta) -> str:
    seconds = length.total_seconds()
    amount = f"{seconds:.2f} giây" if seconds < 100 else f"{seconds / 60:.0f} phút"
    return f"{amount.replace('.', ','):>10}"


def _gibibytes(size: int) -> str:
    return f"{size / 2**30:.1f}".replace(".", ",")
