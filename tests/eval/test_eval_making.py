"""Questions made by rules: what is asked of which sentence, table, list and heading."""

from __future__ import annotations

import pytest
from making_fixtures import chunk, drafts

from ingest.contract import BlockKind


@pytest.mark.parametrize(
    ("sentence", "question", "answer"),
    [
        (
            "The World Health Organization declared the outbreak a pandemic in March 2020.",
            "When did the World Health Organization declare the outbreak a pandemic?",
            "March 2020",
        ),
        (
            "A duckling is a young duck in downy plumage or a baby duck.",
            "What is a duckling?",
            "a young duck in downy plumage or a baby duck",
        ),
        (
            "Wing-type nuts are made of anodized aluminum alloy or stainless steel.",
            "What are wing-type nuts made of?",
            "anodized aluminum alloy or stainless steel",
        ),
        (
            "Approximately 3 billion ducks are slaughtered each year for meat worldwide.",
            "How many ducks are slaughtered each year for meat worldwide?",
            "approximately 3 billion",
        ),
        (
            "Revenue increased 14% in the year that ended on December 31, 2021.",
            "According to “A Guide to Pumps”, by how much did revenue increase in the year that "
            "ended on December 31, 2021?",
            "14%",
        ),
        (
            "To export all drive keys to a file, use the export function of your console.",
            "How do I export all drive keys to a file?",
            "use the export function of your console",
        ),
        (
            "If the lamp of your printer is red, press the power button for three seconds.",
            "What should I do if the lamp of my printer is red?",
            "press the power button for three seconds",
        ),
        (
            "Separation of duties is commonly used to prevent fraudulent activities by one person.",
            "What is separation of duties used for?",
            "to prevent fraudulent activities by one person",
        ),
        (
            "4.1 Supplier shall notify Customer in writing within fifteen Business Days.",
            "Within how many Business Days shall Supplier notify Customer in writing?",
            "fifteen Business Days",
        ),
    ],
)
def test_what_is_asked_of_english(sentence: str, question: str, answer: str) -> None:
    assert (question, answer) in drafts(chunk(sentence))


@pytest.mark.parametrize(
    ("sentence", "question", "answer"),
    [
        ("广茂铁路建于1978年，全长365公里。", "广茂铁路建于哪一年？", "1978年"),
        ("广茂铁路建于1978年，全长365公里。", "广茂铁路全长多少公里？", "365公里"),
        ("1989年，约翰逊在上海创立了华为公司。", "约翰逊哪一年在上海创立了华为公司？", "1989年"),
        ("1989年，约翰逊在上海创立了华为公司。", "1989年谁在上海创立了华为公司？", "约翰逊"),
        ("《战国无双3》由光荣公司开发，故事分为关东三国志、战国三杰和关原的年轻武者。",
         "《战国无双3》由哪家公司开发，故事分为", ""),
        ("迟子建长期生活在哈尔滨。", "迟子建长期生活在哪里？", "哈尔滨"),
        ("所谓挪威同性婚姻是指挪威国会通过的同性婚姻法所允许的婚姻。", "什么是挪威同性婚姻？",
         "挪威国会通过的同性婚姻法所允许的婚姻"),
    ],
)  # fmt: skip
def test_what_is_asked_of_chinese(sentence: str, question: str, answer: str) -> None:
    if answer:
        assert (question, answer) in drafts(chunk(sentence))
    else:
        assert not any(text.startswith(question) for text, _ in drafts(chunk(sentence)))


@pytest.mark.parametrize(
    "sentence",
    [
        "We incurred operating losses of $8.6 billion in the year that ended in 2019.",
        "This software update includes the new alert for all of the pilots on board.",
        "He was born in Berlin in 1901 and studied the history of art at its university.",
        "As shown in Figure 3, the pump contains the following three parts of metal.",
        "Tbe qnick brwon fxo jmups ovre teh lzay dgo adn rnus awya frmo tihs palce.",
        "See section 4 above for the list of parts that the manual of the pump includes.",
        "本公司成立于1998年，总部位于北京。",
        "他于1950年毕业于北京大学。",
        "如下表所示，该产品共有三个型号。",
        "同年，上述公司在上海开设了12家分店。",
    ],
)
def test_sentences_that_point_outside_of_themselves_are_left_alone(sentence: str) -> None:
    assert drafts(chunk(sentence)) == []


TABLE = """Capitals of Europe

| Country | Capital | Population (millions) |
| --- | --- | --- |
| Austria | Vienna | 8.9 |
| Belgium | Brussels | 11.5 |
| Czech Republic | Prague | 10.7 |"""
YEARS = """|  | Year Ended December 31, | Year Ended December 31, |
| --- | --- | --- |
|  | 2020 | 2021 |
| Cost of revenue | $5,154 | $9,351 |
| Percentage of revenue | 46 % | 54 % |"""
CHINESE = """单位：万元

| 序号 | 金融机构名称 | 授信总额 |
| --- | --- | --- |
| 1 | 工商银行 | 330,435.30 |
| 2 | 江苏银行 | 218,597.00 |"""


def test_cells_are_asked_by_row_and_column() -> None:
    asked = drafts(chunk(TABLE, kind=BlockKind.TABLE))
    assert ("According to “A Guide to Pumps”, what is the capital of Belgium?", "Brussels") in asked
    assert len(asked) == 6
    years = drafts(chunk(YEARS, kind=BlockKind.TABLE, title="Uber"))
    assert (
        "According to “Uber”, what was the figure for Cost of revenue for the year Ended "
        "December 31, 2021?",
        "$9,351",
    ) in years
    assert drafts(chunk(CHINESE, kind=BlockKind.TABLE, title="募集说明书")) == [
        ("《募集说明书》中，工商银行的授信总额是多少？", "330,435.30"),
        ("《募集说明书》中，江苏银行的授信总额是多少？", "218,597.00"),
    ]


def test_tables_that_were_read_badly_are_left_alone() -> None:
    merged = "| Method | Source |\n| --- | --- |\n| A [1] B [2] | Web Web |\n| Cat [3] | Tox |"
    assert drafts(chunk(merged, kind=BlockKind.TABLE)) == []
    ragged = TABLE.replace("| Belgium | Brussels | 11.5 |", "| Belgium |")
    assert drafts(chunk(ragged, kind=BlockKind.TABLE)) == []


def test_lists_are_asked_by_the_line_above_them() -> None:
    text = (
        "The following commands can be used to change function usage:\n\n"
        "- Work Function Usage\n- Display Function Usage"
    )
    asked = drafts(chunk(text, kind=BlockKind.LIST_ITEM))
    assert asked == [
        ("Which commands can be used to change function usage?", "Work Function Usage")
    ]
    chinese = "申请人提交的材料包括以下内容：\n\n1. 身份证明\n2. 学历证明\n3. 体检报告"
    assert ("申请人提交的材料包括哪些内容？", "身份证明") in drafts(
        chunk(chinese, kind=BlockKind.LIST_ITEM)
    )


BODY = (
    "Ducks are found on every continent except Antarctica. Several species live on islands of "
    "the southern seas, and some of them have reached isolated islands of the oceans."
)


def test_headings_are_asked_where_they_stand_once() -> None:
    section = chunk(BODY, headings=["Distribution and Habitat"])
    assert (
        "What does “A Guide to Pumps” say about distribution and habitat?",
        "",
    ) in drafts(section)
    again = chunk(BODY + " More.", ordinal=1, headings=["Distribution and Habitat"])
    assert not any("habitat" in text for text, _ in drafts(section, again))
    assert not any("say about" in text for text, _ in drafts(chunk(BODY, headings=["Summary"])))
