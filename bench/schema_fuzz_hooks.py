"""What `bench.schema_fuzz` tells schemathesis, which the OpenAPI document cannot.

Nothing that is deleted may end the run: deleting the collection that all other requests go to is
done to one that is made for it. An Idempotency-Key stands for one request: each has its own, and
the same again where it is sent again.
"""

from __future__ import annotations

import hashlib
import os
from itertools import count
from typing import Any

import httpx
import schemathesis

from api.rest.idempotency import KEY, MAX_KEY_CHARS

LIBRARY = os.environ["SCHEMA_FUZZ_COLLECTION"]
_SERVER = httpx.Client(
    base_url=os.environ["SCHEMA_FUZZ_URL"],
    headers={"Authorization": f"Bearer {os.environ['SCHEMA_FUZZ_KEY']}"},
    timeout=60.0,
)
_numbers = count()


@schemathesis.hook
def before_call(context: Any, case: Any, kwargs: dict[str, Any]) -> None:
    """Gives deletions something of their own to delete."""
    given = case.path_parameters or {}
    is_whole = case.operation.path == "/v1/collections/{collection}"
    if case.method == "DELETE" and is_whole and given.get("collection") == LIBRARY:
        name = f"spare-{next(_numbers)}"
        _SERVER.post("/v1/collections", json={"name": name})
        case.path_parameters["collection"] = name
    key = (case.headers or {}).get(KEY)
    is_right = case.meta is not None and case.meta.generation.mode.is_positive
    if is_right and isinstance(key, str) and 0 < len(key) <= MAX_KEY_CHARS:
        request = repr((case.method, case.formatted_path, case.query, case.body))
        mark = hashlib.sha256(request.encode("utf-8", "replace")).hexdigest()[:16]
        case.headers[KEY] = key[: MAX_KEY_CHARS - len(mark)] + mark
