"""Comma-separated values and their kin."""

from __future__ import annotations

import csv
import io

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.contract import BlockKind, Parsed, Source, UnreadableFile
from ingest.parse.delimited import DelimitedParser, sniff_delimiter
from ingest.sheets import GROUP_ROWS


def parse(text: str | bytes, media_type: str = "text/csv", delimiter: str = "") -> Parsed:
    data = text.encode() if isinstance(text, str) else text
    return DelimitedParser(delimiter).parse(Source("a.csv", data, "a.csv"), media_type)


def table(
    text: str | bytes, media_type: str = "text/csv"
) -> tuple[int, tuple[tuple[str, ...], ...]]:
    found = [b.table for b in parse(text, media_type).blocks if b.table is not None]
    assert len(found) == 1
    return found[0].header_rows, found[0].rows


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_delimiters_are_found(delimiter: str) -> None:
    rows = [("name", "note", "n"), ("a", "x, y; z", "1"), ("b", "1;2,3", "2,5")]
    out = io.StringIO()
    csv.writer(out, delimiter=delimiter).writerows(rows)
    assert sniff_delimiter(out.getvalue()) == delimiter
    assert table(out.getvalue()) == (1, tuple(rows))


def test_tabs_are_expected_where_the_type_says_so() -> None:
    assert table("a,1\tb\nc,2\td\n", "text/tab-separated-values")[1] == (("a,1", "b"), ("c,2", "d"))


def test_quoted_line_ends_and_quotes() -> None:
    text = 'id,note\r\n1,"two\r\nlines, ""quoted"""\r\n2,x\r\n'
    assert table(text) == (1, (("id", "note"), ("1", 'two lines, "quoted"'), ("2", "x")))


def test_encodings_and_marks() -> None:
    rows = (("城市", "人口"), ("北京", "2,189"), ("上海", "2,487"))
    text = "城市;人口\n北京;2,189\n上海;2,487\n"
    for data in (text.encode("gb18030"), text.encode("utf-8-sig"), text.encode("utf-16")):
        assert table(data) == (1, rows)
    assert parse(text.encode("gb18030")).metadata["encoding"] == "gb18030"


def test_stated_delimiter_and_option() -> None:
    assert table("sep=;\na;b\n1,2;3\n")[1] == (("a", "b"), ("1,2", "3"))
    blocks = parse("a:b\n1:2\n", delimiter=":").blocks
    assert blocks[0].table is not None
    assert blocks[0].table.rows == (("a", "b"), ("1", "2"))
    with pytest.raises(ValueError, match="one character"):
        DelimitedParser(delimiter="::")


def test_data_without_a_header_has_none() -> None:
    assert table("1,2.5\n2,3.5\n3,4.5\n")[0] == 0
    assert table("year,2022,2023\na,1,2\nb,3,4\n")[0] == 1


def test_ragged_rows_are_filled_up() -> None:
    assert table("a,b,c\n1\n1,2,3\n4,5\n")[1] == (
        ("a", "b", "c"),
        ("1", "", ""),
        ("1", "2", "3"),
        ("4", "5", ""),
    )


def test_title_and_blank_column() -> None:
    parsed = parse("Report 2024\n\na,,b\n1,,2\n")
    assert (parsed.blocks[0].kind, parsed.blocks[0].text) == (BlockKind.PARAGRAPH, "Report 2024")
    assert parsed.blocks[1].table is not None
    assert parsed.blocks[1].table.rows == (("a", "b"), ("1", "2"))


def test_a_quote_that_is_never_closed_swallows_nothing() -> None:
    assert table('a,b\n1,5" pipe\n2,"x,y"\n')[1] == (("a", "b"), ("1", '5" pipe'), ("2", "x,y"))
    assert len(table('a,b\n1,"open\n2,y\n3,z\n')[1]) == 4


def test_drawn_tables() -> None:
    assert table("| a | b |\n|---|---|\n| 1 | 2 |\n")[1] == (("a", "b"), ("1", "2"))


def test_long_files_come_in_groups() -> None:
    text = "n,m\n" + "".join(f"{n},{n + 1}\n" for n in range(GROUP_ROWS * 3))
    found = [b.table for b in parse(text).blocks if b.table is not None]
    assert [len(one.rows) for one in found] == [GROUP_ROWS + 1] * 3
    assert all(one.rows[0] == ("n", "m") for one in found)


def test_too_many_values_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ingest.parse.delimited.MAX_CELLS", 2)
    with pytest.raises(UnreadableFile, match="split the file"):
        parse("a,b\n1,2\n")


cell = st.text(st.sampled_from('ab1,;"\n |中文\t'), max_size=6)


@given(st.lists(st.lists(cell, min_size=2, max_size=4), min_size=1, max_size=6))
@settings(max_examples=80, deadline=None)
def test_no_value_is_lost(rows: list[list[str]]) -> None:
    out = io.StringIO()
    csv.writer(out).writerows(rows)
    wanted = "".join(sorted("".join(c for row in rows for c in row if not c.isspace())))
    wanted = "".join(wanted.split())
    blocks = (
        DelimitedParser(delimiter=",")
        .parse(Source("a", out.getvalue().encode(), "a"), "text/csv")
        .blocks
    )
    texts = [c for b in blocks for row in (b.table.rows if b.table else [(b.text,)]) for c in row]
    found = "".join("".join(sorted("".join(texts))).split())
    assert found == wanted
