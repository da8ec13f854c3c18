"""Lists in pages, all alike: `limit` items after the one that `after` names, and the next page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypeVar
from urllib.parse import quote, urlencode

from fastapi import Response
from pydantic import BaseModel, Field

_T = TypeVar("_T")


class Page(BaseModel):
    """A page of a list."""

    next: str | None = Field(None, description="address of the next page; null on the last")


def next_address(path: str, wanted: Mapping[str, str | int | None], after: str | int) -> str:
    """The address of the page after an item, asked for as this one was."""
    given = {name: value for name, value in wanted.items() if value not in (None, "")}
    return f"{path}?{urlencode({**given, 'after': after}, quote_via=quote, safe='')}"


def with_link(response: Response, address: str | None) -> str | None:
    """The address of the next page, which a header Link says, too (RFC 8288)."""
    if address is not None:
        response.headers["Link"] = f'<{address}>; rel="next"'
    return address


def page_of(found: Sequence[_T], limit: int) -> tuple[Sequence[_T], bool]:
    """The items of a page, and whether there are more, out of one more than the page has."""
    return found[:limit], len(found) > limit
