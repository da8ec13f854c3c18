"""What is taken and what is left of things that models write around a question."""

from __future__ import annotations

import pytest
from index_room import ANALYZER

from retrieve.model_steps import reader_of
from retrieve.replies import Reader, order_of

PUMP = "What is the warranty on the AV-200 pump after 2 years?"
GUARANTEE = "AV-200 pump guarantee, 2 years"
BEIJING = "北京水泵厂的质保期是多久？"


def reader(question: str) -> Reader:
    return reader_of(question, ANALYZER)


@pytest.mark.parametrize(
    ("question", "written", "kept"),
    [
        (
            PUMP,
            "Sure! Here are three wordings:\n"
            "1. How long is the AV-200 pump covered after 2 years?\n"
            '2) "Warranty of the AV-200 pump, 2 years"\n'
            "**Rewrite 3:** AV-200 pump guarantee past 2 years\n",
            [
                "How long is the AV-200 pump covered after 2 years?",
                "Warranty of the AV-200 pump, 2 years",
                "AV-200 pump guarantee past 2 years",
            ],
        ),
        (PUMP, f'```json\n["{GUARANTEE}", "pumps"]\n```', [GUARANTEE]),
        (PUMP, f'{{"rewrites": [{{"text": "{GUARANTEE}"}}]}}', [GUARANTEE]),
        (PUMP, f"[1] {GUARANTEE}", [GUARANTEE]),
        (PUMP, f"[unclosed\n- {GUARANTEE}", [GUARANTEE]),
        (PUMP, PUMP.upper() + "\n" + PUMP, []),  # the question itself
        (PUMP, "Warranty of the pump after 2 years", []),  # the code is lost
        (PUMP, "Warranty of the AV-300 pump after 2 years", []),  # another code
        (PUMP, "Warranty of the AV-200 pump after 2 or 3 years", []),  # another number
        (PUMP, "AV-200水泵2年后的质保", []),  # another language
        (PUMP, "AV-200 2 " + "pump warranty " * 40, []),  # far too long
        (PUMP, "I'm sorry, I can't help with the AV-200 pump after 2 years.", []),
        ("How do boats float?", "Napoleon was an emperor of France.", []),
        ("How do boats float?", "Why boats float\nwhy boats float!\nAh", ["Why boats float"]),
        ("Cost of 3,000 bolts", "Price of 3000 bolts", ["Price of 3000 bolts"]),
        ("I can not log in", "I can not log in to my account", ["I can not log in to my account"]),
        (
            BEIJING,
            "以下是三种说法：\n1、北京水泵厂保修多长时间？\n（2）北京水泵厂的保修期\n改写3：北京水泵厂质保年限\n"
            "How long is the warranty?",
            ["北京水泵厂保修多长时间？", "北京水泵厂的保修期", "北京水泵厂质保年限"],
        ),
        (BEIJING, "抱歉，我无法回答关于北京水泵厂的问题。", []),
        (BEIJING, "北京水泵厂保\ufffd", []),
        (BEIJING, "", []),
        (BEIJING, "\x00\n  \n：\n", []),
        (BEIJING, "[" * 100_000, []),
    ],
)  # fmt: skip
def test_wordings(question: str, written: str, kept: list[str]) -> None:
    reply = reader(question).wordings(written)
    assert list(reply.texts) == kept


def test_what_is_left_out_is_counted() -> None:
    reply = reader("How do boats float?").wordings("\n".join(f"boats {n}" for n in "abcde") + "\nx")
    assert list(reply.texts) == ["boats a", "boats b", "boats c"]
    assert reply.dropped == 3


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("When was Ada born?\nWhen was Alan born?", ["When was Ada born?", "When was Alan born?"]),
        ("1. When was Ada born?\n2. Who is Napoleon?", ["When was Ada born?"]),
        ("Was Ada born in 1815?", []),
        ("NONE", []),
        ("None.", []),
    ],
)
def test_parts(written: str, kept: list[str]) -> None:
    reply = reader("Who was born first, Ada or Alan?").parts(written)
    assert list(reply.texts) == kept
    if "N" in written[:1]:
        assert reply.dropped == 0


def test_a_general_question_brings_no_number_of_its_own() -> None:
    ask = reader("Why did the AV-200 fail in May?")
    assert list(ask.general("General question: Why do pumps fail?").texts) == ["Why do pumps fail?"]
    assert list(ask.general("Why do 7 pumps fail?").texts) == []
    assert list(ask.general("It is a very good day.").texts) == []


@pytest.mark.parametrize(
    ("question", "written", "passage"),
    [
        (PUMP, "Here is a passage:\n\nThe pump is\ncovered.", "The pump is covered."),
        (PUMP, "The pump is covered.", "The pump is covered."),
        (PUMP, "I am sorry, but I can't say.", None),
        (PUMP, "质保期为三年。", None),
        (PUMP, "", None),
        (BEIJING, "以下是一段文字：\n质保期为三年。", "质保期为三年。"),
    ],
)
def test_passages(question: str, written: str, passage: str | None) -> None:
    assert list(reader(question).passage(written).texts) == ([passage] if passage else [])


def test_a_passage_is_not_endless() -> None:
    (passage,) = reader(PUMP).passage("warranty " * 5_000).texts
    assert len(passage) <= 1_200


@pytest.mark.parametrize(
    ("question", "said", "written", "kept"),
    [
        ("那价格呢？", "AV-200水泵的质保期是多久？三年。", "AV-200水泵的价格是多少？", True),
        ("那价格呢？", "AV-200水泵的质保期是多久？三年。", "AV-300水泵的价格是多少？", False),
        ("那价格呢？", "AV-200水泵的质保期是多久？三年。", "价格是1000元。", False),
        ("那价格呢？", "AV-200水泵的质保期是多久？三年。", "What is the price?", False),
        ("它呢？", "水泵多重？", "水泵呢？", True),
        ("And of the AV-9?", "How heavy is the pump?", "How heavy is the AV-9?", True),
        ("And of the AV-9?", "How heavy is the pump?", "How heavy is the pump?", False),
        (
            "And its price?",
            "How heavy is the pump?",
            "Napoleon Bonaparte conquered most of Europe before the price was paid at Waterloo",
            False,
        ),
        ("How do boats float?", "How heavy is the pump?", "How do boats float?", True),
    ],
)
def test_standing_alone(question: str, said: str, written: str, kept: bool) -> None:
    assert list(reader(question).standalone(written, said).texts) == ([written] if kept else [])


@pytest.mark.parametrize(
    ("written", "count", "order"),
    [
        ("[2] > [1] > [3]", 3, [2, 1, 3]),
        ("[2] > [2] > [9] > [0]", 3, [2]),
        ("2, 3 and 1.", 3, [2, 3, 1]),
        ("Passage 1.5 is best", 3, []),
        ("I prefer [3] of 2", 3, [3]),
        ("", 3, []),
    ],
)
def test_orders(written: str, count: int, order: list[int]) -> None:
    assert order_of(written, count) == order
