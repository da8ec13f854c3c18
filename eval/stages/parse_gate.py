"""Reading and chunking of files of known content, now against a baseline: file by file, for the
same test as measures of retrieval, and what got worse by the stage that did it.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import fmean
from typing import Any

from eval.contract import Finding, LegReport, ParsedFile, Report, Stage, Study, Tally
from eval.latency import summarize
from eval.parse_run import MEASURES
from eval.parse_text import letters
from eval.stages.compare import Options, changed_data, setting_changes, study_of_pair
from eval.stages.gate import BASELINE, NOW, GateResult, Judged, Speed, Thing, aligned, judge
from eval.stages.holding import holds_words
from ingest.contract import BadInput, BlockKind, Chunk, Document

_CHUNKERS = ("sentences_cut", "short_chunks", "answers")
STAGES: Mapping[str, Stage] = {
    name: Stage.CHUNKING if name in _CHUNKERS else Stage.PARSING for name in MEASURES
}
"""What answers for a measure where nothing nearer is known."""
_COVERED = 0.98
"""Below this share of a document's characters, its chunks have lost some."""

Read = tuple[Document, Sequence[Chunk]]


def compare_parsed(
    name: str,
    before: tuple[Sequence[ParsedFile], Mapping[str, str]],
    now: tuple[Sequence[ParsedFile], Mapping[str, str]],
    read: Mapping[str, Read],
    options: Options,
) -> tuple[GateResult, Study]:
    """What the gate finds in the files of a folder, read before and now (each with its settings),
    and both side by side for a report. `read` are the documents and chunks of those that could be
    read now, by name. Raises BadInput for files that changed, and where there are none in both."""
    sides = [
        Report(name, len(files), len(files), {leg: file_report(leg, files)}, settings)
        for leg, (files, settings) in ((BASELINE, before), (NOW, now))
    ]
    notes = changed_data(sides[0], sides[1], options)
    notes += setting_changes(sides[0].settings, sides[1].settings)
    pair = aligned(sides[0].legs[BASELINE], sides[1].legs[NOW])
    judged = judge([pair], options.tolerance, STAGE_OF, options.measures, options.strict)
    result = GateResult(
        name=name,
        judged=judged,
        things=worse_things(judged, before[0], now[0], read),
        speed=Speed(pair[0].p50_ms, pair[1].p50_ms, options.slowdown),
        notes=notes,
        tolerance=options.tolerance,
    )
    return result, study_of_pair(result, sides[1], *pair)


def measure_name(name: str) -> str:
    """A measure of reading as the gate compares it: higher is better."""
    return name if MEASURES[name] else f"1 - {name}"


STAGE_OF: Mapping[str, Stage] = {measure_name(name): stage for name, stage in STAGES.items()}


def read_parsed(path: Path) -> tuple[list[ParsedFile], dict[str, str]]:
    """The files of a report of `braid eval parse --json`, as far as it tells of them, and its
    settings. Raises BadInput."""
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
        readers = data["readers"]
        reader = readers["braid"] if "braid" in readers else next(iter(readers.values()))
        files = [_file(name, told) for name, told in reader["documents"].items()]
        settings = {str(key): str(value) for key, value in data.get("settings", {}).items()}
    except OSError as error:
        raise BadInput(f"{path} cannot be read: {error.strerror}") from error
    except (ValueError, KeyError, TypeError, AttributeError, StopIteration) as error:
        raise BadInput(
            f"{path} is no report of braid eval parse --json ({type(error).__name__}: {error})"
        ) from error
    return files, settings


def file_report(name: str, files: Sequence[ParsedFile]) -> LegReport:
    """The measures of files as those of queries: a share for each file, higher is better."""
    values: dict[str, dict[str, float]] = {}
    for measure, more in MEASURES.items():
        shares = {
            file.name: share if more else 1.0 - share
            for file in files
            if (share := file.tallies.get(measure, Tally()).value) is not None
        }
        if shares:
            values[measure_name(measure)] = shares
    latency = summarize([file.seconds * 1000.0 for file in files])
    return LegReport(
        leg=name,
        measures={measure: fmean(shares.values()) for measure, shares in values.items()},
        per_query=values,
        p50_ms=latency.p50_ms,
        p95_ms=latency.p95_ms,
    )


