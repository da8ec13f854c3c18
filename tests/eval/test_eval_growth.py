"""Parts of a dataset for the same queries."""

from __future__ import annotations

import pytest

from eval.contract import Dataset, DatasetDocument
from eval.growth import dataset_parts
from ingest.contract import BadInput

DATASET = Dataset(
    "made",
    [DatasetDocument(f"d{number}", "", f"text {number}") for number in range(100)],
    {f"q{number}": f"question {number}" for number in range(30)},
    {f"q{number}": {f"d{number}": 1, f"d{number + 1}": 2, "d99": 0} for number in range(30)},
    notes=("a note",),
)


def test_parts_lie_within_each_other_and_have_the_same_queries() -> None:
    small, middle, whole = dataset_parts(DATASET, [100, 20, 50, 20])
    assert [part.name for part in (small, middle, whole)] == ["made-20", "made-50", "made-100"]
    ids = [{document.id for document in part.documents} for part in (small, middle, whole)]
    assert [len(part) for part in ids] == [20, 50, 100]
    assert ids[0] < ids[1] < ids[2]
    assert small.queries == middle.queries == whole.queries
    assert list(small.queries) == [name for name in DATASET.queries if name in small.queries]
    relevant = {name for q in small.queries for name, g in DATASET.qrels[q].items() if g > 0}
    assert relevant <= ids[0]
    assert 5 <= len(relevant) <= 10
    assert small.qrels.keys() == small.queries.keys()
    assert small.notes == ("a note", f"20 of 100 documents, {len(small.queries)} queries")
    assert [d.id for d in middle.documents] == sorted(ids[1], key=lambda name: int(name[1:]))
    assert dataset_parts(DATASET, [20])[0] == small


@pytest.mark.parametrize(
    ("sizes", "message"),
    [([101], "has 100 documents"), ([], "not none"), ([3], "3 documents of made are too few")],
)
def test_sizes_that_there_are_not(sizes: list[int], message: str) -> None:
    with pytest.raises(BadInput, match=message):
        dataset_parts(DATASET, sizes)
