from __future__ import annotations

import os
import subprocess
import sys
import unicodedata
from pathlib import Path

import numpy as np
import pytest

from ingest import pipeline
from ingest.components import CHUNKERS, PARSERS
from ingest.contract import (
    BadInput,
    BlockKind,
    Failure,
    NotFound,
    Parsed,
    Source,
    UnreadableFile,
    load_component,
)
from ingest.language import language_of
from ingest.parse.text import TextParser
from ingest.pipeline import Found, discover, document_from_text, fingerprint, load, read


def source(data: bytes, name: str = "a.txt", **metadata: str) -> Source:
    return Source(name, data, name, metadata)


def test_document_has_title_text_and_metadata() -> None:
    data = "会议纪要\n\n一、背景\n项目已经启动，各部门按计划推进。\n".encode("gb18030")
    document = read(source(data, "notes.txt", author="Wang", encoding="given"))
    assert document.title == "会议纪要"
    assert document.media_type == "text/plain"
    assert document.metadata == {"encoding": "given", "language": "zh", "author": "Wang"}
    spans = document.block_spans()
    assert [document.text[a:b] for a, b in spans] == [block.text for block in document.blocks]
    assert document.content_hash == source(data).content_hash


def test_title_falls_back_on_the_name() -> None:
    document = read(source(b"Only a sentence, and it ends here.", "folder/weekly note.txt"))
    assert document.title == "weekly note"


@pytest.mark.parametrize(
    ("data", "name", "reason"),
    [
        (b"", "a.txt", "nothing to read"),
        (b"7z\xbc\xaf\x27\x1c" + bytes(200), "report.pdf", r"a 7z archive \(.*; read are PDF"),
        (b"%PDF-1.7\ntruncated", "a.pdf", "damaged or cut off"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), "a.doc", "OLE container"),
        (b"PK\x03\x04garbage", "a.docx", "damaged"),
        (b"----\n\n====\n", "a.txt", "holds no text"),
    ],
)
def test_bad_file_gives_its_reason(data: bytes, name: str, reason: str) -> None:
    with pytest.raises(UnreadableFile, match=reason):
        read(source(data, name))


def test_unexpected_exception_becomes_a_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(self: TextParser, given: Source, media_type: str) -> Parsed:
        raise KeyError("glyph")

    monkeypatch.setattr(TextParser, "parse", broken)
    with pytest.raises(UnreadableFile, match=r"text/plain: KeyError: 'glyph'") as caught:
        read(source(b"Some words."))
    assert isinstance(caught.value.__cause__, KeyError)


def test_unknown_option_and_component_are_bad_input() -> None:
    with pytest.raises(BadInput, match=r"no option 'speed'; options: layout"):
        load_component(PARSERS, "application/pdf", speed=3)
    with pytest.raises(BadInput, match=r"choose one of: .*\bstructure\b"):
        load_component(CHUNKERS, "struktur")
    with pytest.raises(BadInput, match="no option 'nope'"):
        read(source(b"Some words."), {"text/plain": {"nope": 1}})


@pytest.mark.parametrize("table", [PARSERS, CHUNKERS])
def test_every_component_can_be_built(table: dict[str, str]) -> None:
    needed: dict[str, dict[str, object]] = {
        "semantic": {"embed": lambda texts: np.eye(len(texts), 8, dtype=np.float32)},
        "proposition": {"ask": lambda prompt: ""},
    }
    for name in table:
        assert load_component(table, name, **needed.get(name, {})) is not None


def test_document_from_text() -> None:
    document = document_from_text("id-1", "手册", "第一章 总则\n\n正文在此。", {"team": "hr"})
    assert (document.id, document.title, document.media_type) == ("id-1", "手册", "text/plain")
    assert [b.kind for b in document.blocks] == [BlockKind.HEADING, BlockKind.PARAGRAPH]
    assert document.metadata == {"language": "zh", "team": "hr"}
    assert document_from_text("id-2", "", "Words.").title == "id-2"
    with pytest.raises(UnreadableFile, match="no text"):
        document_from_text("id-3", "t", " \n ")


def test_text_that_no_database_takes_is_mended() -> None:
    document = document_from_text("id", "t\ud800", "a\x00b \udfff c, and so on.")
    assert document.text.encode("utf-8") == b"ab ? c, and so on."
    assert document.title == "t?"


def test_fingerprint_names_every_parser() -> None:
    assert all(f"{media_type}=" in fingerprint() for media_type in PARSERS)
    assert fingerprint() == fingerprint()


def write(root: Path, *names: str) -> None:
    for name in names:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("text", encoding="utf-8")


def ids(root: Path) -> list[str]:
    return [found.document_id for found in discover([root])]


