"""What of the requests goes into the audit log."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from fastapi.routing import APIRoute
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.access import Caller, Role
from api.audit import AuditLog, Entry, moment
from api.rest.entry import address_of, is_open
from api.rest.guard import needs_of
from api.rest.middleware import shown_path, template_of

_DENIED = (401, 403)
_MADE = (201, 202)
_CHANGING = ("PUT", "PATCH", "DELETE")


@dataclass(frozen=True)
class AuditTrail:
    """Notes what changes something, what is denied and every use of a route for admins; with
    `everything`, whatever is asked for by anyone."""

    app: ASGIApp
    log: AuditLog
    everything: bool

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        status = 0

        async def watched(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        failed = True
        try:
            await self.app(scope, receive, watched)
            failed = False
        finally:
            if failed and not status:
                status = 500
            if self._is_noted(scope, status):
                self.log.note(_entry(scope, status))

    def _is_noted(self, scope: Scope, status: int) -> bool:
        if status in _DENIED:
            return True
        if is_open(scope["path"]) or status == 429:
            return False
        route = scope.get("route")
        need = needs_of(route) if isinstance(route, APIRoute) else None
        works = need is not None and need.role.covers(Role.WRITE)
        is_there = status not in (404, 405) or route is not None
        changes = (scope["method"] in _CHANGING and is_there) or status in _MADE
        return self.everything or works or changes


def _entry(scope: Scope, status: int) -> Entry:
    caller = scope["state"].get("caller")
    return Entry(
        at=moment(datetime.now(UTC)),
        request_id=scope["state"]["request_id"],
        key=caller.id if isinstance(caller, Caller) else "",
        address=address_of(scope),
        method=scope["method"],
        route=template_of(scope),
        path=shown_path(scope)[:500],
        collection=str(scope.get("path_params", {}).get("collection", ""))[:64],
        status=status,
    )
