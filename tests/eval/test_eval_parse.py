"""The measures of reading: what a perfect reader gets, and what each fault costs."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eval.contract import BadDataset, ParsedFile, ParseReport, Tally, Truth, TruthBlock
from eval.parse_characters import infix_distance
from eval.parse_chunks import Reading, without_repeats
from eval.parse_report import parse_html, parse_json, parse_table
from eval.parse_run import MEASURES, measure_file, measure_files, total
from eval.parse_text import bare, fold, letters, same_heading, sentences, visible
from eval.parse_truth import load_truths
from ingest.contract import Block, BlockKind, Box, Chunk, Document, UnreadableFile
from ingest.tables import make_table, table_block

ROWS = (("Article", "2024", "2025"), ("Pump", "1,204", "-3.50"), ("Valve", "880", "91.25"))
FIRST = "The board met on 9 October. It named Priya Raman as the head of the pilot."
SECOND = "Costs fell by 4.5 per cent, and the plan for next year was left as it had been before."
THIRD = "油泵在高温环境下的故障率偏高。研发人员正在更换密封件，预计十月底完成。"


def truth(**changes: object) -> Truth:
    blocks = [
        TruthBlock("title", "Minutes of the pilot", page=1),
        TruthBlock("heading", "1 Decisions", page=1),
        TruthBlock("paragraph", FIRST, ("1 Decisions",), 1, 1),
        TruthBlock("heading", "1.1 Money", ("1 Decisions",), 1),
        TruthBlock("paragraph", SECOND, ("1 Decisions", "1.1 Money"), 1, 2),
        TruthBlock(
            "table",
            "\n".join("\t".join(row) for row in ROWS),
            ("1 Decisions", "1.1 Money"),
            2,
            2,
            rows=ROWS,
            header_rows=1,
        ),
        TruthBlock("heading", "2 设备", page=2),
        TruthBlock("paragraph", THIRD, ("2 设备",), 2, 2),
    ]
    given: dict[str, object] = {
        "path": Path("minutes.pdf"),
        "format": "pdf",
        "producer": "test",
        "language": "en",
        "title": "Minutes of the pilot",
        "blocks": blocks,
        "furniture": [("footer", "Page 1 of 2"), ("header", "Pilot board, internal"), ("", "7")],
        "answers": ["It named Priya Raman as the head of the pilot."],
        **changes,
    }
    return Truth(**given)  # type: ignore[arg-type]


def block(kind: BlockKind, text: str, *pages: int, level: int = 0) -> Block:
    return Block(kind, text, level, tuple(Box(page, 0, 0, 1, 1) for page in pages))


TABLE = table_block(make_table(ROWS), (Box(2, 0, 0, 1, 1),))
MONEY = ("1 Decisions", "1.1 Money")
BLOCKS = (
    block(BlockKind.FURNITURE, "Pilot board, internal", 1),
    block(BlockKind.HEADING, "1 Decisions", 1, level=1),
    block(BlockKind.PARAGRAPH, FIRST, 1),
    block(BlockKind.HEADING, "1.1 Money", 1, level=2),
    block(BlockKind.PARAGRAPH, SECOND, 1, 2),
    TABLE,
    block(BlockKind.HEADING, "2 设备", 2, level=1),
    block(BlockKind.PARAGRAPH, THIRD, 2),
)
CHUNKS: tuple[tuple[tuple[str, ...], str, tuple[int, int]], ...] = (
    (("1 Decisions",), FIRST, (1, 1)),
    (MONEY, f"{SECOND}\n\n{TABLE.text}", (1, 2)),
    (("2 设备",), THIRD, (2, 2)),
)


def chunk(number: int, path: Sequence[str], text: str, pages: tuple[int, int] | None) -> Chunk:
    return Chunk(
        id=f"{number:032x}",
        document_id="minutes.pdf",
        ordinal=number,
        kind=BlockKind.PARAGRAPH,
        title="Minutes of the pilot",
        heading_path=tuple(path),
        text=text,
        span=(0, len(text)),
        pages=pages,
    )


def reading(
    blocks: Sequence[Block] = BLOCKS,
    chunks: Sequence[tuple[Sequence[str], str, tuple[int, int]]] = CHUNKS,
) -> Reading:
    document = Document(
        "minutes.pdf", "Minutes of the pilot", "application/pdf", "", tuple(blocks), 2
    )
    return Reading(document, [chunk(n, *given) for n, given in enumerate(chunks)])


def values(made: Reading, of: Truth | None = None) -> dict[str, float | None]:
    file = measure_file(of or truth(), made, [60] * len(made.chunks))
    return {name: tally.value for name, tally in file.tallies.items()}


def test_a_perfect_reading_is_perfect() -> None:
    for name, value in values(reading()).items():
        if value is not None:
            assert value == (1.0 if MEASURES[name] else 0.0), name
    assert values(reading())["cer"] is None


def without(number: int, text: str) -> Reading:
    """A reading whose chunk of that number has another text."""
    changed = [
        (path, text if n == number else old, pages) for n, (path, old, pages) in enumerate(CHUNKS)
    ]
    return reading(chunks=changed)


def test_lost_and_invented_characters() -> None:
    lost = values(without(2, THIRD[:20]))
    assert lost["recall"] is not None and lost["recall"] < 0.97
    assert lost["precision"] == 1.0
    more = values(without(2, THIRD + "這裡多了二十個別處沒有的傳統漢字嗎"))
    assert more["recall"] == 1.0
    assert more["precision"] is not None and more["precision"] < 0.97


def test_a_wrong_heading_path_costs_the_blocks_under_it() -> None:
    flat = [(("1 Decisions",), text, pages) for _, text, pages in CHUNKS]
    assert values(reading(chunks=flat))["heading_path"] == 1 / 4


def test_a_heading_may_lack_its_number_and_the_title_may_stand_first() -> None:
    paths = (("Minutes of the pilot", "Decisions"), ("Decisions", "Money"), ("设备",))
    changed = [(path, text, pages) for path, (_, text, pages) in zip(paths, CHUNKS, strict=True)]
    assert values(reading(chunks=changed))["heading_path"] == 1.0


def test_headings_missed_and_invented() -> None:
    blocks = [
        block(BlockKind.HEADING, FIRST, 1, level=1) if b.text == FIRST else b
        for b in BLOCKS
        if b.text != "2 设备"
    ]
    found = values(reading(blocks))
    assert found["headings_recall"] == 2 / 3
    assert found["headings_precision"] == 2 / 3


def test_cells_have_to_stand_under_their_own_header() -> None:
    swapped = TABLE.text.replace("| Article | 2024 | 2025 |", "| Article | 2025 | 2024 |")
    found = values(without(1, f"{SECOND}\n\n{swapped}"))
    assert found["cells"] == 2 / 6
    assert found["rows"] == 1.0


def test_rows_cut_from_their_header() -> None:
    head, rule, *body = TABLE.text.split("\n")
    chunks = [
        *CHUNKS[:1],
        (MONEY, f"{SECOND}\n\n{head}\n{rule}\n{body[0]}", (1, 2)),
        (MONEY, body[1], (2, 2)),
        CHUNKS[2],
    ]
    found = values(reading(chunks=chunks))
    assert (found["cells"], found["rows"]) == (3 / 6, 1 / 2)
    again = [*chunks[:2], (MONEY, f"{head}\n{rule}\n{body[1]}", (2, 2)), CHUNKS[2]]
    found = values(reading(chunks=again))
    assert (found["cells"], found["rows"], found["precision"]) == (1.0, 1.0, 1.0)


def test_a_lost_minus_sign_is_a_wrong_cell() -> None:
    assert (
        values(without(1, f"{SECOND}\n\n{TABLE.text.replace('-3.50', '3.50')}"))["cells"] == 5 / 6
    )


def test_rows_as_named_values_count() -> None:
    named = "Article: Pump\n2024: 1,204\n2025: -3.50\n\nArticle: Valve\n2024: 880\n2025: 91.25"
    found = values(without(1, f"{SECOND}\n\n{named}"))
    assert (found["cells"], found["rows"]) == (1.0, 1.0)


def test_order() -> None:
    assert values(reading(chunks=[CHUNKS[2], *CHUNKS[:2]]))["order"] == 2 / 3


def test_furniture_leaks_in_text_in_lines_and_in_headings() -> None:
    assert values(without(0, f"{FIRST}\n\nPage 1 of 2"))["furniture"] == 1 / 3
    assert values(without(0, f"7\n\n{FIRST}"))["furniture"] == 1 / 3
    assert values(without(0, f"{FIRST} 7"))["furniture"] == 0.0
    path = (("Pilot board, internal", *CHUNKS[0][0]), *CHUNKS[0][1:])
    assert values(reading(chunks=[path, *CHUNKS[1:]]))["furniture"] == 1 / 3


def test_sentences_and_answers_cut() -> None:
    middle = FIRST.index("Raman")
    halves = [
        (CHUNKS[0][0], FIRST[:middle], (1, 1)),
        (CHUNKS[0][0], FIRST[middle:], (1, 1)),
        *CHUNKS[1:],
    ]
    found = values(reading(chunks=halves))
    assert found["sentences_cut"] == 1 / 5
    assert found["answers"] == 0.0
    assert found["recall"] == 1.0


def test_a_paragraph_in_two_blocks_is_not_whole() -> None:
    index = BLOCKS.index(next(b for b in BLOCKS if b.text == SECOND))
    halves = [
        *BLOCKS[:index],
        block(BlockKind.PARAGRAPH, SECOND[:30], 1),
        block(BlockKind.PARAGRAPH, SECOND[30:], 2),
        *BLOCKS[index + 1 :],
    ]
    assert values(reading(halves))["paragraphs_whole"] == 0.0
    assert values(reading(halves))["pages"] == 1.0


def test_pages() -> None:
    blocks = [block(BlockKind.PARAGRAPH, THIRD, 1) if b.text == THIRD else b for b in BLOCKS]
    assert values(reading(blocks))["pages"] == 3 / 4
    wrong = [*CHUNKS[:2], (("2 设备",), THIRD, (1, 1))]
    assert values(reading(chunks=wrong))["pages"] == 3 / 4


def test_a_scan_has_an_error_rate() -> None:
    misread = THIRD.replace("故障", "故章")
    found = values(without(2, misread), truth(scan={"dpi": 200.0}))
    total_chars = sum(len(visible(b.text)) for b in truth().blocks)
    assert found["cer"] == pytest.approx(1 / total_chars)
    assert found["heading_path"] == 1.0


def test_a_file_that_cannot_be_read_counts_as_the_worst() -> None:
    def refuse(path: Path) -> tuple[Document, list[Chunk]]:
        raise UnreadableFile(f"{path.name} is torn")

    (file,) = measure_files([truth(scan={"dpi": 200.0})], refuse, lambda texts: [1] * len(texts))
    assert file.failure == "minutes.pdf is torn"
    for name, tally in file.tallies.items():
        if name not in ("short_chunks", "tables_whole"):  # nothing of these in the truth
            assert tally.value == (0.0 if MEASURES[name] else 1.0), name
    good = measure_file(truth(), reading(), [60, 60, 60])
    both = total([file, good])
    assert both["recall"].value == pytest.approx(0.5, abs=0.01)


def test_normal_forms() -> None:
    assert letters("**Ｔａｂｌｅ** 1 | (a)") == "Table1a"
    assert visible("| a | b |\n|---|---|\n| 1 | -2 |") == "ab1-2"
    assert visible("- 第一\n2. 第二\n> 引") == "第一第二引"
    assert visible("“引”，…") == visible('"引",...')
    assert fold("⼀ﬁ") == "⼀ﬁ"
    assert bare("```python\nx\n```").strip() == "x"
    assert same_heading("第三条", "第三条") and same_heading("2.1 Scope", "Scope")
    assert not same_heading("2.1", "2.2") and not same_heading("第三条", "第四条")
    assert sentences("It is 3.5. So it is.") == ["It is 3.5.", "So it is."]


@given(st.text("abc", max_size=12), st.text("abc", max_size=30))
def test_infix_distance_agrees_with_all_stretches(text: str, whole: str) -> None:
    from rapidfuzz.distance import Levenshtein

    stretches = [whole[a:b] for a in range(len(whole) + 1) for b in range(a, len(whole) + 1)]
    assert infix_distance(text, whole) == min(Levenshtein.distance(text, s) for s in stretches)


@given(st.text("ab \n|-", max_size=60), st.text("ab \n|-", max_size=60))
def test_without_repeats_only_takes_from_the_start(before: str, text: str) -> None:
    assert text.endswith(without_repeats(before, text))


def test_overlap_is_not_counted_twice() -> None:
    assert without_repeats("x" * 5 + SECOND, SECOND + " More.") == " More."


def write_truth(folder: Path, name: str, **changes: object) -> Path:
    (folder / name).write_text("text", encoding="utf-8")
    made = {
        "language": "en",
        "title": "T",
        "blocks": [{"kind": "paragraph", "text": "text", "heading_path": [], "page": None}],
        **changes,
    }
    path = folder / f"{name}.truth.json"
    path.write_text(json.dumps(made), encoding="utf-8")
    return path


def test_truths_are_loaded_by_format(tmp_path: Path) -> None:
    write_truth(tmp_path, "b.txt")
    write_truth(tmp_path, "a.md", furniture=[{"kind": "toc", "text": "1 Scope 3"}])
    found = load_truths(tmp_path)
    assert [item.path.name for item in found] == ["a.md", "b.txt"]
    assert found[0].furniture == [("toc", "1 Scope 3")]
    assert [item.format for item in load_truths(tmp_path, [".TXT"])] == ["txt"]


def test_one_truth_may_stand_for_several_files(tmp_path: Path) -> None:
    write_truth(tmp_path, "one.txt", files=["one.txt", "two.md"])
    (tmp_path / "two.md").write_text("text", encoding="utf-8")
    assert [(t.path.name, t.format) for t in load_truths(tmp_path)] == [
        ("one.txt", "txt"),
        ("two.md", "md"),
    ]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"blocks": [{"kind": "poem", "text": "x"}]}, "no kind of block is 'poem'"),
        ({"blocks": [{"kind": "paragraph"}]}, "KeyError"),
        ({"files": ["gone.txt"]}, "which does not lie beside it"),
        ({"blocks": 3}, "TypeError"),
    ],
)
def test_a_truth_that_cannot_be_used_is_named(
    tmp_path: Path, changes: dict[str, object], message: str
) -> None:
    path = write_truth(tmp_path, "a.txt", **changes)
    with pytest.raises(BadDataset, match=message) as caught:
        load_truths(tmp_path)
    assert path.name in str(caught.value)


def test_a_folder_without_truths_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadDataset, match=r"no file that ends in \.truth\.json"):
        load_truths(tmp_path)
    with pytest.raises(BadDataset, match="there is no folder"):
        load_truths(tmp_path / "gone")
    write_truth(tmp_path, "a.txt")
    with pytest.raises(BadDataset, match="it has txt"):
        load_truths(tmp_path, ["pdf"])


def report() -> ParseReport:
    good = measure_file(truth(), reading(), [40, 60, 300])
    bad = ParsedFile(
        "<b>.pdf", "pdf", "zh", False, dict.fromkeys(MEASURES, Tally(0, 2)), failure="torn & <lost>"
    )
    return ParseReport({"braid": [good, bad], "other": [bad]}, {"command": "braid eval parse x"})


def test_the_report_as_json() -> None:
    made = json.loads(json.dumps(parse_json(report())))
    braid = made["readers"]["braid"]
    assert braid["failed"] == 1
    assert braid["documents"]["<b>.pdf"]["failure"] == "torn & <lost>"
    assert braid["languages"]["en"]["measures"]["cells"] == {"value": 1.0, "part": 6, "of": 6}
    assert braid["total"]["chunk_tokens"] == {"p5": 40, "p50": 60, "p95": 300}


def test_the_report_as_a_table_and_as_a_page() -> None:
    lines = parse_table(report().readers)
    assert lines[0] == "| | braid | other |"
    assert "| cells | 0.750 | 0.000 |" in lines
    page = parse_html(report())
    assert "torn &amp; &lt;lost&gt;" in page
    assert "<b>.pdf" not in page
    assert page.count("<table>") == page.count("</table>") == 5
    assert "braid eval parse x" in page
