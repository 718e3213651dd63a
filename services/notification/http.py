"""The roster as anybody on this machine may see it: who answers for what, never how to reach them."""

from collections.abc import Mapping
from typing import Any, Protocol

from fastapi import APIRouter


class Roster(Protocol):
    """Who is on duty."""

    def view(self, names: Mapping[str, str]) -> list[dict[str, Any]]:
        """Duties by body and level, without contacts."""


def router(roster: Roster, bodies: Mapping[str, str]) -> APIRouter:
    """`GET /v1/roster`; `bodies` are their names by slug."""
    routes = APIRouter()

    @routes.get("/v1/roster")
    async def show() -> dict[str, Any]:
        return {"bodies": roster.view(bodies)}

    return routes
