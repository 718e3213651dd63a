"""One kind of process: an ASGI app that starts its parts in order, answers for them and stops them in reverse."""

import contextlib
import os
import signal
import threading
import time
from collections.abc import AsyncIterator, Sequence
from typing import Any

import structlog
import uvicorn
from fastapi import APIRouter, FastAPI, Response
from fastapi.responses import JSONResponse
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from shared.runtime import problems
from shared.runtime.errors import describe, origin
from shared.runtime.logging import configure
from shared.runtime.loops import Loop, Part
from shared.runtime.metrics import HTTP_REQUESTS, HTTP_SECONDS
from shared.runtime.settings import Role, Settings

log = structlog.get_logger()

DEAD_AFTER = 30
"""Seconds of not being alive after which the process exits: supervisors restart only what exits."""
LAST_RESORT = 15.0

PUBLIC_PROBES = ("/health/live", "/health/ready", "/metrics")


def service(
    name: str, settings: Settings, parts: Sequence[Part], needs: Sequence[Part], routers: Sequence[APIRouter] = ()
) -> FastAPI:
    """The service's app. `parts` start in order; it is ready while all of `needs` are."""

    @contextlib.asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        watchdog = Loop(f"{name}.watchdog", Watchdog(parts).look, every=1.0)
        started: list[Part] = []
        try:
            for part in (*parts, watchdog):
                await part.start()
                started.append(part)
            log.info("service.started", roles=sorted(settings.roles), port=settings.http_port)
            yield
        finally:
            for part in reversed(started):
                await _stop(part)
            log.info("service.stopped")

    app = FastAPI(title=f"Lắng Nghe: {name}", lifespan=lifespan, docs_url=None, redoc_url=None, openapi_url=None)
    app.include_router(probes(parts, needs))
    if Role.HTTP in settings.roles:
        for router in routers:
            app.include_router(router)
    problems.install(app)
    app.add_middleware(Measured, service=name)
    return app


async def _stop(part: Part) -> None:
    try:
        await part.stop()
    except Exception as error:
        # The others must still finish what they have in hand.
        log.error("part.stop_failed", part=part.name, error=describe(error), at=origin(error))


def probes(parts: Sequence[Part], needs: Sequence[Part]) -> APIRouter:
    """What a supervisor, an operator and Prometheus ask."""
    router = APIRouter()

    @router.get("/health/live")
    async def live() -> JSONResponse:
        dead = [part.name for part in parts if not part.alive()]
        return JSONResponse({"live": not dead, "dead": dead}, 503 if dead else 200)

    @router.get("/health/ready")
    async def ready() -> JSONResponse:
        waits_for = [part.name for part in needs if not part.ready()]
        return JSONResponse({"ready": not waits_for, "waits_for": waits_for}, 503 if waits_for else 200)

    @router.get("/metrics")
    async def metrics() -> Response:
        return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)

    return router


class Watchdog:
    """Ends the process when a part has been dead for `DEAD_AFTER` seconds."""

    def __init__(self, parts: Sequence[Part]) -> None:
        self._parts = parts
        self._dead_since: float | None = None

    async def look(self) -> None:
        """Look once, every second."""
        dead = [part.name for part in self._parts if not part.alive()]
        if not dead:
            self._dead_since = None
            return
        self._dead_since = self._dead_since or time.monotonic()
        if time.monotonic() - self._dead_since > DEAD_AFTER:
            log.error("service.exits", dead=dead)
            # A part that is dead may hang on stopping: leave in any case.
            last = threading.Timer(LAST_RESORT, os._exit, (70,))
            last.daemon = True
            last.start()
            os.kill(os.getpid(), signal.SIGTERM)


class Measured:
    """Counts and times every answer by its route's template, never by its path: a path holds ids."""

    def __init__(self, app: ASGIApp, service: str) -> None:
        self._app = app
        self._service = service

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began, status = time.perf_counter(), "500"

        async def watched(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = str(message["status"])
            await send(message)

        try:
            await self._app(scope, receive, watched)
        finally:
            route = getattr(scope.get("route"), "path", "none")
            if route not in PUBLIC_PROBES:
                HTTP_REQUESTS.labels(self._service, route, status).inc()
                HTTP_SECONDS.labels(self._service, route).observe(time.perf_counter() - began)


def wordless(app: ASGIApp) -> ASGIApp:
    """Let no failure through to the server: it was answered and logged, and the server would log its words too."""

    async def call(scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await app(scope, receive, send)
        except Exception:
            if scope["type"] != "http":
                raise

    return call


def serve(name: str, app: FastAPI, settings: Settings) -> None:
    """Run the app until the process is told to end."""
    configure(name, settings.log_level)
    options: dict[str, Any] = {"log_config": None, "access_log": False, "server_header": False, "date_header": False}
    uvicorn.run(
        wordless(app), host=settings.http_host, port=settings.http_port, timeout_graceful_shutdown=10, **options
    )
