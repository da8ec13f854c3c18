"""Office documents of before 2007. What needs LibreOffice is skipped where there is none."""

from __future__ import annotations

import io
import os
import time
from pathlib import Path
from typing import Any

import docx
import openpyxl
import pptx
import pytest

from ingest.contract import BlockKind, Source, UnreadableFile
from ingest.parse.legacy_office import LegacyOfficeParser
from ingest.sniff import sniff
from ingest.soffice import converted, installed

needs_office = pytest.mark.skipif(not installed(), reason="LibreOffice is not installed")
DOC, XLS, PPT = "application/msword", "application/vnd.ms-excel", "application/vnd.ms-powerpoint"


def saved(document: Any) -> bytes:
    stream = io.BytesIO()
    document.save(stream)
    return stream.getvalue()


def word() -> bytes:
    document = docx.Document()
    document.add_heading("第一章 总则", 1)
    document.add_paragraph("正文内容。")
    table = document.add_table(rows=2, cols=2)
    for cell, text in zip(table._cells, ("品名", "数量", "苹果", "3"), strict=True):
        cell.text = text
    document.add_paragraph("完")
    return saved(document)


def excel() -> bytes:
    book: Any = openpyxl.Workbook()
    book.active.append(("品名", "占比"))
    book.active.append(("苹果", 0.25))
    book.active["B2"].number_format = "0.0%"
    return saved(book)


def slides() -> bytes:
    deck: Any = pptx.Presentation()
    slide = deck.slides.add_slide(deck.slide_layouts[1])
    slide.shapes.title.text = "标题"
    slide.placeholders[1].text = "要点"
    return saved(deck)


@needs_office
def test_libreoffice_reads_old_word_files() -> None:
    old = converted(word(), "a", ".docx", "doc", 120)
    assert sniff(old, "a") == DOC
    parsed = LegacyOfficeParser().parse(Source("a", old, "a.doc"), DOC)
    assert [(b.kind, b.text) for b in parsed.blocks] == [
        (BlockKind.HEADING, "第一章 总则"),
        (BlockKind.PARAGRAPH, "正文内容。"),
        (BlockKind.TABLE, "| 品名 | 数量 |\n| --- | --- |\n| 苹果 | 3 |"),
        (BlockKind.PARAGRAPH, "完"),
    ]
    assert parsed.metadata["converted_by"] == "LibreOffice"


def test_without_libreoffice_the_reason_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    with pytest.raises(UnreadableFile, match="install it, or save the file as DOCX"):
        LegacyOfficeParser().parse(Source("a", b"x", "a.doc"), DOC)


@pytest.fixture
def office(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Puts a script in the place of LibreOffice's program."""

    def put(script: str) -> None:
        program = tmp_path / "soffice"
        program.write_text(f"#!/bin/sh\n{script}\n")
        program.chmod(0o755)
        monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")

    return put


@pytest.mark.skipif(os.name == "nt", reason="the program is a shell script")
@pytest.mark.parametrize(
    ("make", "target", "media_type", "heading", "text"),
    [
        (word, "docx", DOC, "第一章 总则", "正文内容。"),
        (excel, "xlsx", XLS, "Sheet", "| 品名 | 占比 |\n| --- | --- |\n| 苹果 | 25.0% |"),
        (slides, "pptx", PPT, "标题", "- 要点"),
    ],
)
def test_what_was_made_is_read_as_its_format(
    office: Any, tmp_path: Path, make: Any, target: str, media_type: str, heading: str, text: str
) -> None:
    (tmp_path / "made").write_bytes(make())
    office(f'cp "{tmp_path / "made"}" "$HOME/out/in.{target}"')
    parsed = LegacyOfficeParser().parse(Source("a", b"x", "a"), media_type)
    assert [b.text for b in parsed.blocks if b.kind is BlockKind.HEADING] == [heading]
    assert text in [b.text for b in parsed.blocks]


@pytest.mark.skipif(os.name == "nt", reason="the program is a shell script")
def test_a_program_that_hangs_is_killed_with_its_children(office: Any, tmp_path: Path) -> None:
    mark = tmp_path / "child"
    office(f"(sleep 1; touch {mark}) & sleep 60")
    with pytest.raises(UnreadableFile, match="did not finish"):
        LegacyOfficeParser(timeout_s=0.2).parse(Source("a", b"x", "a.xls"), XLS)
    time.sleep(1.2)
    assert not mark.exists()


@pytest.mark.skipif(os.name == "nt", reason="the program is a shell script")
def test_a_program_that_makes_nothing_is_quoted(office: Any) -> None:
    office("echo 'Error: source file could not be loaded'; exit 1")
    with pytest.raises(UnreadableFile, match=r"could not be loaded.*save it as PPTX"):
        LegacyOfficeParser().parse(Source("a", b"x", "a.ppt"), PPT)


@pytest.mark.skipif(os.name == "nt", reason="the program is a shell script")
def test_macros_and_links_are_off_and_nothing_is_left(office: Any, tmp_path: Path) -> None:
    seen = tmp_path / "seen"
    office(f'cp "$HOME/profile/user/registrymodifications.xcu" {seen}; pwd > {seen}.where')
    with pytest.raises(UnreadableFile):
        LegacyOfficeParser().parse(Source("a", b"x", "a.ppt"), PPT)
    settings = seen.read_text()
    assert "DisableMacrosExecution" in settings
    assert "BlockUntrustedRefererLinks" in settings
    assert not Path(Path(f"{seen}.where").read_text().strip()).exists()


def test_the_limit_is_a_time() -> None:
    with pytest.raises(ValueError, match="seconds above 0"):
        LegacyOfficeParser(timeout_s=0)
