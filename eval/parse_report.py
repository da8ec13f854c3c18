"""What reading was measured to be: as JSON, as a table in plain text, and as an HTML page."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from html import escape

from eval.contract import ParsedFile, ParseReport, Tally
from eval.parse_run import MEASURES, format_key, grouped, token_spread, total
from eval.reports.page import html_page, html_row, html_table, settings_section
from ingest.contract import Json

_FINDINGS = 6

MEANINGS: Mapping[str, str] = {
    "recall": "characters of the truth that came",
    "precision": "characters that came and are in the truth",
    "cer": "character error rate on scans",
    "heading_path": "blocks under the true headings",
    "headings_recall": "headings found",
    "headings_precision": "headings that are headings",
    "cells": "cells in their row and under their column's header, in one chunk",
    "rows": "table rows with the whole header in one chunk",
    "order": "neighbours in reading order",
    "furniture": "running headers, page numbers and the like that reached a chunk",
    "sentences_cut": "sentences parted between chunks",
    "paragraphs_whole": "paragraphs over a page that are one block",
    "tables_whole": "tables over a page that are one block",
    "pages": "blocks on their true page",
    "answers": "answers within one chunk",
    "short_chunks": "chunks under 48 tokens",
}


def parse_json(report: ParseReport) -> dict[str, Json]:
    """The report as plain values: for each reader the shares in total, by format, by language and
    by file, each with what it is made of."""
    return {
        "settings": dict(report.settings),
        "readers": {name: _reader(files) for name, files in report.readers.items()},
    }


def _reader(files: Sequence[ParsedFile]) -> dict[str, Json]:
    return {
        "files": len(files),
        "failed": sum(bool(file.failure) for file in files),
        "total": _group(files),
        "formats": {key: _group(part) for key, part in grouped(files, format_key).items()},
        "languages": {key: _group(part) for key, part in grouped(files, _language).items()},
        "documents": {
            file.name: {
                "failure": file.failure,
                "seconds": round(file.seconds, 3),
                "measures": _values(file.tallies),
                "findings": [f"{found.measure}: {found.text}" for found in file.findings],
            }
            for file in files
        },
    }


def _group(files: Sequence[ParsedFile]) -> dict[str, Json]:
    low, middle, high = token_spread(files)
    return {
        "measures": _values(total(files)),
        "chunk_tokens": {"p5": low, "p50": middle, "p95": high},
    }


def _values(tallies: Mapping[str, Tally]) -> dict[str, Json]:
    return {
        name: {"value": round(tally.value, 6), "part": tally.part, "of": tally.whole}
        for name, tally in tallies.items()
        if tally.value is not None
    }


def _language(file: ParsedFile) -> str:
    return file.language


def parse_table(rows: Mapping[str, Sequence[ParsedFile]]) -> list[str]:
    """A Markdown table: a line for each measure, a column for each group of files."""
    sums = {name: total(files) for name, files in rows.items()}
    lines = ["| | " + " | ".join(rows) + " |", "|" + " --- |" * (len(rows) + 1)]
    for measure in MEASURES:
        if any(tallies[measure].value is not None for tallies in sums.values()):
            cells = [printed(tallies[measure]) for tallies in sums.values()]
            lines.append(f"| {measure} | " + " | ".join(cells) + " |")
    spread = [" / ".join(map(str, token_spread(files))) for files in rows.values()]
    failed = [str(sum(bool(file.failure) for file in files)) for files in rows.values()]
    lines.append("| tokens p5 / p50 / p95 | " + " | ".join(spread) + " |")
    lines.append("| files that failed | " + " | ".join(failed) + " |")
    return lines


def printed(tally: Tally) -> str:
    """The share with three digits, four near its best; a dash where there is none."""
    if tally.value is None:
        return "–"
    return f"{tally.value:.4f}" if 0 < tally.value < 0.01 or 0.99 < tally.value < 1 else (
        f"{tally.value:.3f}"
    )  # fmt: skip


def parse_html(report: ParseReport) -> str:
    """One HTML file that needs nothing else: totals side by side, then each reader by format, by
    language and by file, with what it got wrong."""
    title = "Braid evaluation: reading and chunking"
    first = next(iter(report.readers.values()), [])
    facts = f"{len(first):,} files of known content"
    sections = [f'<p class="facts">{facts}</p>', _legend()]
    sections.append(_side_by_side("Totals", report.readers))
    for name, files in report.readers.items():
        sections.append(_side_by_side(f"{name}, by format", grouped(files, format_key)))
        sections.append(_side_by_side(f"{name}, by language", grouped(files, _language)))
    for name, files in report.readers.items():
        sections.append(f"<h2>What {escape(name)} got wrong</h2>{_wrong(files)}")
    sections.append(settings_section(report.settings))
    return html_page(title, sections)


def _legend() -> str:
    items = "".join(
        f"<dt>{escape(name)}</dt><dd>{escape(MEANINGS[name])}"
        f"{'' if more else ' (less is better)'}</dd>"
        for name, more in MEASURES.items()
    )
    return f'<dl class="settings">{items}</dl>'


def _side_by_side(title: str, groups: Mapping[str, Sequence[ParsedFile]]) -> str:
    """Measures down, groups across; the best of each line is marked where there are several."""
    sums = {name: total(files) for name, files in groups.items()}
    rows: list[str] = []
    for measure, more in MEASURES.items():
        values = [tallies[measure].value for tallies in sums.values()]
        known = [value for value in values if value is not None]
        if not known:
            continue
        best = max(known) if more else min(known)
        cells = "".join(
            f"<td{_mark(value == best and len(known) > 1)}>{printed(tallies[measure])}</td>"
            for value, tallies in zip(values, sums.values(), strict=True)
        )
        rows.append(html_row(measure, cells))
    rows.append(_line("tokens p5 / p50 / p95", groups, lambda files: _spread(files)))
    rows.append(_line("files (failed)", groups, lambda files: _counted(files)))
    return f"<h2>{escape(title)}</h2>{html_table(['', *groups], rows)}"


def _mark(best: bool) -> str:
    return ' class="best"' if best else ""


def _line(
    title: str,
    groups: Mapping[str, Sequence[ParsedFile]],
    shown: Callable[[Sequence[ParsedFile]], str],
) -> str:
    cells = "".join(f"<td>{escape(shown(files))}</td>" for files in groups.values())
    return html_row(title, cells)


def _spread(files: Sequence[ParsedFile]) -> str:
    return " / ".join(map(str, token_spread(files)))


def _counted(files: Sequence[ParsedFile]) -> str:
    return f"{len(files)} ({sum(bool(file.failure) for file in files)})"


def _wrong(files: Sequence[ParsedFile]) -> str:
    parts: list[str] = []
    for file in files:
        lines = [f"could not be read: {file.failure}"] if file.failure else shown_findings(file)
        if lines:
            items = "".join(f"<li>{escape(line)}</li>" for line in lines)
            parts.append(
                f'<section class="miss"><p class="query" dir="auto">{escape(file.name)}</p>'
                f"<ul>{items}</ul></section>"
            )
    return "".join(parts) or "<p>nothing</p>"


def shown_findings(file: ParsedFile, most: int = _FINDINGS) -> list[str]:
    """What the file got wrong, at most so many of each measure."""
    counts: dict[str, int] = {}
    lines: list[str] = []
    for found in file.findings:
        counts[found.measure] = counts.get(found.measure, 0) + 1
        if counts[found.measure] <= most:
            lines.append(f"{found.measure}: {found.text}")
    lines += [f"{name}: and {n - most} more" for name, n in counts.items() if n > most]
    return lines