def test_discover_walks_in_order_and_skips_what_nobody_wants(tmp_path: Path) -> None:
    write(
        tmp_path, "b.txt", "a/z.md", "a/b/c.md", ".hidden", ".git/config", "~$draft.docx",
        ".~lock.x.odt#", "Thumbs.db", "a/old.txt~",
    )  # fmt: skip
    assert ids(tmp_path) == ["a/b/c.md", "a/z.md", "b.txt"]


def test_discover_normalises_names(tmp_path: Path) -> None:
    name = unicodedata.normalize("NFD", "Größe.txt")
    write(tmp_path, name)
    assert ids(tmp_path) == ["Größe.txt"]


def test_discover_survives_symlink_loops_and_stays_inside(tmp_path: Path) -> None:
    root, outside = tmp_path / "root", tmp_path / "outside"
    write(root, "sub/a.txt")
    write(outside, "secret.txt")
    (root / "sub" / "loop").symlink_to(root)
    (root / "self").symlink_to(root / "self")
    (root / "out").symlink_to(outside)
    (root / "out.txt").symlink_to(outside / "secret.txt")
    (root / "again.txt").symlink_to(root / "sub" / "a.txt")
    (root / "gone.txt").symlink_to(root / "nothing")
    assert ids(root) == ["sub/a.txt"]


def test_discover_follows_a_link_to_what_is_hidden(tmp_path: Path) -> None:
    write(tmp_path, "..data/a.txt")
    (tmp_path / "a.txt").symlink_to(tmp_path / "..data" / "a.txt")
    assert ids(tmp_path) == ["a.txt"]


def test_discover_takes_a_root_that_is_a_link(tmp_path: Path) -> None:
    write(tmp_path, "real/a.txt")
    (tmp_path / "link").symlink_to(tmp_path / "real")
    assert ids(tmp_path / "link") == ["a.txt"]


def test_discover_reports_what_it_cannot_look_at(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path, "a.txt", "closed.txt", "shut/b.txt", "z.txt")
    really = os.access
    monkeypatch.setattr(
        os, "access", lambda path, mode: Path(path).name != "closed.txt" and really(path, mode)
    )
    inside = Path.iterdir

    def iterdir(self: Path) -> object:
        if self.name == "shut":
            raise PermissionError(13, "Permission denied")
        return inside(self)

    monkeypatch.setattr(Path, "iterdir", iterdir)
    found = list(discover([tmp_path, tmp_path / "missing"]))
    assert [f.document_id for f in found if isinstance(f, Found)] == ["a.txt", "z.txt"]
    reasons = {f.document_id: f.reason for f in found if isinstance(f, Failure)}
    assert "no permission" in reasons["closed.txt"]
    assert "Permission denied" in reasons["shut"]
    assert "no file or folder" in reasons[str(tmp_path / "missing")]


def test_discover_takes_files_and_names_each_once(tmp_path: Path) -> None:
    write(tmp_path, "a.txt", "b.txt")
    found = list(discover([tmp_path / "b.txt", tmp_path]))
    assert [f.document_id for f in found] == ["b.txt", "a.txt"]


def test_load_gives_bytes_and_limits(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_bytes(b"12345")
    loaded = load(path, "folder/a.txt")
    assert (loaded.document_id, loaded.data, loaded.name) == ("folder/a.txt", b"12345", "a.txt")
    with pytest.raises(UnreadableFile, match="over the limit"):
        load(path, "a.txt", max_bytes=4)
    with pytest.raises(NotFound, match="no file"):
        load(tmp_path / "gone.txt", "gone.txt")
    with pytest.raises(UnreadableFile, match="not a regular file"):
        load(tmp_path, "folder")


def test_pipeline_imports_no_heavy_library() -> None:
    heavy = ("pymupdf", "docx", "lxml", "bs4", "torch")
    code = f"import sys, ingest.pipeline; print([m for m in {heavy} if m in sys.modules])"
    root = Path(pipeline.__file__).parents[1]
    shown = subprocess.run(
        [sys.executable, "-c", code], cwd=root, capture_output=True, text=True, check=True
    )
    assert shown.stdout.strip() == "[]"


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("公司收入增长，主要来自海外。", "zh"),
        ("公司使用 API 和 PDF 文件来交换数据，每天处理大量的合同与发票。", "zh"),
        ("Plain English words.", "en"),
        ("收入 revenue 增长 growth 利润 profit 成本 cost", "mixed"),
        ("これはテストの文章です。", "ja"),
        ("안녕하세요 세계", "ko"),
        ("Привет, мир, как дела", "ru"),
        ("123 456", "other"),
    ],
)
def test_language(text: str, language: str) -> None:
    assert language_of([text]) == language
