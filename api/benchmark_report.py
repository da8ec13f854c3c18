"""What `braid bench index` found: as tables in plain text, as CSV, and as an HTML page."""

from __future__ import annotations

import csv
import io
import json
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from html import escape
from pathlib import Path

from api.benchmark_index import Filtered, IndexSpeed
from api.benchmark_sparse import SparseSpeed
from eval.pipeline import (
    Axis,
    Points,
    curve_chart,
    curve_legend,
    html_page,
    html_row,
    html_table,
    settings_section,
)
from ingest.contract import BadInput

FORMS = (".html", ".csv", ".json")


@dataclass(frozen=True, slots=True)
class Measure:
    """A figure of a row: its field, what it is called, its unit, and how many digits are shown.
    `even` is shown on an even axis, and has no growth."""

    name: str
    title: str
    unit: str
    digits: int = 2
    even: bool = False


DENSE_MEASURES = (
    Measure("build_s", "build", "s"),
    Measure("open_s", "open", "s", 3),
    Measure("p50_ms", "p50", "ms", 3),
    Measure("p95_ms", "p95", "ms", 3),
    Measure("p99_ms", "p99", "ms", 3),
    Measure("recall", "recall", "at k, against exact", 4, even=True),
    Measure("memory_bytes", "memory", "bytes per vector, mapped files with them", 0),
    Measure("own_bytes", "own", "bytes per vector, without mapped files", 0),
    Measure("disk_bytes", "disk", "bytes per vector", 0),
    Measure("peak_mb", "peak", "MB, while it is built", 0),
)
SPARSE_MEASURES = (
    Measure("analyze_s", "analysis", "s", 1),
    Measure("build_s", "build", "s", 1),
    Measure("open_s", "open", "s", 3),
    Measure("p50_ms", "p50", "ms", 3),
    Measure("p95_ms", "p95", "ms", 3),
    Measure("p99_ms", "p99", "ms", 3),
    Measure("disk_mb", "disk", "MB", 1),
    Measure("peak_mb", "peak", "MB", 0),
)
FILTER_MEASURES = (
    Measure("recall", "recall", "at k, against exact under the filter", 4, even=True),
    Measure("p50_ms", "p50", "ms", 3),
    Measure("p95_ms", "p95", "ms", 3),
    Measure("p50_ratio", "p50 ratio", "times unfiltered"),
    Measure("p95_ratio", "p95 ratio", "times unfiltered"),
)


@dataclass(frozen=True, slots=True)
class IndexReport:
    """Everything measured; `settings` tell how and on which machine."""

    k: int
    settings: Mapping[str, str]
    dense: Sequence[IndexSpeed] = field(default_factory=tuple)
    sparse: Sequence[SparseSpeed] = field(default_factory=tuple)

    @property
    def failed(self) -> bool:
        """Whether any row has a reason in place of figures."""
        return any(row.reason for _, _, rows in _subjects(self) for row in rows)


Row = IndexSpeed | SparseSpeed


def _name(row: Row) -> str:
    return row.variant if isinstance(row, IndexSpeed) else row.engine


def points(rows: Sequence[Row], measure: str) -> dict[str, list[tuple[float, float]]]:
    """By variant or engine, its values over the sizes, ascending."""
    found: dict[str, list[tuple[float, float]]] = {_name(row): [] for row in rows}
    for row in sorted(rows, key=lambda row: row.size):
        if not row.reason:
            found[_name(row)].append((row.size, getattr(row, measure)))
    return found


def growth(curve: Points) -> float | None:
    """The exponent b of the value ~ size^b that fits best (least squares over logarithms); None
    for fewer than two sizes."""
    known = [(math.log(x), math.log(y)) for x, y in curve if x > 0 and y > 0]
    if len({x for x, _ in known}) < 2:
        return None
    mean_x = sum(x for x, _ in known) / len(known)
    mean_y = sum(y for _, y in known) / len(known)
    over = sum((x - mean_x) * (y - mean_y) for x, y in known)
    return over / sum((x - mean_x) ** 2 for x, _ in known)


