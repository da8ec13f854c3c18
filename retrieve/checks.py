"""What makes a query unusable."""

from __future__ import annotations

from collections.abc import Sequence

from retrieve.contract import (
    MAX_CHAINS,
    MAX_K,
    MAX_QUERY_CHARS,
    MAX_TURNS,
    MODES,
    BadQuery,
    Query,
)


def check_query(query: Query, methods: Sequence[str]) -> None:
    """Raises BadQuery, which says what to do. `methods` are the fusions and legs that there
    are."""
    if not query.text.strip():
        raise BadQuery("the query is empty: give some words to search for")
    if len(query.text) > MAX_QUERY_CHARS:
        raise BadQuery(
            f"the query has {len(query.text):,} characters; {MAX_QUERY_CHARS:,} is the limit: "
            "shorten it, or search for one part at a time"
        )
    try:
        query.text.encode()
    except UnicodeEncodeError as error:
        raise BadQuery("the query holds half of a surrogate pair: send it as UTF-8") from error
    if not 1 <= query.k <= MAX_K:
        raise BadQuery(f"k must be from 1 to {MAX_K}, not {query.k}")
    if len(query.history) > MAX_TURNS:
        raise BadQuery(
            f"the history has {len(query.history)} turns, and {MAX_TURNS} is the limit: send the "
            "last ones"
        )
    if query.budget_ms is not None and not query.budget_ms > 0:
        raise BadQuery(f"budget_ms must be over 0, not {query.budget_ms}")
    if not 0 <= query.diversity <= 1:
        raise BadQuery(f"diversity must be from 0 to 1, not {query.diversity}")
    if query.per_document is not None and query.per_document < 1:
        raise BadQuery(f"per_document must be 1 or more, not {query.per_document}")
    if query.context_tokens < 0:
        raise BadQuery(f"context_tokens must be 0 or more, not {query.context_tokens}")
    if query.fusion not in methods:
        raise BadQuery(f"there is no fusion {query.fusion!r}; choose one of {', '.join(methods)}")
    if query.mode not in MODES:
        raise BadQuery(f"there is no mode {query.mode!r}; choose one of {', '.join(MODES)}")
    if not 0 <= query.chains <= MAX_CHAINS:
        raise BadQuery(f"chains must be from 0 to {MAX_CHAINS}, not {query.chains}")
