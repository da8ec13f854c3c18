"""Turns results into the tables of the docs: `python -m bench.peers.table FILE.json [DOCS]`.

Prints them; with DOCS, the folder of the docs, they take the place of what stands between the marks
`<!-- peers: NAME -->` and `<!-- peers: end -->` there.
"""

from __future__ import annotations

import argparse
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

from bench.peers.operations import CHANGED, KILLS, THREADS
from bench.peers.protocol import OUT_OF_THE_BOX, TUNED
from bench.peers.results import OPERATIONS, SEARCHES, Results, key_of
from bench.peers.systems import BRAID, PEERS, SHOWN
from eval.contract import Difference, LegReport, Report
from eval.pipeline import compare
from eval.significance import SIGNIFICANT, holm

QUALITY, RATES = "quality", "rates"
PAGES = {QUALITY: "quality.md", RATES: "performance.md"}
_NONE = "–"
_END = "<!-- peers: end -->"

_FOLDERS = re.compile(r"/(?:[\w.-]+/)+")
_LONGEST = 160

_Shown: TypeAlias = Callable[[str, dict[str, Any]], str]
"""The text of a cell, of the set of that name."""


@dataclass(frozen=True)
class Table:
    """Results, looked at by set, system and set-up."""

    held: Mapping[str, Any]

    @property
    def sets(self) -> list[str]:
        """Those that a system was measured on, in their order."""
        measured = {key.partition("/")[0] for key in self.held["cells"]}
        return [name for name in self.held["sets"] if name in measured]

    def cell(self, name: str, system: str, set_up: str, part: str = SEARCHES) -> dict[str, Any]:
        """What was measured; Braid has one set-up."""
        set_up = OUT_OF_THE_BOX if system == BRAID else set_up
        found: dict[str, Any] = self.held["cells"].get(key_of(name, system, set_up, part), {})
        return found

    def quality(self) -> str:
        """The tables of quality, one to a measure and set-up."""
        parts = [
            self._measured("nDCG@10", TUNED),
            self._measured("nDCG@10", OUT_OF_THE_BOX),
            self._measured("R@5", TUNED),
            self._measured("R@100", TUNED),
        ]
        return "\n\n".join([*parts, self._versions()])

    def _measured(self, measure: str, set_up: str) -> str:
        tests = self._tests(measure, set_up)
        rows = []
        for name in self.sets:
            values = {
                system: self.cell(name, system, set_up).get("measures", {}).get(measure)
                for system in SHOWN
            }
            best = max((value for value in values.values() if value is not None), default=None)
            texts = [
                _score(value, best, tests.get((name, system))) for system, value in values.items()
            ]
            rows.append([f"{name} ({self.held['sets'][name]['questions']})", *texts])
        rows.append(["**ahead / even / behind**", "", *self._counted(tests)])
        return f"{measure}, {set_up}:\n\n{_table(['set (questions)', *SHOWN.values()], rows)}"

    def _tests(self, measure: str, set_up: str) -> dict[tuple[str, str], tuple[Difference, float]]:
        """Braid against each peer on each set, with the p-value corrected for all of them."""
        found: dict[tuple[str, str], Difference] = {}
        for name in self.sets:
            legs = {
                system: _leg(system, self.cell(name, system, set_up), measure) for system in SHOWN
            }
            known = {system: leg for system, leg in legs.items() if leg is not None}
            pairs = [(system, BRAID) for system in PEERS if system in known and BRAID in known]
            if pairs:
                report = Report(name, 0, 0, known)
                for pair, one in zip(pairs, compare(report, report, pairs), strict=True):
                    found[name, pair[0]] = one
        adjusted = holm([one.p_value for one in found.values()])
        return {key: (one, p) for (key, one), p in zip(found.items(), adjusted, strict=True)}

    def _counted(self, tests: Mapping[tuple[str, str], tuple[Difference, float]]) -> list[str]:
        """On how many sets Braid is better, no different and worse, as far as that is sure."""
        texts = []
        for system in PEERS:
            signs = [_sign(*test) for (_, peer), test in tests.items() if peer == system]
            counts = [sum(sign == wanted for sign in signs) for wanted in (1, 0, -1)]
            texts.append(" / ".join(map(str, counts)) if signs else _NONE)
        return texts

    def _versions(self) -> str:
        found: dict[str, str] = {}
        for cell in self.held["cells"].values():
            found.update(cell.get("versions", {}))
        names = [f"{name} {found[name]}" for name in sorted(found)]
        return f"Versions: {', '.join(names)}."

    def rates(self) -> str:
        """The tables of speed, size and safety."""
        figures: list[tuple[str, str, _Shown]] = [
            ("Passages indexed a second, durable, their vectors given", TUNED, self._indexed),
            ("The same with their embedding, by Braid's embedder before it", TUNED, self._embedded),
            (
                "A query for ten passages, its vector given, ms: p50 (p95), tuned",
                TUNED,
                self._taken,
            ),
            ("The same out of the box", OUT_OF_THE_BOX, self._taken),
            ("Memory at its peak, MB", TUNED, lambda _, cell: f"{cell['memory_mb']:.0f}"),
            ("Disk, MB", TUNED, lambda _, cell: f"{cell['disk_mb']:.1f}"),
        ]
        parts = [
            _table(
                ["set (passages)", "passages embedded a second", "a question embedded, ms",
                 "Braid's query with its embedding, ms: p50 (p95)"],
                [[self._sized(name), *self._embedding(name)] for name in self.sets],
            )
        ]  # fmt: skip
        for title, set_up, shown in figures:
            rows = [
                [self._sized(name), *(self._figure(name, one, set_up, shown) for one in SHOWN)]
                for name in self.sets
            ]
            parts.append(f"{title}:\n\n{_table(['set (passages)', *SHOWN.values()], rows)}")
        return "\n\n".join([*parts, *self._operations()])

    def _sized(self, name: str) -> str:
        return f"{name} ({self.held['sets'][name]['entries']:,})"

    def _figure(self, name: str, system: str, set_up: str, shown: _Shown) -> str:
        cell = self.cell(name, system, set_up)
        if not cell:
            return _NONE
        return "failed" if "error" in cell else shown(name, cell)

    def _taken(self, _: str, cell: dict[str, Any]) -> str:
        return f"{_ms(cell, 'p50_ms')} ({_ms(cell, 'p95_ms')})"

    def _indexed(self, _: str, cell: dict[str, Any]) -> str:
        return f"{cell['entries'] / (cell['index_s'] + cell['settle_s']):,.0f}"

    def _embedded(self, name: str, cell: dict[str, Any]) -> str:
        spent = cell["index_s"] + cell["settle_s"]
        embedding = cell["entries"] / self.held["sets"][name]["passages_per_s"]
        return f"{cell['entries'] / (spent + embedding):,.1f}"

    def _embedding(self, name: str) -> list[str]:
        about, whole = self.held["sets"][name], self.cell(name, BRAID, OUT_OF_THE_BOX)
        spread = f"{_ms(whole, 'whole_p50_ms')} ({_ms(whole, 'whole_p95_ms')})"
        return [f"{about['passages_per_s']:.0f}", _ms(about, "query_p50_ms"), spread]

    def _operations(self) -> list[str]:
        return [
            self._operated(name)
            for name in self.sets
            if any(self.cell(name, system, TUNED, OPERATIONS) for system in SHOWN)
        ]

    def _notes(self, name: str, system: str) -> list[str]:
        notes = self.cell(name, system, TUNED, OPERATIONS).get("notes", {})
        return list(dict.fromkeys(notes.values()))

    def _operated(self, name: str) -> str:
        cells = [self.cell(name, system, TUNED, OPERATIONS) for system in SHOWN]
        rows = [
            [title, *(_told(shown, cell) for cell in cells)] for title, shown in _OPERATIONS.items()
        ]
        notes = [
            f"{SHOWN[system]}: {note}."
            for system in SHOWN
            for note in dict.fromkeys(
                self.cell(name, system, TUNED, OPERATIONS).get("notes", {}).values()
            )
        ]
        faults = [
            f"{SHOWN[system]}, {what}: `{fault}`."
            for system, cell in zip(SHOWN, cells, strict=True)
            for what, fault in _faults(cell)
        ]
        table = _table([name, *SHOWN.values()], rows)
        return "\n\n".join(
            [f"Changes, threads and kills on {name}:", table, *_listed(notes), *_listed(faults)]
        )