def tables(report: IndexReport) -> Iterator[tuple[str, list[str], list[list[str]]]]:
    """Title, heads and rows of every table; the first cell of a row names it."""
    for title, measures, rows in _subjects(report):
        heads = ["", "size", *(measure.title for measure in measures)]
        extra = ["overlap", "speed ratio"] if measures is SPARSE_MEASURES else []
        lines = []
        for row in rows:
            cells = [row.reason] if row.reason else [_shown(row, m) for m in measures]
            if isinstance(row, SparseSpeed) and not row.reason:
                cells += [_optional(row.overlap, 3), _optional(row.speed_ratio, 1)]
            lines.append([_name(row), f"{row.size:,}", *cells])
        yield title, heads + extra, lines
        yield from _growth_table(title, measures, rows)
    if filtered := _filtered(report):
        heads = ["", "share left", *(measure.title for measure in FILTER_MEASURES)]
        lines = [
            [row.variant, f"{one.selectivity:g}", *(_shown(one, m) for m in FILTER_MEASURES)]
            for row in filtered
            for one in row.filtered
        ]
        yield f"Vectors, under a filter, at {filtered[0].size:,}", heads, lines


def _subjects(
    report: IndexReport,
) -> Iterator[tuple[str, tuple[Measure, ...], Sequence[Row]]]:
    if report.dense:
        yield "Vectors", DENSE_MEASURES, report.dense
    if report.sparse:
        yield "Words", SPARSE_MEASURES, report.sparse


def _growth_table(
    title: str, measures: Sequence[Measure], rows: Sequence[Row]
) -> Iterator[tuple[str, list[str], list[list[str]]]]:
    grown = [measure for measure in measures if not measure.even]
    curves = {measure.name: points(rows, measure.name) for measure in grown}
    lines = [
        [name, *(_optional(growth(curves[measure.name][name]), 2) for measure in grown)]
        for name in dict.fromkeys(map(_name, rows))
    ]
    if any(cell != "–" for line in lines for cell in line[1:]):
        yield f"{title}: growth, as a power of the size", ["", *(m.title for m in grown)], lines


def _filtered(report: IndexReport) -> list[IndexSpeed]:
    """Rows of the greatest size that was searched under filters."""
    rows = [row for row in report.dense if row.filtered]
    return [row for row in rows if row.size == max(row.size for row in rows)]


def _shown(row: Row | Filtered, measure: Measure) -> str:
    return f"{getattr(row, measure.name):,.{measure.digits}f}"


def _optional(value: float | None, digits: int) -> str:
    return "–" if value is None else f"{value:,.{digits}f}"


def notes(report: IndexReport) -> list[str]:
    """What has to be known to read the figures."""
    found = [f"recall at {report.k}; one query at a time, in one thread"] if report.dense else []
    for size, read in {row.size: row.read for row in report.sparse if not row.reason}.items():
        mixed = size - read
        if mixed:
            found.append(
                f"{size:,} passages: {read:,} stand in the text, {mixed:,} are mixed from its "
                "sentences"
            )
    return found


def as_text(report: IndexReport) -> Iterator[str]:
    """Tables for a terminal, then what they were measured on."""
    for title, heads, rows in tables(report):
        yield title
        widths = [
            max(len(line[at]) for line in (heads, *rows) if at < len(line))
            for at in range(len(heads))
        ]
        for line in (heads, *rows):
            first = f"  {line[0]:<{widths[0]}}"
            yield first + "".join(f"  {cell:>{widths[at]}}" for at, cell in enumerate(line[1:], 1))
        yield ""
    yield from notes(report)
    yield ", ".join(f"{name} {value}" for name, value in report.settings.items())


def plain(report: IndexReport) -> dict[str, object]:
    """Every figure as a plain value, with the exponents of growth."""
    grown = {
        title.lower(): {
            measure.name: {n: growth(c) for n, c in points(rows, measure.name).items()}
            for measure in measures
            if not measure.even
        }
        for title, measures, rows in _subjects(report)
    }
    return {**asdict(report), "growth": grown}


