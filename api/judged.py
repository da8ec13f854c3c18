"""Datasets of judged passages, as the command line names them."""

from __future__ import annotations

from pathlib import Path

from eval.contract import Dataset
from eval.pipeline import is_trec, load_dataset, load_trec, load_trec_folder
from ingest.contract import BadInput


def judged_dataset(
    place: Path, split: str | None, topics: Path | None, qrels: Path | None, field: str
) -> Dataset:
    """The dataset of a BEIR folder, a TREC folder or TREC files. Raises BadInput for half of the
    flags."""
    if topics is not None and qrels is not None:
        return load_trec(place, topics, qrels, field)
    if topics is not None or qrels is not None:
        raise BadInput("--topics and --qrels belong together: give both, or a folder of its own")
    if is_trec(place):
        return load_trec_folder(place, field)
    if field:
        raise BadInput("--topic-field is for TREC topics: give a TREC folder, or --topics")
    return load_dataset(place, split or "test")