def _listed(lines: Sequence[str]) -> list[str]:
    return ["\n".join(f"- {line}" for line in lines)] if lines else []


def _faults(cell: Mapping[str, Any]) -> list[tuple[str, str]]:
    """What failed, and how, each only once."""
    found = [("changing", cell.get("error", ""))]
    found += [(part, cell.get(part, {}).get("error", "")) for part in ("reopened", "threads")]
    found.append(("threads", cell.get("threads", {}).get("fault", "")))
    found += [("after a kill", kill.get("error", "")) for kill in cell.get("kills", ())]
    said = [(what, _shortened(text)) for what, text in found if text]
    return list(dict(said).items())


def _shortened(text: str) -> str:
    """A fault in a line, without the folders of the machine."""
    line = " ".join(_FOLDERS.sub("", text.replace("`", "'")).split())
    return line if len(line) <= _LONGEST else f"{line[:_LONGEST]}…"


def _told(shown: Callable[[Mapping[str, Any]], str], cell: Mapping[str, Any]) -> str:
    try:
        return shown(cell)
    except (KeyError, TypeError):
        return "failed" if cell else _NONE


_OPERATIONS: dict[str, Callable[[Mapping[str, Any]], str]] = {
    f"{CHANGED} deleted, s": lambda cell: f"{cell['delete_s']:.2f}",
    "of them found again, at once": lambda cell: str(cell["deleted_found"]),
    "after opening again": lambda cell: str(cell["reopened"]["deleted_found"]),
    f"{CHANGED} added, s until found": lambda cell: f"{cell['until_found_s']:.2f}",
    "of them found, at once": lambda cell: str(cell["added_found"]),
    "after opening again ": lambda cell: str(cell["reopened"]["added_found"]),
    "opening, s": lambda cell: f"{cell['reopened']['open_s']:.2f}",
    f"faults from {THREADS} threads": lambda cell: (
        "the process died" if "ended with" in cell["threads"].get("error", "")
        else str(cell["threads"]["faults"])
    ),
    "results that differ": lambda cell: str(cell["threads"]["unlike"]),
    "searches a second (from one thread)": lambda cell: (
        f"{cell['threads']['per_s']:.0f} ({cell['threads']['alone_per_s']:.0f})"
    ),
    f"killed {KILLS} times: opens again": lambda cell: str(
        sum(kill.get("opened", False) for kill in cell["kills"])
    ),
    "acknowledged and lost": lambda cell: _lost(cell["kills"]),
}  # fmt: skip


