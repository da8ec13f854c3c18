"""Datasets of judged passages, in whichever layout they come: BEIR or TREC."""

from __future__ import annotations

from pathlib import Path

from eval.contract import BadDataset, Dataset
from eval.datasets import load_dataset
from eval.trec import is_trec, load_trec, load_trec_folder


def load_judged(
    place: Path,
    split: str = "",
    topics: Path | None = None,
    qrels: Path | None = None,
    topic_field: str = "",
) -> Dataset:
    """The dataset of a BEIR folder (of it the `split`, "test" where none is named), of a TREC
    folder, or of TREC files: then `place` is the corpus. Raises BadDataset, also for half of the
    files, and for a part that the layout does not have."""
    given = topics is not None or qrels is not None
    if given and (topics is None or qrels is None):
        raise BadDataset("topics and qrels belong together: give both, or a folder that has both")
    if not given and not is_trec(place):
        if topic_field:
            raise BadDataset(f"{place} is no TREC folder: its queries have no {topic_field!r}")
        return load_dataset(place, split or "test")
    if split:
        raise BadDataset(f"a TREC set has one file of qrels, and no split {split!r}: leave it out")
    if topics is None or qrels is None:
        return load_trec_folder(place, topic_field)
    return load_trec(place, topics, qrels, topic_field)
