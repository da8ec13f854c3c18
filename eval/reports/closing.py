"""The last sections of a report: settings, how to reproduce it, what the measures say."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence

from eval.contract import Report
from eval.differences import SOURCE_PREFIX
from eval.experiments.conduct import NOT_MEASURED_PREFIX
from eval.experiments.history import IN_FORCE
from eval.reports.analysis import Analysis
from eval.reports.blocks import Block, Cell, Code, Heading, Paragraph, Role, Table, Terms
from eval.reports.numbers import NONE
from eval.reports.opening import NOTES
from eval.reports.page import COMMAND_SETTING
from eval.reports.words import Words

VERSION_PREFIX = "version of "
MACHINE_PREFIX = "machine: "
_CHARS = 160
_ROWS = 60
_DIGEST = re.compile("[0-9a-f]{64}")
_DIGEST_SHOWN = 16


def settings(analysis: Analysis, words: Words) -> Iterator[Block]:
    """What was measured: first what is not the same in all systems, then what is."""
    own = {system: _own(analysis.reports, system) for system in analysis.systems}
    shared = _shared(analysis)
    differing = []
    for name in sorted({name for values in own.values() for name in values}):
        texts = {values.get(name, "") for values in own.values()}
        if len(texts) > 1:
            differing.append(name)
        else:
            shared[name] = texts.pop()
    yield Heading(words("settings"), "settings")
    if differing:
        yield Paragraph(words("settings.differing"), Role.NOTE)
        rows = [
            (
                setting_name(name, words),
                [Cell(_said(own[system].get(name, NONE), words), words=True) for system in own],
            )
            for name in differing[:_ROWS]
        ]
        yield Table([words("column.setting"), *own], rows)
        if len(differing) > _ROWS:
            yield Paragraph(words("cut.settings", shown=_ROWS, n=len(differing)), Role.NOTE)
    missing = _missing(analysis, words)
    if missing:
        yield Paragraph(words("settings.missing"), Role.NOTE)
        yield Table(
            [words("column.system"), words("column.dataset"), words("column.reason")], missing
        )
    yield Paragraph(words("settings.shared"), Role.NOTE)
    yield Terms(
        [(setting_name(name, words), _said(value, words)) for name, value in shared.items()]
    )


def reproduction(analysis: Analysis, words: Words) -> Iterator[Block]:
    """Commands, versions, data and machine: what has to be the same."""
    yield Heading(words("reproduce"), "reproduce")
    commands = dict.fromkeys(
        value
        for report in analysis.reports
        for key, value in report.settings.items()
        if key == COMMAND_SETTING or key.endswith(f": {COMMAND_SETTING}")
    )
    if commands:
        yield Paragraph(words("reproduce.command"))
        yield Code("\n".join(commands))
    kinds = (
        ("reproduce.versions", VERSION_PREFIX),
        ("reproduce.machine", MACHINE_PREFIX),
    )
    for name, prefix in kinds:
        found = {
            key.removeprefix(prefix): value
            for report in analysis.reports
            for key, value in report.settings.items()
            if key.startswith(prefix)
        }
        if found:
            yield Paragraph(words(name))
            yield Terms([(words.named("setting", key), value) for key, value in found.items()])
    rows = [
        (
            report.dataset,
            [
                Cell(setting_name(key.removeprefix(SOURCE_PREFIX), words), words=True),
                Cell(_digest(value), words=True),
            ],
        )
        for report in analysis.reports
        for key, value in report.settings.items()
        if key.startswith(SOURCE_PREFIX)
    ]
    if rows:
        yield Paragraph(words("reproduce.data"))
        yield Table([words("column.dataset"), words("column.file"), "SHA-256"], rows)


def glossary(analysis: Analysis, words: Words) -> Iterator[Block]:
    """What the measures of this report say."""
    names = dict.fromkeys(
        name for report in analysis.reports for leg in report.legs.values() for name in leg.measures
    )
    families = dict.fromkeys(re.split(r"[@(]", name)[0] for name in names)
    known = [
        (name, words.named("measure", name))
        for name in families
        if words.named("measure", name) != name
    ]
    yield Heading(words("glossary"), "glossary")
    yield Terms(
        [
            *known,
            (words("glossary.interval"), words("glossary.interval.said")),
            (words("glossary.p"), words("glossary.p.said")),
        ]
    )


def _own(reports: Sequence[Report], system: str) -> dict[str, str]:
    """What reports say of a system alone; where datasets differ, one after the other."""
    prefix = f"{system}: "
    found: dict[str, dict[str, None]] = {}
    for report in reports:
        for key, value in report.settings.items():
            if key.startswith(prefix) and not key.endswith(f": {COMMAND_SETTING}"):
                for name, text in _flat(key.removeprefix(prefix), value).items():
                    found.setdefault(name, {})[text] = None
    return {name: "; ".join(texts) for name, texts in found.items()}


def _shared(analysis: Analysis) -> dict[str, str]:
    """What reports say of all systems. Where datasets differ, each has a line of its own."""
    prefixes = (
        SOURCE_PREFIX,
        VERSION_PREFIX,
        MACHINE_PREFIX,
        NOT_MEASURED_PREFIX,
        *(f"{system}: " for system in analysis.systems),
    )
    found: dict[str, dict[str, list[str]]] = {}
    for report in analysis.reports:
        for key, value in report.settings.items():
            if key not in (COMMAND_SETTING, NOTES) and not key.startswith(prefixes):
                for name, text in _flat(key, value).items():
                    found.setdefault(name, {}).setdefault(text, []).append(report.dataset)
    shown: dict[str, str] = {}
    for name, texts in found.items():
        for text, datasets in texts.items():
            is_alone = len(texts) == 1 and len(datasets) == len(analysis.reports)
            shown[name if is_alone else f"{name} ({', '.join(datasets)})"] = text
    return shown


def _missing(analysis: Analysis, words: Words) -> list[tuple[str, list[Cell]]]:
    return [
        (
            key.removeprefix(NOT_MEASURED_PREFIX),
            [Cell(report.dataset, words=True), Cell(_said(value, words), words=True)],
        )
        for report in analysis.reports
        for key, value in report.settings.items()
        if key.startswith(NOT_MEASURED_PREFIX)
    ]


def _flat(name: str, value: str) -> dict[str, str]:
    """A setting that is a JSON object as its parts, by dotted name."""
    try:
        data = json.loads(value) if value.startswith("{") else None
    except ValueError:
        data = None
    if not isinstance(data, dict):
        return {name: value}
    return dict(_parts("" if name == IN_FORCE else f"{name}.", data))


def _parts(start: str, data: Mapping[str, object]) -> Iterator[tuple[str, str]]:
    for key, value in data.items():
        if isinstance(value, dict) and value:
            yield from _parts(f"{start}{key}.", value)
        else:
            text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
            yield f"{start}{key}", text


def setting_name(name: str, words: Words) -> str:
    """The name of a setting in words: those of what a report says of itself ("warm_up_queries",
    "judge, calls") are said in its language, those of `braid.toml` stay. In brackets behind it may
    stand the datasets that it is of."""
    plain, bracket, datasets = name.partition(" (")
    said = words.named("setting", plain)
    return (said if said != plain else words.sentence(plain)) + bracket + datasets


def _said(value: str, words: Words) -> str:
    return _cut(words.sentence(value))


def _digest(value: str) -> str:
    return f"{value[:_DIGEST_SHOWN]}…" if _DIGEST.fullmatch(value) else value


def _cut(text: str) -> str:
    return (text if len(text) <= _CHARS else text[: _CHARS - 1] + "…") or NONE
