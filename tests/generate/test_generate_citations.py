from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from generate.citations import CitationChecker
from generate.contract import Answer, Passage, Terms
from generate.language import UNKNOWN, language, says_unknown
from generate.marks import marks
from generate.numbers import missing, numbers
from index.pipeline import function_words

MakePassage = Callable[..., Passage]

UBER = (
    "Uber's total revenue was $17,455 million in 2021, up 57% from 2020. It had 118 million users."
)
LYFT = "Lyft reported revenue of $3,208 million in 2021. Its CEO was Logan Green."
WALL = "长城全长21196.18公里，始建于春秋战国时期。明长城东起鸭绿江，西至嘉峪关。"


@pytest.fixture(scope="session")
def passages(passage: MakePassage) -> list[Passage]:
    return [passage(1, UBER, "Uber 10-K"), passage(2, LYFT, "Lyft 10-K"), passage(3, WALL, "长城")]


@pytest.fixture(scope="session")
def check(terms: Terms, passages: list[Passage]) -> Callable[[str], Answer]:
    checker = CitationChecker(terms)
    return lambda text: checker.check(Answer(text, (), True, "test"), passages)


@pytest.mark.parametrize(
    ("written", "settled"),
    [
        ("Total revenue was $17,455 million in 2021 [1].", None),
        ("Total revenue was $17.455 billion in 2021. [1]", None),
        ("Uber had 118 million users 【1】.", "Uber had 118 million users [1]."),
        ("Uber had 118 million users [^1].", "Uber had 118 million users [1]."),
        ("Uber had 118 million users [Passage 1].", "Uber had 118 million users [1]."),
        ("Uber had 118 million users【1†source】.", "Uber had 118 million users[1]."),
        ("Revenue in 2021 was reported [1, 2].", "Revenue in 2021 was reported [1][2]."),
        ("Revenue in 2021 was reported [1-2].", "Revenue in 2021 was reported [1][2]."),
        ("长城全长21,196.18公里。[3]", None),
        ("长城全长２１１９６.18公里［3］。", "长城全长２１１９６.18公里[3]。"),
        ("- Lyft's revenue was $3,208 million [2]\n- Uber had 118 million users [1]", None),
        ("1. Lyft's CEO was Logan Green. [2]", None),
        ("Uber made $17,455 million [1], while Lyft made $3,208 million [2].", None),
        ("[2] Lyft reported revenue of $3,208 million in 2021.", None),
        ("| Company | Revenue |\n| --- | --- |\n| Lyft | $3,208 million [2] |", None),
        ("Use `a[1]` as in\n```\nb[9]\n```\nLyft reported revenue in 2021 [2].", None),
        ("Lyft's revenue in [2021] was $3,208 million in 2021 [2].", None),
    ],
)
def test_what_stands_stays(
    check: Callable[[str], Answer], written: str, settled: str | None
) -> None:
    answer = check(written)
    assert answer.text == (settled or written)
    assert answer.citations
    assert answer.dropped == ()


@pytest.mark.parametrize(
    ("written", "settled", "why"),
    [
        ("Lyft reported revenue of $3,208 million. [2] [7]", None, "there is no passage 7"),
        ("Uber had 118 million users [1]. Revenue was $19 million [1].", None, "number 19"),
        ("Uber had 118 million users [1]. Revenue was $17,455 [1].", None, "number 17455"),
        ("Uber had 118 million users [1]. The revenue of Bolt was up 57% [1].", None, "'Bolt'"),
        ('Uber had 118 million users [1]. It said "we are profitable" [1].', None, "quotation"),
        ("长城全长21196.18公里[3]。秦始皇统一了度量衡和文字[3]。", None, "of its words"),
        ("Lyft reported revenue [2].[[9]9]", "Lyft reported revenue [2].", "no passage 9"),
        ("Lyft reported revenue in[9]2021 [2].", "Lyft reported revenue in 2021 [2].", "passage 9"),
    ],
)
def test_what_does_not_stand_goes(
    check: Callable[[str], Answer], written: str, settled: str | None, why: str
) -> None:
    answer = check(written)
    assert any(why in line for line in answer.dropped), answer.dropped
    if settled is not None:
        assert answer.text == settled
    assert len(answer.citations) == 1


def test_a_mark_is_moved_to_no_other_sentence(check: Callable[[str], Answer]) -> None:
    answer = check("Lyft reported revenue of $3,208 million in 2021. [2] Bolt has a blue logo. [2]")
    assert (
        answer.text == "Lyft reported revenue of $3,208 million in 2021. [2] Bolt has a blue logo."
    )
    assert answer.notes == ("1 of 2 sentences carry no citation that stood the check",)
    start, end = answer.citations[0].answer_span
    assert answer.text[start:end] == "Lyft reported revenue of $3,208 million in 2021."


