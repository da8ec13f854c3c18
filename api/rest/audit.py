"""/v1/audit: who did what, and who was turned away."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

from fastapi import APIRouter, Query, Response
from pydantic import BaseModel, Field

from api.access import Role
from api.audit import Wanted, moment
from api.rest.guard import needs
from api.rest.paging import Page, paged
from api.rest.problems import responses
from api.rest.protection import ProtectionDep
from api.rest.values import Moment

router = APIRouter(prefix="/v1", tags=["audit"])


class EntryInfo(BaseModel):
    """A request, or a command."""

    number: int = Field(description="they count up", examples=[1204])
    at: str = Field(examples=["2026-03-01T08:00:00.120Z"])
    request_id: str = Field(description="also in the log; empty for commands")
    key: str = Field(
        description="id of the key; `local` where none is asked for, `settings` for the one in the "
        "settings, `cli` for commands; empty where nobody was let in",
        examples=["9f1c2e4b7a6d"],
    )
    address: str = Field(description="of the client", examples=["192.0.2.7"])
    method: str = Field(examples=["DELETE"])
    route: str = Field(examples=["/v1/collections/{collection}"])
    path: str = Field(examples=["/v1/collections/papers"])
    collection: str = Field(examples=["papers"])
    status: int = Field(description="of the answer; 0: the client went away", examples=[204])


class AuditPage(Page):
    """Entries, newest first."""

    entries: list[EntryInfo]


class AuditQuery(BaseModel):
    """Which entries."""

    limit: int = Field(100, ge=1, le=1_000, description="entries on a page")
    after: int = Field(
        0, ge=0, lt=2**62, description="only numbers under this, which are older; 0: from the last"
    )
    key: str = Field("", max_length=64, description="only of this key")
    collection: str = Field("", max_length=64, description="only of this collection")
    method: str = Field("", max_length=16, description="only of this method", examples=["DELETE"])
    since: Moment | None = Field(None, description="only from this moment on")
    until: Moment | None = Field(None, description="only before this moment")
    denied: bool = Field(False, description="only what was turned away")

    @property
    def wanted(self) -> Wanted:
        """The same without the page."""
        return Wanted(
            key=self.key,
            collection=self.collection,
            method=self.method,
            since=moment(self.since) if self.since else "",
            until=moment(self.until) if self.until else "",
            denied=self.denied,
        )


@router.get(
    "/audit",
    summary="Read the audit log",
    responses=responses(),
    dependencies=[needs(Role.ADMIN, everything=True)],
)
def page(
    query: Annotated[AuditQuery, Query()], protection: ProtectionDep, response: Response
) -> AuditPage:
    """Entries that fit, newest first. What was done in the last second may still be to come."""
    found = protection.audit.page(query.wanted, query.limit + 1, query.after)
    asked = query.model_dump(mode="json", exclude_defaults=True, exclude={"after"})
    wanted = asked | {"limit": query.limit}
    shown, address = paged(response, found, "/v1/audit", wanted, lambda one: one[0])
    return AuditPage(
        entries=[EntryInfo(number=number, **asdict(entry)) for number, entry in shown],
        next=address,
    )
