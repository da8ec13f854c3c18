"""Every text of a report is there in both languages, and only its own language is in a report."""

from __future__ import annotations

import re
from html import unescape
from pathlib import Path
from string import Formatter

import pytest
from report_studies import study_on, trends_of

from eval.contract import Stage
from eval.pipeline import render
from eval.reports.catalogue import TEXTS
from eval.reports.sentences import FIGURES, SENTENCES, in_chinese
from eval.reports.words import LANGUAGES, Words
from ingest.contract import BadInput

SOURCES = Path(__file__).resolve().parents[2] / "eval" / "reports"
FAMILIES = ("stage", "slice", "cost", "measure", "latency", "baseline", "setting")
"""Texts whose keys are put together."""

HAN = re.compile("[\u4e00-\u9fff]")
NAMES = re.compile(
    r"judge\.budget_tokens|tau-b|"
    r"nDCG@10|RR@10|R@100|Success@1|F1|Answered|Supported|nDCG|Success|\bRR\b|\bR\b|Holm|SHA-256"
    r"|\bp\d*\b|UTC|MB|q\d+|CPU|x86|braid eval run|--report out\.html|braid|corpus\.jsonl"
    r"|retrieval\.[\w.]+|settings in force[\w.]*|embedder|e5|true|[0-9a-f]{16}…|k: 10 → 20"
)
"""Names, commands and settings: the same in every language."""

DATA = re.compile("数据|另一|研究|[甲乙丙]|问题|<质保> 多久|结果|为何丢失|法律|哪里|应得|得到")
"""What the data of these studies says in Chinese."""


def texts_of(html: str) -> str:
    """What a reader of a page sees or hears."""
    body = html[html.index("<body>") :].replace("<wbr>", "")
    spoken = " ".join(re.findall(r'aria-label="([^"]*)"', body))
    return unescape(re.sub(r"<[^>]*>", "\n", body) + "\n" + spoken)


def test_every_text_has_the_same_values_in_every_language() -> None:
    for key, texts in TEXTS.items():
        assert len(texts) == len(LANGUAGES), key
        fields = [{name for _, name, _, _ in Formatter().parse(text) if name} for text in texts]
        assert fields[0] == fields[1], key
        assert all(text.strip() or key == "list.sentence" for text in texts), key
    english = [text for text, _ in TEXTS.values()]
    assert not [text for text in english if HAN.search(text)]


def test_every_text_is_used_and_every_text_used_is_there() -> None:
    code = "\n".join(
        path.read_text("utf-8")
        for path in sorted(SOURCES.glob("*.py"))
        if path.stem not in ("catalogue", "vocabulary")
    )
    used = set(re.findall(r"(?:words|self)\(\s*[\"']([a-z][\w.]*)[\"']", code))
    assert used <= TEXTS.keys()
    quoted = set(re.findall(r"[\"']([a-z][\w.]*)[\"']", code))
    unused = [key for key in TEXTS if key not in quoted and key.partition(".")[0] not in FAMILIES]
    assert unused == []
    for family in FAMILIES:
        assert f'"{family}"' in code or f'f"{family}.' in code
    assert {f"stage.{stage.value}" for stage in Stage} <= TEXTS.keys()


@pytest.mark.parametrize("datasets", [("数据",), ("数据", "另一")])
def test_a_chinese_report_is_chinese_and_an_english_one_english(datasets: tuple[str, ...]) -> None:
    study = study_on(datasets)
    options = {"resamples": 50, "trends": trends_of()}
    chinese = texts_of(render("html", study, language="zh", **options))
    left = re.findall(r"[A-Za-z]{2,}[A-Za-z ]*", NAMES.sub("", chinese))
    assert left == []
    english = render("html", study, language="en", **options)
    assert HAN.findall(DATA.sub("", texts_of(english))) == []
    assert '<html lang="en">' in english


@pytest.mark.parametrize("english", SENTENCES)
def test_every_sentence_is_said_in_chinese(english: str) -> None:
    """With a number or a Chinese word for what is different, and nothing lost."""
    names = [name for _, name, _, _ in Formatter().parse(english) if name]
    values = {name: str(10 + at) if name in FIGURES else f"甲{at}" for at, name in enumerate(names)}
    if "stage" in names:
        english, names = english.replace("{stage}", "fusion"), [n for n in names if n != "stage"]
        values.pop("stage")
    said = in_chinese(english.format(**values))
    assert re.findall(r"[A-Za-z]{2,}", NAMES.sub("", said).replace("token", "")) == []
    assert all(value in said for value in values.values())


def test_sentences_in_sentences_are_said_in_chinese() -> None:
    assert (
        in_chinese("no leg has it among its first 10: sparse at 30, dense not there")
        == "各路检索的前 10 位中都没有它：sparse 第 30 位，dense 没有"
    )
    assert in_chinese(
        "failed: RR@10 fell by 0.6 to 0.2 (95 % interval -0.7 to -0.5), AP fell by 0.5 to 0.1 "
        "(95 % interval -0.6 to -0.4); fusion: 12 of 20 questions that got worse were lost there"
    ) == (
        "失败：RR@10 下降 0.6 至 0.2（95% 区间 -0.7 至 -0.5），"
        "AP 下降 0.5 至 0.1（95% 区间 -0.6 至 -0.4）；融合：变差的 20 个问题中有 12 个丢在这里"
    )
    for own in (
        "writer at http://10.0.0.1/v1",
        "extractive (4), openai:x (3)",
        "甲, 乙; 丙",
        "Words, fusion, answer",
    ):
        assert in_chinese(own) == own


def test_figures_are_the_same_in_both_languages() -> None:
    study = study_on(("数据", "另一"))
    pages = [render("html", study, language=one, resamples=50) for one in LANGUAGES]
    figures = [sorted(re.findall(r"\d+\.\d{2,}", texts_of(page))) for page in pages]
    assert figures[0] == figures[1] and len(figures[0]) > 200


def test_words() -> None:
    english, chinese = Words("en"), Words("zh")
    assert english("count.queries", n=1) == "1 query"
    assert english("count.queries", n=1200) == "1,200 queries"
    assert chinese("count.queries", n=1) == "1 个查询"
    assert english.listed(["a"]) == "a" and english.listed([]) == ""
    assert english.listed(["a", "b", "c"]) == "a, b and c"
    assert chinese.listed(["a", "b", "c"]) == "a、b 和 c"
    assert chinese.named("stage", "fusion") == "融合时丢失"
    assert chinese.named("stage", "天外") == "天外"
    with pytest.raises(BadInput, match="no report is written in 'fr'; choose one of: en, zh"):
        Words("fr")
