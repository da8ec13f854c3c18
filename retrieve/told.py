"""What the steps of one search have to tell."""

from __future__ import annotations

from dataclasses import dataclass, field

from ingest.contract import Json
from retrieve.contract import Reranked
from retrieve.model_steps import Written


@dataclass(frozen=True, slots=True)
class Told:
    """The report of each step by its name, what the searcher should know, and what there was no
    time for; filled as the search goes on."""

    reports: dict[str, Json]
    notes: list[str] = field(default_factory=list)
    cut: list[str] = field(default_factory=list)

    def add(self, written: Written) -> None:
        self.reports.update(written.reports)
        self.notes.extend(written.notes)
        self.cut.extend(written.cut)

    def add_reranked(self, name: str, reranked: Reranked) -> None:
        if reranked.report:
            self.reports[name] = dict(reranked.report)
        self.notes.extend(reranked.notes)
        if reranked.cut:
            self.cut.append(reranked.cut)
