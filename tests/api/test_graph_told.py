"""Chains and themes as they are printed and sent."""

from __future__ import annotations

import pytest

from api.cli.relations import print_chain, print_theme
from api.rest.search import ChainInfo, ThemeInfo
from index.graph.contract import Quote
from ingest.contract import BlockKind, Chunk
from retrieve.contract import Chain, Link, Theme

TEXT = "马云创立了阿里巴巴。总部位于杭州。"
CHUNK = Chunk("c1", "公司.md", 0, BlockKind.PARAGRAPH, "公司", ("一、概述",), TEXT, (0, 17), (3, 3))


def link(head: str, relation: str, tail: str) -> Link:
    return Link(head, relation, tail, "马云创立了\n阿里巴巴。", "c1", "公司.md", (0, 10))


@pytest.mark.parametrize(
    ("links", "way"),
    [
        ([("马云", "创立", "阿里巴巴")], "马云 -[创立]-> 阿里巴巴"),
        ([("马云", "together", "阿里巴巴")], "马云 -- 阿里巴巴"),
        (
            [("马云", "创立", "阿里巴巴"), ("阿里巴巴", "总部位于", "杭州")],
            "马云 -[创立]-> 阿里巴巴 -[总部位于]-> 杭州",
        ),
        (
            [("马云", "创立", "阿里巴巴"), ("马云", "together", "杭州")],
            "阿里巴巴 <-[创立]- 马云 -- 杭州",
        ),
        (
            [("马云", "创立", "阿里巴巴"), ("菜鸟", "隶属", "阿里巴巴")],
            "马云 -[创立]-> 阿里巴巴 <-[隶属]- 菜鸟",
        ),
    ],
)
def test_a_chain_is_read_from_one_end_to_the_other(
    links: list[tuple[str, str, str]], way: str, capsys: pytest.CaptureFixture[str]
) -> None:
    print_chain(Chain("path", 2, tuple(link(*one) for one in links)))
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == f"to 2: {way}"
    assert lines[1:3] == ["    “马云创立了 阿里巴巴。”", "    公司.md"]
    assert len(lines) == 1 + 2 * len(links)


def test_a_chain_is_sent_as_it_is() -> None:
    sent = ChainInfo.of(Chain("neighbour", 1, (link("马云", "创立", "阿里巴巴"),))).model_dump()
    assert sent["kind"] == "neighbour"
    assert sent["links"][0]["span"] == [0, 10]
    assert sent["links"][0]["head"] == "马云"


def test_a_theme_is_told_with_the_places_of_its_sentences(
    capsys: pytest.CaptureFixture[str],
) -> None:
    quotes = [Quote(1, (0, 10), TEXT[:10]), Quote(2, (0, 1), "gone")]
    theme = Theme("0-a", "公司 · 概述", ["马云"], quotes, [1, 2], 1, 12, 0.325, "关于公司。")
    print_theme(4, theme, {1: CHUNK})
    assert capsys.readouterr().out.splitlines() == [
        "4. 公司 · 概述 (32%; 12 passages of 1 document)",
        "   关于公司。",
        "   “马云创立了阿里巴巴。”",
        "   公司.md, p. 3 · 一、概述",
    ]
    sent = ThemeInfo.of(theme, {1: CHUNK}).model_dump()
    assert [one["sentence"] for one in sent["summary"]] == ["马云创立了阿里巴巴。"]
    assert sent["summary"][0]["pages"] == [3, 3]
    assert (sent["community"], sent["answer"]) == ("0-a", "关于公司。")
