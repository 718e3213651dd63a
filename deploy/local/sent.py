"""A real webhook receiver on this machine: it keeps what notification sends and shows it, and sends nothing on."""

import asyncio
import html
import json
import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import uvicorn
from fastapi import FastAPI, Header
from fastapi.responses import HTMLResponse, JSONResponse

from deploy.local.ports import HOST

SHOWN = 200

PAGE = """<!doctype html><html lang="vi"><meta charset="utf-8"><meta http-equiv="refresh" content="5">
<meta name="viewport" content="width=device-width, initial-scale=1"><title>Tin đã gửi — Lắng Nghe</title>
<style>body{{font:16px/1.5 system-ui,sans-serif;max-width:46rem;margin:2rem auto;padding:0 1rem;color:#1d1d1f}}
article{{border:1px solid #ccc;border-radius:.5rem;padding:.75rem 1rem;margin:1rem 0;overflow-wrap:anywhere}}
pre{{white-space:pre-wrap;margin:.5rem 0 0;font:inherit}}small{{color:#555}}</style>
<h1>Tin đã gửi tới người trực</h1><p><strong>Dữ liệu bịa, không gửi ra ngoài.</strong> {count} tin, mới nhất ở trên.</p>
{messages}</html>"""


class Ledger:
    """Every message received, in a file of one JSON object a line; a repeated idempotency key adds nothing."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = asyncio.Lock()
        self.messages = _whole_lines(path)
        self._keys = {message["key"] for message in self.messages}

    async def keep(self, key: str, body: Any) -> bool:
        """Keep a message; answers whether it was new."""
        async with self._lock:
            if key in self._keys:
                return False
            message = {"key": key, "received_at": datetime.now(UTC).isoformat(), "message": body}
            await asyncio.to_thread(self._append, json.dumps(message, ensure_ascii=False))
            self.messages.append(message)
            self._keys.add(key)
            return True

    def _append(self, line: str) -> None:
        with self._path.open("a", encoding="utf-8") as file:
            file.write(line + "\n")


def receiver(ledger: Ledger) -> FastAPI:
    """The app: `POST /webhook` keeps a message, `/` and `/messages` show them."""
    app = FastAPI(title="Lắng Nghe: tin đã gửi", docs_url=None, redoc_url=None, openapi_url=None)

    @app.post("/webhook")
    async def webhook(body: dict[str, Any], idempotency_key: Annotated[str, Header()]) -> JSONResponse:
        new = await ledger.keep(idempotency_key, body)
        return JSONResponse({"kept": new}, 202 if new else 200)

    @app.get("/messages")
    async def messages() -> list[dict[str, Any]]:
        return ledger.messages

    @app.get("/health/ready")
    async def ready() -> dict[str, bool]:
        return {"ready": True}

    @app.get("/", response_class=HTMLResponse)
    async def page() -> str:
        newest = reversed(ledger.messages[-SHOWN:])
        return PAGE.format(count=len(ledger.messages), messages="\n".join(_article(message) for message in newest))

    return app


def _whole_lines(path: Path) -> list[dict[str, Any]]:
    """What was kept. A line that a crash cut off was never answered for, and its sender repeats it: it goes."""
    if not path.exists():
        return []
    lines = path.read_bytes().splitlines(keepends=True)
    if lines and not lines[-1].endswith(b"\n"):
        path.write_bytes(b"".join(lines[:-1]))
        del lines[-1]
    return [json.loads(line) for line in lines]


def _article(message: dict[str, Any]) -> str:
    body = message["message"]
    title = str(body.get("title", ""))
    # A message repeats its title, for providers that show the text alone.
    text = str(body.get("text") or json.dumps(body, ensure_ascii=False, indent=1)).removeprefix(title).lstrip(" —.")
    head = f"<strong>{html.escape(title)}</strong> → {html.escape(str(body.get('to', '')))}"
    when = datetime.fromisoformat(message["received_at"]).astimezone().strftime("%H:%M:%S %d/%m/%Y")
    return f"<article><small>{when}</small><div>{head}</div><pre>{html.escape(text)}</pre></article>"


if __name__ == "__main__":
    app = receiver(Ledger(Path(os.environ["LANGNGHE_LOCAL_SENT_FILE"])))
    uvicorn.run(app, host=HOST, port=int(os.environ["LANGNGHE_LOCAL_SENT_PORT"]), access_log=False)
