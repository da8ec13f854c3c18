"""What queries are understood as, over documents as companies have them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from understanding_cases import CASES
from understanding_room import Case, asked, faults, filled
from understanding_unseen import UNSEEN

from index.collection import Collection
from retrieve.contract import Hit, Query, SearchResult
from retrieve.pipeline import Retriever
from retrieve.understanding.spelling import _may_begin


@pytest.fixture(scope="module")
def collection(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Collection]:
    collection = filled(tmp_path_factory.mktemp("understanding") / "c")
    yield collection
    collection.close()


@pytest.mark.parametrize("case", [*CASES, *UNSEEN], ids=lambda case: case.text)
def test_a_query_is_understood(collection: Collection, case: Case) -> None:
    assert faults(asked(collection, case), case) == []


def found_by(collection: Collection, text: str, **steps: bool) -> SearchResult:
    return Retriever(depth=30).search(collection.snapshot(), Query(text, k=10, steps=steps))


def test_what_is_quoted_comes_first_where_more_is_asked(collection: Collection) -> None:
    """Of a question with a title in quotation marks, other passages answer parts, too."""
    text = (
        'Which section on "annual leave" applies when parental leave follows a material breach '
        "of the supplier agreement?"
    )
    result = found_by(collection, text, spelling=False)
    assert result.explanation.steps["quotes"]["others_follow"]  # type: ignore[call-overload,index]
    assert result.explanation.allowed is None
    holds = ["annual leave" in " ".join(_texts(hit)).casefold() for hit in result.hits]
    assert holds[0]
    assert not holds[-1]
    assert holds == sorted(holds, reverse=True)


def _texts(hit: Hit) -> tuple[str, ...]:
    return (hit.chunk.text, hit.chunk.title, *hit.chunk.heading_path)


def test_a_section_that_holds_no_answer_restricts_nothing(collection: Collection) -> None:
    """The number stands in a document about something else."""
    text = "According to section 3.2, 房屋租赁合同的租金每月多少元？"
    result = found_by(collection, text)
    assert any("not in the section named" in note for note in result.explanation.notes)
    assert "sections" not in result.explanation.steps
    assert result.explanation.allowed is None
    plain = found_by(collection, text, sections=False)
    assert [hit.chunk.id for hit in result.hits] == [hit.chunk.id for hit in plain.hits]


@pytest.mark.parametrize(
    ("word", "other", "may"),
    [
        ("warenty", "warranty", True),
        ("beriods", "periods", False),
        ("eriods", "periods", True),
        ("pperiods", "periods", True),
        ("epriods", "periods", True),
        ("kexus", "nexus", False),
    ],
)
def test_a_first_letter_is_seldom_mistaken(word: str, other: str, may: bool) -> None:
    assert _may_begin(word, other) is may