def _lost(kills: Sequence[Mapping[str, Any]]) -> str:
    """Documents that were acknowledged, or there before, and are not found afterwards."""
    opened = [kill for kill in kills if kill.get("opened") and "lost" in kill]
    if not opened:
        return "all"
    lost = sum(kill["lost"] + kill["kept_lost"] for kill in opened)
    return f"{lost} of {sum(kill['acknowledged'] for kill in opened)}"


def _leg(system: str, cell: Mapping[str, Any], measure: str) -> LegReport | None:
    values = cell.get("per_query", {}).get(measure)
    if values is None:
        return None
    mean = cell["measures"][measure]
    return LegReport(system, {measure: mean}, {measure: values}, 0.0, 0.0)


def _sign(difference: Difference, p_value: float) -> int:
    """Whether Braid is better (1), worse (-1), or that is not sure (0)."""
    if p_value >= SIGNIFICANT:
        return 0
    return 1 if difference.difference > 0 else -1


def _score(value: float | None, best: float | None, test: tuple[Difference, float] | None) -> str:
    """Bold where it is the best of its row; marked where Braid's is another for sure."""
    if value is None:
        return _NONE
    text = f"**{value:.3f}**" if value == best else f"{value:.3f}"
    return text + {1: " ▾", -1: " ▴", 0: ""}[_sign(*test) if test else 0]


def _ms(cell: Mapping[str, Any], name: str) -> str:
    value = cell.get(name)
    return _NONE if value is None else f"{value:.1f}" if value < 100 else f"{value:.0f}"


def _table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [heads, ["---"] * len(heads), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def put(page: str, name: str, text: str) -> str:
    """A page with the text between its marks. Raises ValueError where it has none."""
    begin = f"<!-- peers: {name} -->"
    pattern = re.compile(f"{re.escape(begin)}.*?{re.escape(_END)}", re.DOTALL)
    if not pattern.search(page):
        raise ValueError(f"there is no {begin} with {_END} after it")
    return pattern.sub(lambda _: f"{begin}\n\n{text}\n\n{_END}", page)


def main(arguments: Sequence[str] | None = None) -> None:
    """Prints, or writes, the tables."""
    parser = argparse.ArgumentParser(
        "bench.peers.table", description=(__doc__ or "").splitlines()[0]
    )
    parser.add_argument("results", type=Path)
    parser.add_argument("docs", type=Path, nargs="?")
    given = parser.parse_args(arguments)
    table = Table(Results(given.results).read())
    for name, text in ((QUALITY, table.quality()), (RATES, table.rates())):
        if given.docs is None:
            print(f"## {name}\n\n{text}\n")
            continue
        page = given.docs / PAGES[name]
        page.write_text(put(page.read_text(encoding="utf-8"), name, text), encoding="utf-8")


if __name__ == "__main__":
    main()
