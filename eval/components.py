"""The report writers by name, and the endings of the files that they write."""

from __future__ import annotations

from collections.abc import Mapping

WRITERS: Mapping[str, str] = {
    "html": "eval.reports.html:HtmlWriter",
    "markdown": "eval.reports.markdown:MarkdownWriter",
    "json": "eval.report_file:JsonWriter",
    "csv": "eval.reports.csv_file:CsvWriter",
    "csv-queries": "eval.reports.csv_file:QueriesCsvWriter",
}

TOLD = ("html", "markdown")
"""Forms that are told in a language."""

ENDINGS: Mapping[str, str] = {
    ".html": "html",
    ".htm": "html",
    ".md": "markdown",
    ".markdown": "markdown",
    ".json": "json",
    ".queries.csv": "csv-queries",
    ".csv": "csv",
}
"""The form of a report file by the ending of its name; the first that fits holds."""