def as_csv(report: IndexReport) -> str:
    """A figure on each line: of what, its size, the filter's share, the measure, the value."""
    text = io.StringIO()
    lines = csv.writer(text, lineterminator="\n")
    lines.writerow(["index", "name", "size", "selectivity", "measure", "value"])
    for title, measures, rows in _subjects(report):
        for row in rows:
            if row.reason:
                continue
            start = [title.lower(), _name(row), row.size]
            for measure in measures:
                lines.writerow([*start, "", measure.name, getattr(row, measure.name)])
            if isinstance(row, SparseSpeed):
                for name in ("overlap", "speed_ratio"):
                    lines.writerow([*start, "", name, getattr(row, name)])
                continue
            for one in row.filtered:
                for measure in FILTER_MEASURES:
                    value = getattr(one, measure.name)
                    lines.writerow([*start, one.selectivity, measure.name, value])
    return text.getvalue()


def as_html(report: IndexReport) -> str:
    """One page that needs nothing else."""
    sections = [f'<p class="facts">{escape(_headline(report))}</p>']
    sections += [f'<p class="note">{escape(note)}</p>' for note in notes(report)]
    for title, measures, rows in _subjects(report):
        sections.append(f"<h2>{title}: how each grows with size</h2>")
        sections.append(_charts(measures, rows))
    if filtered := _filtered(report):
        sections.append("<h2>Vectors: how each stands a filter</h2>")
        sections.append(_filter_charts(filtered))
    for title, heads, lines in tables(report):
        body = [
            html_row(line[0], "".join(f"<td>{escape(cell)}</td>" for cell in line[1:]))
            for line in lines
        ]
        sections.append(f"<h2>{escape(title)}</h2>{html_table(heads, body)}")
    sections.append(settings_section(report.settings))
    return html_page("Braid: indexes measured", sections)


def _headline(report: IndexReport) -> str:
    sizes = sorted({row.size for _, _, rows in _subjects(report) for row in rows})
    return f"Sizes {', '.join(f'{size:,}' for size in sizes)}; {report.settings.get('CPU', '')}"


def _charts(measures: Sequence[Measure], rows: Sequence[Row]) -> str:
    """A chart for each measure; the fitted exponents stand in the table of growth."""
    across = Axis("vectors" if isinstance(rows[0], IndexSpeed) else "passages")
    figures = [
        curve_chart(
            measure.title, across, Axis(measure.unit, not measure.even), points(rows, measure.name)
        )
        for measure in measures
    ]
    names = list(dict.fromkeys(map(_name, rows)))
    return f'{curve_legend(names)}<div class="charts">{"".join(figures)}</div>'


def _filter_charts(rows: Sequence[IndexSpeed]) -> str:
    across = Axis("share of the vectors that the filter leaves")
    figures = []
    for measure in FILTER_MEASURES:
        curves = {
            row.variant: [(f.selectivity, getattr(f, measure.name)) for f in row.filtered]
            for row in rows
        }
        figures.append(
            curve_chart(measure.title, across, Axis(measure.unit, not measure.even), curves)
        )
    legend = curve_legend([row.variant for row in rows])
    return f'{legend}<div class="charts">{"".join(figures)}</div>'


def check_form(path: Path) -> None:
    """Raises BadInput for a file that no report is written to."""
    if path.suffix not in FORMS:
        raise BadInput(f"{path}: a report is written as one of {', '.join(FORMS)}")


def write_report(report: IndexReport, path: Path) -> None:
    """Writes it in the form that the file's name asks for."""
    check_form(path)
    if path.suffix == ".json":
        text = json.dumps(plain(report), ensure_ascii=False, indent=2) + "\n"
    else:
        text = as_csv(report) if path.suffix == ".csv" else as_html(report)
    path.write_text(text, encoding="utf-8")
