"""Excel workbooks, made with openpyxl and raw XML where it has no way."""

from __future__ import annotations

import io
import zipfile
from datetime import date, datetime
from typing import Any

import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl.chart import BarChart, Reference
from openpyxl.comments import Comment
from openpyxl.worksheet.table import Table

from ingest.contract import BlockKind, Parsed, Source, UnreadableFile
from ingest.number_format import displayed, is_date
from ingest.parse.xlsx import XlsxParser
from ingest.sheets import GROUP_ROWS, column_letters, sheet_blocks
from ingest.xlsx_book import area_of, place_of

H, P, C, T, N = (
    BlockKind.HEADING,
    BlockKind.PARAGRAPH,
    BlockKind.CAPTION,
    BlockKind.TABLE,
    BlockKind.FOOTNOTE,
)


def saved(book: Any) -> bytes:
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


def parse(book: Any) -> Parsed:
    data = book if isinstance(book, bytes) else saved(book)
    return XlsxParser().parse(Source("a.xlsx", data, "a.xlsx"), "")


def sheet_of(*rows: tuple[Any, ...]) -> tuple[Any, Any]:
    book: Any = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    return book, book.active


def tables(parsed: Parsed) -> list[tuple[int, tuple[tuple[str, ...], ...]]]:
    return [(b.table.header_rows, b.table.rows) for b in parsed.blocks if b.table is not None]


def edited(data: bytes, part: str, old: str, new: str) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as before, zipfile.ZipFile(out, "w") as after:
        for item in before.namelist():
            content = before.read(item)
            if item == part:
                assert old.encode() in content
                content = content.replace(old.encode(), new.encode())
            after.writestr(item, content)
    return out.getvalue()


def test_sheets_are_headings_in_the_order_of_their_tabs() -> None:
    book, sheet = sheet_of(("品名", "数量"), ("苹果", 3))
    sheet.title = "库存"
    other = book.create_sheet("Orders", 0)
    other.append(("id", "who"))
    other.append((1, "x"))
    book.create_sheet("empty")
    parsed = parse(book)
    assert [b.text for b in parsed.blocks if b.kind is H] == ["Orders", "库存"]
    assert tables(parsed) == [
        (1, (("id", "who"), ("1", "x"))),
        (1, (("品名", "数量"), ("苹果", "3"))),
    ]
    assert parsed.metadata["sheets"] == ("Orders", "库存")


def test_values_as_they_are_shown() -> None:
    values = [
        (1234.5, "#,##0.00", "1,234.50"),
        (0.256, "0.0%", "25.6%"),
        (date(2024, 3, 1), "yyyy-mm-dd", "2024-03-01"),
        (datetime(2024, 3, 1, 13, 5), "yyyy/m/d h:mm AM/PM", "2024/3/1 1:05 PM"),
        (date(2024, 3, 1), 'yyyy"年"m"月"d"日"', "2024年3月1日"),
        (-12, "#,##0;(#,##0)", "(12)"),
        (1234, '"¥"#,##0', "¥1,234"),
        (7, "000", "007"),
        (True, "General", "TRUE"),
        (0.1 + 0.2, "General", "0.3"),
        ("00123", "@", "00123"),
    ]
    book, sheet = sheet_of(("format", "shown"))
    for row, (value, code, _) in enumerate(values, start=2):
        sheet.cell(row, 1, code)
        sheet.cell(row, 2, value).number_format = code
    rows = tables(parse(book))[0][1]
    assert [row[1] for row in rows[1:]] == [shown for _, _, shown in values]


@pytest.mark.parametrize(
    ("value", "code", "shown"),
    [
        (1234567, '0.0,,"M"', "1.2M"),
        (0, '0;-0;"-"', "-"),
        (13800001111, "000-0000-0000", "138-0000-1111"),
        (2.25, "# ?/?", "2 1/4"),
        (12345, "0.00E+00", "1.23E+04"),
        (1.25, "[h]:mm", "30:00"),
        (45000, "[$-409]mmm d, yyyy", "Mar 15, 2023"),
        (45000, "aaaa", "星期三"),
        (-5, "$#,##0.00_);[Red]($#,##0.00)", "($5.00)"),
        (1234.5, '_ * #,##0.00_ ;_ * -#,##0.00_ ;_ * "-"??_ ;_ @_ ', "1,234.50"),
        (1e20, "General", "1E+20"),
        (60, "yyyy-mm-dd", "1900-02-28"),
        (1, "yyyy-mm-dd", "1900-01-01"),
        (0.999999, "h:mm", "23:59"),
        (1.5, "0.##", "1.5"),
        (150, '[>100]"big";"small"', "big"),
    ],
)
def test_number_formats(value: float, code: str, shown: str) -> None:
    assert displayed(value, code) == shown


@given(st.floats(allow_nan=False, allow_infinity=False), st.text('0#?.,%;ymdhs[]"\\_*E+-/@ $a年'))
@settings(max_examples=300, deadline=None)
def test_no_format_breaks_a_number(value: float, code: str) -> None:
    displayed(value, code)
    is_date(code)