def worse_things(
    judged: Sequence[Judged],
    before: Sequence[ParsedFile],
    now: Sequence[ParsedFile],
    read: Mapping[str, Read],
) -> list[Thing]:
    """What is wrong now and was not before, of the measures that fell, with the stage that did it:
    a table row that the document has as it was read was lost in chunking. `read` are the documents
    and chunks of the files that could be read, by name."""
    fallen = {row.difference.measure for row in judged if row.fell}
    known = {file.name: file for file in before}
    things: list[Thing] = []
    for file in now:
        old = known.get(file.name)
        if old is None:
            continue
        if file.failure and not old.failure:
            things.append(Thing(Stage.PARSING, f"{file.name}: {file.failure}"))
            continue
        of_file: list[Thing] = []
        for name in MEASURES:  # short chunks, the last, may follow from what was lost before
            if measure_name(name) in fallen and not (of_file and name == "short_chunks"):
                of_file += _worse(name, old, file, read.get(file.name))
        things += of_file
    return things


def _worse(name: str, old: ParsedFile, file: ParsedFile, read: Read | None) -> list[Thing]:
    was, share = (one.tallies.get(name, Tally()).value for one in (old, file))
    if was is None or share is None or (share >= was if MEASURES[name] else share <= was):
        return []
    new = Counter(found.text for found in file.findings if found.measure == name)
    new -= Counter(found.text for found in old.findings if found.measure == name)
    if new:
        return [
            Thing(stage_of(Finding(name, text), read), f"{name}: {file.name}: {text}")
            for text in new.elements()
        ]
    if any(found.measure == name for found in file.findings):
        return []
    said = f"{name}: {file.name}: {was:.3f} → {share:.3f}"
    return [Thing(_stage_of_measure(name, read), said)]


def stage_of(finding: Finding, read: Read | None) -> Stage:
    """The stage that lost what a finding is about: parsing, where the document as it was read does
    not have it."""
    if read is None:
        return Stage.PARSING
    document, _ = read
    if finding.measure == "sentences_cut":
        return Stage.CHUNKING
    if finding.measure == "cells":
        row = letters(finding.text.partition(": ")[2].replace("|", ""))
        rows = {
            letters("".join(cells))
            for block in document.blocks
            if block.table is not None
            for cells in block.table.rows
        }
        return Stage.CHUNKING if row in rows else Stage.PARSING
    if finding.measure == "answers":
        held = holds_words(_text(document), finding.text)
        return Stage.CHUNKING if held else Stage.PARSING
    if finding.measure == "heading_path":
        return _stage_of_path(finding.text, document)
    return STAGES[finding.measure]


def _stage_of_path(text: str, document: Document) -> Stage:
    """Chunking, where the headings over a block are right in the document. The text of the finding
    is "path found | beginning of the block | path wanted"."""
    _, _, rest = text.partition(" | ")
    begun, _, wanted = rest.rpartition(" | ")
    start = letters(begun.rstrip("…"))
    path: list[tuple[int, str]] = []
    for block in document.blocks:
        if block.kind is BlockKind.HEADING:
            path = [item for item in path if item[0] < block.level]
            path.append((block.level, letters(block.text)))
        elif start and letters(block.text).startswith(start):
            found = "".join(heading for _, heading in path)
            return Stage.CHUNKING if found.endswith(letters(wanted)) else Stage.PARSING
    return Stage.PARSING


def _stage_of_measure(name: str, read: Read | None) -> Stage:
    """Of a measure without findings: chunking, where the chunks do not have all of the document."""
    if read is None or name not in ("recall", "cer"):
        return STAGES[name]
    document, chunks = read
    whole = len(letters(_text(document)))
    held = sum(len(letters(chunk.text)) for chunk in chunks)
    return Stage.CHUNKING if held < _COVERED * whole else Stage.PARSING


def _text(document: Document) -> str:
    hidden = (BlockKind.FURNITURE, BlockKind.HEADING)
    return "\n".join(block.text for block in document.blocks if block.kind not in hidden)


def _file(name: str, told: Mapping[str, Any]) -> ParsedFile:
    findings = []
    for line in told.get("findings", ()):
        measure, _, text = line.partition(": ")
        findings.append(Finding(measure, text))
    return ParsedFile(
        name=name,
        format="",
        language="",
        scan=False,
        tallies={
            measure: Tally(float(value["part"]), float(value["of"]))
            for measure, value in told["measures"].items()
            if measure in MEASURES
        },
        findings=findings,
        failure=str(told.get("failure", "")),
        seconds=float(told.get("seconds", 0.0)),
    )
