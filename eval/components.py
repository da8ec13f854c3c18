"""The report writers by name."""

from __future__ import annotations

from collections.abc import Mapping

WRITERS: Mapping[str, str] = {
    "json": "eval.report_file:JsonWriter",
    "html": "eval.report:HtmlWriter",
}