@given(st.integers(-(10**14), 10**14), st.integers(0, 6))
@settings(max_examples=100, deadline=None)
def test_thousands_and_decimals_agree_with_python(value: int, places: int) -> None:
    code = "#,##0" + ("." + "0" * places if places else "")
    assert displayed(float(value), code) == f"{value:,.{places}f}"


def test_tables_side_by_side_and_below_each_other() -> None:
    book, sheet = sheet_of(
        ("a", "b", None, "x", "y"),
        (1, 2, None, "p", 5),
        (3, 4, None, "q", 6),
        (),
        ("Region", "Sum"),
        ("North", 7),
    )
    del sheet
    assert tables(parse(book)) == [
        (1, (("a", "b"), ("1", "2"), ("3", "4"))),
        (1, (("x", "y"), ("p", "5"), ("q", "6"))),
        (1, (("Region", "Sum"), ("North", "7"))),
    ]


def test_title_and_notes_are_no_rows() -> None:
    book, sheet = sheet_of(
        ("2024年销售报表",),
        (None, None, "单位：万元"),
        ("地区", "一季度", "二季度"),
        ("北", 1, 2),
        ("注：以上数据未经审计",),
    )
    sheet.merge_cells("A1:C1")
    kinds = [(b.kind, b.level, b.text) for b in parse(book).blocks if b.kind is not T]
    assert kinds == [
        (H, 1, "Sheet"),
        (H, 2, "2024年销售报表"),
        (C, 0, "单位：万元"),
        (P, 0, "注：以上数据未经审计"),
    ]
    assert tables(parse(book)) == [(1, (("地区", "一季度", "二季度"), ("北", "1", "2")))]


def test_header_of_two_rows_with_merged_cells() -> None:
    book, sheet = sheet_of(
        ("Region", "2023", None, "2024", None),
        (None, "Q1", "Q2", "Q1", "Q2"),
        ("North", 1, 2, 3, 4),
        (None, 5, 6, 7, 8),
    )
    for area in ("A1:A2", "B1:C1", "D1:E1", "A3:A4"):
        sheet.merge_cells(area)
    assert tables(parse(book)) == [
        (
            2,
            (
                ("Region", "2023", "2023", "2024", "2024"),
                ("Region", "Q1", "Q2", "Q1", "Q2"),
                ("North", "1", "2", "3", "4"),
                ("North", "5", "6", "7", "8"),
            ),
        )
    ]


def test_frozen_rows_and_named_tables_say_what_the_header_is() -> None:
    book, sheet = sheet_of(("A", "B"), ("unit", "kg"), ("x", "y"), ("z", "w"))
    sheet.freeze_panes = "A3"
    assert tables(parse(book))[0][0] == 2
    book, sheet = sheet_of(("above",), ("k", "v"), ("a", "b"), ("below", "it"))
    sheet.add_table(Table(displayName="Prices_list", ref="A2:B3"))
    parsed = parse(book)
    assert [(b.kind, b.text) for b in parsed.blocks if b.kind is not T] == [
        (H, "Sheet"),
        (P, "above"),
        (H, "Prices list"),
    ]
    assert tables(parsed)[0] == (1, (("k", "v"), ("a", "b")))


def test_rows_that_go_on_after_a_blank_one_keep_the_header() -> None:
    book, _ = sheet_of(("Item", "Sum"), ("a", 1), ("b", 2), (), ("total", 3))
    assert tables(parse(book)) == [(1, (("Item", "Sum"), ("a", "1"), ("b", "2"), ("total", "3")))]


def test_long_tables_come_in_groups_under_their_header() -> None:
    book, sheet = sheet_of(("id", "square"))
    for n in range(GROUP_ROWS * 2 + 50):
        sheet.append((n, n * n))
    found = tables(parse(book))
    assert [len(rows) for _, rows in found] == [GROUP_ROWS + 1, GROUP_ROWS + 1, 51]
    assert {rows[0] for _, rows in found} == {("id", "square")}
    body = [row for _, rows in found for row in rows[1:]]
    assert body == [(str(n), str(n * n)) for n in range(GROUP_ROWS * 2 + 50)]


def test_hidden_parts_are_read_and_named() -> None:
    book, sheet = sheet_of(("a", "b"), (1, 2), (3, 4))
    sheet.row_dimensions[2].hidden = True
    sheet.column_dimensions["B"].hidden = True
    secret = book.create_sheet("secret")
    secret.append(("x", "y"))
    secret.sheet_state = "hidden"
    parsed = parse(book)
    assert tables(parsed)[0][1] == (("a", "b"), ("1", "2"), ("3", "4"))
    assert parsed.metadata["hidden_sheets"] == ("secret",)
    assert parsed.metadata["hidden_rows"] == ("Sheet!2:2",)
    assert parsed.metadata["hidden_columns"] == ("Sheet!B:B",)
    assert "secret" in [b.text for b in parsed.blocks]


