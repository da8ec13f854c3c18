"""Chunks: within the budget, whole, in order, under their headings; properties first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

import hypothesis.strategies as st
import pytest
from chunk_room import (
    BLOCKS,
    COUNTERS,
    C,
    H,
    L,
    P,
    WordCounter,
    check_headings,
    check_sentences,
    check_spans,
    check_tables,
    document,
)
from hypothesis import given, settings

from ingest.chunk.structure import StructureChunker
from ingest.contract import BadInput, Block, BlockKind, Box, Chunk, TokenCounter
from ingest.packing import Piece, pack
from ingest.tables import make_table, row_line, table_block


def cut(blocks: Sequence[Block], max_tokens: int = 60, **options: int) -> list[Chunk]:
    options.setdefault("min_tokens", min(12, max_tokens // 4))
    return StructureChunker(max_tokens=max_tokens, **options).chunk(document(blocks), WordCounter())


@settings(max_examples=120, deadline=None)
@given(BLOCKS, COUNTERS, st.sampled_from([24, 40, 90, 320]), st.sampled_from([0, 2]))
def test_invariants(
    blocks: list[Block], counter: TokenCounter, max_tokens: int, overlap: int
) -> None:
    doc = document(blocks)
    chunker = StructureChunker(max_tokens, min(16, max_tokens // 4), overlap)
    chunks = chunker.chunk(doc, counter)
    assert chunks == chunker.chunk(doc, counter)
    limit = min(max_tokens, counter.max_tokens)
    counts = counter.count([chunk.embedding_text for chunk in chunks])
    assert all(count <= limit for count in counts)
    assert len({chunk.id for chunk in chunks}) == len(chunks)
    assert [chunk.ordinal for chunk in chunks] == list(range(len(chunks)))
    assert not any("FURNITURE" in chunk.text for chunk in chunks)
    check_spans(doc, chunks, overlap)
    if limit >= 90:
        check_headings(doc, chunks)
    if not overlap:
        check_sentences(doc, chunks, counter, limit)
    check_tables(doc, chunks)


@given(
    st.lists(
        st.builds(
            Piece, st.integers(0, 20), st.integers(0, 4), st.sampled_from([-1.5, 0.0, 0.5, 3.0])
        ),
        max_size=40,
    ),
    st.integers(5, 40),
)
def test_packs_fill_the_row_within_the_budget(pieces: list[Piece], budget: int) -> None:
    ranges = pack(pieces, budget, small=5)
    assert [i for a, b in ranges for i in range(a, b)] == list(range(len(pieces)))
    for a, b in ranges:
        assert b == a + 1 or sum(p.size for p in pieces[a:b]) + pieces[a].lead <= budget


# --- examples ---------------------------------------------------------------------------------


def test_packs_are_even_rather_than_full_and_tiny() -> None:
    assert pack([Piece(10)] * 11, 100, small=20) == [(0, 5), (5, 11)] or pack(
        [Piece(10)] * 11, 100, small=20
    ) == [(0, 6), (6, 11)]


def test_a_chunk_never_spans_two_headings() -> None:
    chunks = cut([Block(H, "A", 1), Block(P, "one."), Block(H, "B", 2), Block(P, "two.")], 300)
    assert [(c.heading_path, c.text) for c in chunks] == [(("A",), "one."), (("A", "B"), "two.")]
    assert chunks[1].embedding_text == "Title > A > B\ntwo."


def test_a_heading_that_is_the_title_is_not_repeated() -> None:
    chunks = cut([Block(H, "Title", 1), Block(P, "x."), Block(H, "B", 2), Block(P, "y.")])
    assert [c.heading_path for c in chunks] == [(), ("B",)]


def test_headings_without_a_body_are_kept() -> None:
    blocks = [Block(H, "A", 1), Block(H, "B", 2), Block(H, "C", 2), Block(H, "D", 1), Block(P, "d")]
    chunks = cut(blocks)
    assert [(c.kind, c.heading_path, c.text) for c in chunks] == [
        (H, ("A",), "B\n\nC"),
        (P, ("D",), "d"),
    ]


def test_title_alone_is_a_chunk_only_where_there_is_nothing_else() -> None:
    title = Block(H, "Title", 1)
    assert [c.text for c in cut([title])] == ["Title"]
    assert [c.text for c in cut([title, Block(H, "A", 1), Block(P, "x.")])] == ["x."]


def test_long_paragraph_is_cut_at_sentence_ends() -> None:
    sentences = [f"Sentence {n} says that Mr. Fox paid 3.5 dollars. " for n in range(30)]
    chunks = cut([Block(P, "".join(sentences).strip())], 60)
    assert len(chunks) > 5
    assert all(c.text.startswith("Sentence") and c.text.endswith("dollars.") for c in chunks)
    assert min(len(c.text) for c in chunks) * 3 > max(len(c.text) for c in chunks)


def test_sentence_over_the_budget_is_cut_at_commas_then_anywhere_but_in_numbers() -> None:
    chunks = cut([Block(P, "，".join(["天地玄黄宇宙洪荒"] * 20) + "。")], 60)
    assert len(chunks) > 2
    assert all(c.text.endswith(("，", "。")) for c in chunks)
    chunks = cut([Block(P, "价12345678元" * 40)], 40)
    assert all(c.text[0] in "价元" or c.text[:8] == "12345678" for c in chunks)


def test_table_that_fits_is_its_own_chunk_with_its_caption() -> None:
    rows = [["Year", "Sales"], *([str(2000 + n), str(n)] for n in range(5))]
    para = Block(P, "Words in a paragraph before the table, quite enough of them to stand alone.")
    caption = Block(BlockKind.CAPTION, "Table 1. Sales by year.")
    table = table_block(make_table(rows))
    chunks = cut([para, caption, table, para], 120)
    assert [c.text for c in chunks] == [para.text, f"{caption.text}\n\n{table.text}", para.text]
    assert chunks[1].kind is BlockKind.TABLE


def test_short_lines_before_a_table_stay_with_it() -> None:
    rows = [["Year", "Sales"], *([str(2000 + n), str(n)] for n in range(5))]
    para = Block(P, "Words in a paragraph before the table, quite enough of them to stand alone.")
    table = table_block(make_table(rows))
    blocks = [table, Block(P, "表2 销售情况"), Block(P, "单位：万元"), table, para]
    chunks = cut(blocks, 90)
    assert [c.text for c in chunks] == [
        table.text,
        f"表2 销售情况\n\n单位：万元\n\n{table.text}",
        para.text,
    ]


def test_table_too_large_is_split_by_rows_under_its_header() -> None:
    rows = [["Year", "Sales"], *([str(2000 + n), f"{n}.5"] for n in range(40))]
    table = make_table(rows)
    chunks = cut([table_block(table)], 80)
    header = "| Year | Sales |\n| --- | --- |\n"
    assert len(chunks) > 3
    assert all(c.text.startswith(header) for c in chunks)
    body = [line for c in chunks for line in c.text.splitlines()[2:]]
    assert body == [row_line(row) for row in table.rows[1:]]


def test_row_too_large_names_its_columns() -> None:
    rows = [["Name", "Notes"], ["Ann", "word " * 60], ["Bob", "short"]]
    chunks = cut([table_block(make_table(rows))], 60)
    assert any("Name: Ann" in c.text for c in chunks)
    assert sum("Notes: word" in c.text for c in chunks) > 1
    assert chunks[-1].text == "| Name | Notes |\n| --- | --- |\n| Bob | short |"


def test_line_with_a_colon_stays_with_its_list() -> None:
    filler = Block(P, " ".join(["filler"] * 35) + ".")
    blocks = [filler, Block(P, "The parts are:"), *(Block(L, f"- part {n}", 1) for n in range(6))]
    chunks = cut(blocks, 50)
    assert chunks[1].text.startswith("The parts are:\n\n- part 0\n- part 1")


@pytest.mark.parametrize(
    ("lead", "items"),
    [
        ("申请人应当提交下列材料：", ["（一）身份证明；", "（二）申请表；", "（三）照片。"]),
        ("The applicant shall bring:", ["1. a passport", "2. a form", "3. two photographs"]),
        ("步骤如下:", ["① 停机", "② 断电", "③ 放水"]),
    ],
)
def test_a_list_written_as_paragraphs_stays_with_its_line(lead: str, items: list[str]) -> None:
    filler = Block(P, " ".join(["filler"] * 50) + ".")
    chunks = cut([filler, Block(P, lead), *(Block(P, item) for item in items), filler], 60)
    assert [c.text for c in chunks] == [
        filler.text,
        "\n\n".join([lead, *items]),
        filler.text,
    ]


@pytest.mark.parametrize(
    "note", ["注：2004年为预计数。", "资料来源：公司年报", "Source: annual report"]
)
def test_notes_under_a_table_stay_with_it(note: str) -> None:
    table = table_block(make_table([["Year", "Sales"], *([str(n), str(n)] for n in range(9))]))
    para = Block(P, "Words in a paragraph about the table, quite enough of them to stand alone.")
    caption = Block(BlockKind.CAPTION, "Table 1. Sales.")
    chunks = cut([para, caption, table, Block(P, note), para], 120)
    assert [c.text for c in chunks] == [
        para.text,
        f"{caption.text}\n\n{table.text}\n\n{note}",
        para.text,
    ]


def test_a_sentence_goes_on_around_its_formula() -> None:
    filler = Block(P, " ".join(["filler"] * 30) + ".")
    blocks = [
        filler,
        Block(P, "The force is given by"),
        Block(BlockKind.FORMULA, "F = m a"),
        Block(P, "where m is the mass of the body."),
        filler,
    ]
    chunks = cut(blocks, 50)
    assert chunks[1].text == "The force is given by\n\nF = m a\n\nwhere m is the mass of the body."


@pytest.mark.parametrize("mark", ["1", "①", "*"])
def test_a_footnote_follows_its_reference(mark: str) -> None:
    said = Block(P, "价格不含增值税" + mark + "，" + "每年调整一次，" * 3 + "由双方商定。")
    note = Block(BlockKind.FOOTNOTE, f"{mark} 含税价格见附录。")
    other = Block(P, "交货期为三十天，" * 4 + "逾期应付违约金。")
    chunks = cut([said, note, other], 60, min_tokens=0)
    assert [c.text for c in chunks] == [f"{said.text}\n\n{note.text}", other.text]


def test_a_footnote_is_not_torn() -> None:
    said = Block(P, "价格不含增值税1，" + "每年调整一次，" * 5 + "由双方商定。")
    note = Block(BlockKind.FOOTNOTE, "1 含税价格见附录。税率由法律规定。税率会改变。")
    chunks = cut([said, note], 60, min_tokens=0)
    assert [c.text for c in chunks] == [said.text, note.text]


def test_a_short_line_stays_with_what_it_leads_to() -> None:
    one, two = Block(P, "开机之前检查油位。" * 2), Block(P, "每月检查一次轴承。" * 3)
    chunks = cut([one, Block(P, "维护要点"), two], 45, min_tokens=0)
    assert [c.text for c in chunks] == [one.text, f"维护要点\n\n{two.text}"]


def test_nested_items_are_indented() -> None:
    chunks = cut([Block(L, "- a", 1), Block(L, "- b", 2)])
    assert chunks[0].text == "- a\n  - b"


def test_code_keeps_its_indentation_and_is_cut_at_blank_lines() -> None:
    code = "\n\n".join(f"def f{n}():\n    x = {n}\n    return x" for n in range(12))
    chunks = cut([Block(C, code)], 60)
    assert len(chunks) > 1
    assert all(c.text.startswith("def f") and "\n    x = " in c.text for c in chunks)
    assert all(c.kind is C for c in chunks)


def test_pages_and_boxes_of_the_blocks() -> None:
    one = Block(P, "The first.", boxes=(Box(1, 0, 0, 9, 9), Box(2, 0, 0, 9, 3)))
    furniture = Block(BlockKind.FURNITURE, "page 2", boxes=(Box(2, 0, 90, 9, 99),))
    two = Block(P, "The second.", boxes=(Box(3, 0, 0, 9, 9),))
    (chunk,) = cut([one, furniture, two])
    assert chunk.text == "The first.\n\nThe second."
    assert chunk.pages == (1, 3)
    assert chunk.boxes == (*one.boxes, *two.boxes)


def test_absurd_headings_leave_room_for_text() -> None:
    blocks = [Block(H, "outer " * 50, 1), Block(H, "inner " * 50, 2), Block(P, "body " * 100)]
    chunks = StructureChunker(60, 0).chunk(document(blocks, "title " * 99), WordCounter())
    assert all(WordCounter().count([c.embedding_text])[0] <= 60 for c in chunks)
    assert all(c.heading_path[0].startswith("inner") for c in chunks)
    assert "".join(c.text for c in chunks).count("body") == 100


def test_equal_texts_have_different_ids() -> None:
    chunks = cut([Block(H, "A", 1), Block(P, "x."), Block(H, "A", 1), Block(P, "x.")])
    assert chunks[0].text == chunks[1].text and chunks[0].id != chunks[1].id


def test_an_edit_changes_few_chunks() -> None:
    blocks: list[Block] = []
    for n in range(120):
        if n == 60:
            blocks.append(Block(H, "Next", 1))
        blocks.append(Block(P, f"Paragraph {n}. " + " ".join(["word"] * (n * 7 % 23 + 3)) + "."))
    before = {c.id for c in cut(blocks, 120)}
    for edited in (0, 30, 59, 90):
        changed = list(blocks)
        changed[edited] = replace(blocks[edited], text=blocks[edited].text + " New words here.")
        after = {c.id for c in cut(changed, 120)}
        assert 1 <= len(after - before) <= 8


def test_an_edit_in_one_long_paragraph_changes_few_chunks() -> None:
    def chunks(first: str) -> set[str]:
        rest = (f"Sentence {n} {'has words ' * (n * n % 7)}here." for n in range(400))
        return {c.id for c in cut([Block(P, " ".join([first, *rest]))], 120)}

    before, after = chunks("The first."), chunks("Another first sentence, which is longer.")
    assert len(before) > 30
    assert len(after - before) <= 12


def test_overlap_repeats_the_last_sentences() -> None:
    text = " ".join(f"Sentence number {n} is here." for n in range(30))
    chunks = cut([Block(P, text)], 60, overlap_sentences=1)
    for before, after in pairwise(chunks):
        assert after.span[0] < before.span[1]
        assert after.text.startswith(before.text.rsplit("Sentence", 1)[1].join(["Sentence", ""]))


def test_tiny_neighbours_are_joined() -> None:
    chunks = cut([Block(P, f"Line {n}.") for n in range(5)], 60)
    assert len(chunks) == 1


def test_options_are_checked_and_named() -> None:
    for options in ({"max_tokens": 4}, {"min_tokens": -1}, {"overlap_sentences": -1}):
        with pytest.raises(BadInput):
            StructureChunker(**options)
    names = {StructureChunker().fingerprint, StructureChunker(300).fingerprint}
    names |= {StructureChunker(min_tokens=9).fingerprint}
    names |= {StructureChunker(overlap_sentences=1).fingerprint}
    assert len(names) == 4 and all(name.startswith("structure/") for name in names)


def test_no_room_at_all_is_an_error() -> None:
    with pytest.raises(BadInput, match="max_tokens"):
        StructureChunker().chunk(document([Block(P, "x")]), WordCounter(max_tokens=5))
