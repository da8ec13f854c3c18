"""Lists in pages, all alike: `limit` items after the one that `after` names, and the next page."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar
from urllib.parse import quote, urlencode

from fastapi import Response
from pydantic import BaseModel, Field

_T = TypeVar("_T")


class Page(BaseModel):
    """A page of a list."""

    next: str | None = Field(None, description="address of the next page; null on the last")


def paged(
    response: Response,
    found: Sequence[_T],
    path: str,
    wanted: Mapping[str, Any],
    after: Callable[[_T], str | int],
) -> tuple[Sequence[_T], str | None]:
    """The items of a page, out of one more than its `limit`, and the address of the next page, None
    on the last, which a header Link says, too (RFC 8288). `wanted` is what this page was asked for
    by, its limit included; the next one is asked for by what `after` gives of the last item."""
    limit = int(wanted["limit"])
    page = found[:limit]
    if len(found) <= limit:
        return page, None
    given = {name: value for name, value in wanted.items() if value not in (None, "")}
    query = urlencode({**given, "after": after(page[-1])}, quote_via=quote, safe="")
    address = f"{path}?{query}"
    response.headers["Link"] = f'<{address}>; rel="next"'
    return page, address