def test_comments_follow_their_table_and_charts_give_their_title() -> None:
    book, sheet = sheet_of(("a", "b"), (1, 2))
    sheet["B2"].comment = Comment("looks\nwrong", "me")
    chart = BarChart()
    chart.title = "Growth"
    chart.add_data(Reference(sheet, min_col=2, min_row=1, max_row=2), titles_from_data=True)
    sheet.add_chart(chart, "D5")
    kinds = [(b.kind, b.text) for b in parse(book).blocks if b.kind is not T]
    assert kinds == [(H, "Sheet"), (N, "B2: looks wrong"), (C, "Growth")]


def test_formulas_show_their_value_or_themselves() -> None:
    book, sheet = sheet_of(("a", "sum"), (1, "=A2+1"))
    data = saved(book)
    assert tables(parse(data))[0][1][1] == ("1", "=A2+1")
    assert parse(data).metadata["formulas_without_values"] == 1
    del sheet
    counted = edited(data, "xl/worksheets/sheet1.xml", "<v></v>", "<v>2</v>")
    assert tables(parse(counted))[0][1][1] == ("1", "2")


def test_forms_have_no_header() -> None:
    book, _ = sheet_of(("姓名：", "王五"), ("部门：", "财务"), ("日期：", "今天"))
    assert tables(parse(book))[0][0] == 0


def test_absurd_dimensions_cost_nothing() -> None:
    book, sheet = sheet_of(("a", "b"), (1, 2))
    sheet["XFD1048576"] = "far"
    merged = '</sheetData><mergeCells><mergeCell ref="B2:XFD1048575"/></mergeCells>'
    parsed = parse(edited(saved(book), "xl/worksheets/sheet1.xml", "</sheetData>", merged))
    assert tables(parsed)[0][1] == (("a", "b"), ("1", "2"))
    assert parsed.blocks[-1].text == "far"


def test_too_many_cells_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ingest.xlsx_book.MAX_CELLS", 3)
    book, _ = sheet_of(("a", "b"), (1, 2))
    with pytest.raises(UnreadableFile, match="export what matters as CSV"):
        parse(book)


def test_shared_texts_with_runs_and_phonetic_guides() -> None:
    book, _ = sheet_of(("head", "b"), ("x", 1))
    rich = "<si><r><t>he</t></r><r><t>ad</t></r><rPh sb='0' eb='1'><t>no</t></rPh></si>"
    data = edited(saved(book), "xl/sharedStrings.xml", "<si><t>head</t></si>", rich)
    assert tables(parse(data))[0][1][0] == ("head", "b")


def test_dates_of_1904_and_of_strict_files() -> None:
    book, sheet = sheet_of(("when", "n"), (date(2020, 1, 2), 1))
    sheet["A2"].number_format = "yyyy-mm-dd"
    book.epoch = openpyxl.utils.datetime.CALENDAR_MAC_1904
    assert tables(parse(book))[0][1][1][0] == "2020-01-02"
    book.iso_dates = True
    book, sheet = sheet_of(("when", "n"), (date(2020, 1, 2), 1))
    book.iso_dates = True
    assert tables(parse(book))[0][1][1][0] == "2020-01-02"


text = st.text(st.characters(codec="utf-8", categories=("L", "N", "P", "Zs")), min_size=1)
value = st.one_of(st.none(), text, st.integers(-(10**9), 10**9), st.booleans())


@given(st.lists(st.lists(value, min_size=1, max_size=5), min_size=1, max_size=8))
@settings(max_examples=40, deadline=None)
def test_no_filled_cell_is_lost(rows: list[list[object]]) -> None:
    book: Any = openpyxl.Workbook()
    wanted: list[str] = []
    for r, row in enumerate(rows, start=1):
        for c, one in enumerate(row, start=1):
            cell = book.active.cell(r, c)
            cell.value = one
            if isinstance(one, str):
                cell.data_type = "s"
            shown = str(one).upper() if isinstance(one, bool) else " ".join(str(one).split())
            wanted += [shown] if one is not None and shown else []
    if not wanted:
        return
    found: list[str] = []
    for block in parse(book).blocks[1:]:
        if block.table is None:
            found.append(block.text)
        else:
            found += [cell for line in block.table.rows for cell in line if cell]
    assert sorted(found) == sorted(wanted)


def test_places_and_letters() -> None:
    assert place_of("$AB$12") == (12, 28)
    assert column_letters(28) == "AB"
    assert area_of("B2:A1") == (1, 1, 2, 2)
    assert [place_of(bad) for bad in ("", "A0", "ZZZ1", "A99999999", "1A")] == [None] * 5
    assert sheet_blocks([]) == []


@pytest.mark.parametrize("damage", ["cut", "not a zip", "broken sheet"])
def test_broken_files_are_unreadable(damage: str) -> None:
    book, _ = sheet_of(("a", "b"), (1, 2))
    whole = saved(book)
    data = {
        "cut": whole[: len(whole) // 2],
        "not a zip": b"hello",
        "broken sheet": edited(whole, "xl/worksheets/sheet1.xml", "</sheetData>", ""),
    }[damage]
    with pytest.raises(UnreadableFile, match="Excel workbook"):
        parse(data)