def test_citations_are_added_where_the_writer_set_none(check: Callable[[str], Answer]) -> None:
    answer = check("Uber's total revenue was $17,455 million in 2021. The moon is far away.")
    assert answer.text == (
        "Uber's total revenue was $17,455 million in 2021. [1] The moon is far away."
    )
    assert answer.citations[0].quote == UBER.split(" It had")[0]
    assert any("added afterwards" in note for note in answer.notes)


def test_a_wrong_mark_is_replaced_by_the_right_one(check: Callable[[str], Answer]) -> None:
    answer = check("明长城东起鸭绿江，西至嘉峪关。[1]")
    assert answer.text == "明长城东起鸭绿江，西至嘉峪关。 [3]"
    assert "[1] after" in answer.dropped[0]


@pytest.mark.parametrize("spoken", ["zh", "en"])
def test_saying_unknown_is_not_a_claim(check: Callable[[str], Answer], spoken: str) -> None:
    answer = check(UNKNOWN[spoken] + " [1]")  # type: ignore[index]
    assert not answer.known
    assert answer.citations == ()
    assert marks(answer.text) == []


@pytest.mark.parametrize(
    ("text", "unknown"),
    [
        ("The passages do not mention the president.", True),
        ("There is no information about this in the documents.", True),
        ("文档中没有提到这一点。", True),
        ("The company did not pay a dividend in 2021.", False),
        ("该公司没有分红。", False),
    ],
)
def test_says_unknown(text: str, unknown: bool) -> None:
    assert says_unknown(text) is unknown


def test_similarity_judges_across_languages(terms: Terms, passages: list[Passage]) -> None:
    def knows_the_wall(text: str, candidates: Sequence[str]) -> npt.NDArray[np.float32]:
        alike = "Great Wall" in text
        return np.array([0.9 if alike and "长城" in c else 0.1 for c in candidates], np.float32)

    checker = CitationChecker(terms, knows_the_wall)
    text = "The Great Wall is 21,196.18 km long. [3] The Great Wall is 5 km long. [3] Salt. [3]"
    answer = checker.check(Answer(text, (), True, "test"), passages)
    assert [c.number for c in answer.citations] == [3]
    assert answer.citations[0].quote.startswith("长城全长")
    assert len(answer.dropped) == 2


def test_without_similarity_a_shared_number_carries_over(check: Callable[[str], Answer]) -> None:
    assert [c.number for c in check("It is 21,196.18 km long. [3]").citations] == [3]
    assert check("It is long and old. [3]").citations == ()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("长城有多长？", "zh"),
        ("什么是 retrieval augmented generation", "zh"),
        ("What does 北京 mean?", "en"),
        ("How long is it?", "en"),
        ("", "en"),
    ],
)
def test_language(text: str, expected: str) -> None:
    assert language(text) == expected


_WORDS = "Uber's total revenue was $17,455 million 2021 57% Lyft 19 长城 全长 公里 21196.18 嘉峪关"
_MARKS = "[1] [2] [3] [4] [1,2] 【3】 [[1]2] [1-3] [ ] 9 [^2] [0] [1](x)"
_OTHER = ["。", ".", " ", " ", "\n", "- ", "1. ", '"', "|", "**", "# ", "？", "，", "、", " [1, 2]"]
_PIECES = st.sampled_from([*_WORDS.split(), *_MARKS.split(), *_OTHER])
_ANSWERS = st.lists(_PIECES, max_size=30).map("".join) | st.text(max_size=60)
_SLOW = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@_SLOW
@given(text=_ANSWERS)
def test_checking_twice_changes_nothing(check: Callable[[str], Answer], text: str) -> None:
    once = check(text)
    twice = check(once.text)
    assert (twice.text, twice.citations) == (once.text, once.citations)
    assert twice.dropped == ()


@_SLOW
@given(text=_ANSWERS)
def test_what_is_left_is_sound(
    check: Callable[[str], Answer], passages: list[Passage], text: str
) -> None:
    answer = check(text)
    cited = {citation.number for citation in answer.citations}
    assert {n for mark in marks(answer.text) for n in mark.numbers} == cited
    by_number = {passage.number: passage for passage in passages}
    for citation in answer.citations:
        start, end = citation.answer_span
        assert 0 <= start < end <= len(answer.text)
        chunk = by_number[citation.number].chunk
        assert citation.chunk == chunk
        assert citation.quote in chunk.text
        assert 0 <= citation.support <= 1
        claim = answer.text[start:end]
        for mark in reversed(marks(claim)):
            claim = claim[: mark.start] + " " + claim[mark.end :]
        assert missing(numbers(claim), numbers(f"{chunk.context}\n{chunk.text}")) == []


def test_function_words_are_unique() -> None:
    assert len(function_words()) == len(set(function_words()))
