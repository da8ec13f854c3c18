"""The sample corpus and its questions agree with each other and with their sources."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections import Counter
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
CORPUS = EXAMPLES / "corpus"
ENCODINGS = {"經銷商通告.txt": "utf-16"}
MAX_FOLDER_BYTES = 3_000_000
MAX_PDF_BYTES = 300_000

HAN = re.compile(r"[\u3400-\u9fff]")
LATIN_WORD = re.compile(r"[A-Za-z]{2,}")
RADICALS = re.compile(r"[\u2e80-\u2fdf\uf900-\ufaff\ufffd]")
TEXT_HEADING = re.compile(r"(第[一二三四五六七八九十]+章 \S+|[一二三四五六七八九十]+、\S{1,20})")


def load_questions() -> list[dict[str, Any]]:
    lines = (EXAMPLES / "questions.jsonl").read_text("utf-8").splitlines()
    return [json.loads(line) for line in lines]


QUESTIONS = load_questions()
DOCUMENTS = sorted(path.name for path in CORPUS.iterdir())


def squeezed(text: str) -> str:
    return "".join(text.split())


@cache
def pdf_pages(path: Path) -> tuple[str, ...]:
    pymupdf: Any = import_module("pymupdf")
    with pymupdf.open(path) as document:
        return tuple(str(page.get_text()) for page in document)


@cache
def sections(path: Path) -> tuple[tuple[str, str], ...]:
    """Each heading with the text below it, down to the next heading of any level; what stands
    before the first heading is under the empty one."""
    readers = {".docx": docx_lines, ".html": html_lines, ".md": markdown_lines, ".txt": text_lines}
    found: list[tuple[str, list[str]]] = [("", [])]
    for is_heading, text in readers[path.suffix](path):
        if is_heading:
            found.append((text, []))
        else:
            found[-1][1].append(text)
    return tuple((heading, "\n".join(lines)) for heading, lines in found)


def docx_lines(path: Path) -> list[tuple[bool, str]]:
    from docx.table import Table

    docx: Any = import_module("docx")
    lines: list[tuple[bool, str]] = []
    for item in docx.Document(str(path)).iter_inner_content():
        if isinstance(item, Table):
            lines += [(False, cell.text) for row in item.rows for cell in row.cells]
        else:
            lines.append((item.style.name.startswith(("Heading", "Title")), item.text))
    return lines


def html_lines(path: Path) -> list[tuple[bool, str]]:
    from bs4 import BeautifulSoup

    tags = BeautifulSoup(path.read_bytes(), "lxml").select(
        ", ".join(f"main {name}" for name in ("h1", "h2", "h3", "p", "li", "td", "th"))
    )
    return [(tag.name in ("h1", "h2", "h3"), tag.get_text()) for tag in tags]


def markdown_lines(path: Path) -> list[tuple[bool, str]]:
    lines: list[tuple[bool, str]] = []
    fenced = False
    for line in path.read_text("utf-8").splitlines():
        fenced ^= line.startswith("```")
        heading = None if fenced else re.fullmatch(r"#{1,6} (.+)", line)
        lines.append((True, heading[1]) if heading else (False, line))
    return lines


def text_lines(path: Path) -> list[tuple[bool, str]]:
    text = path.read_bytes().decode(ENCODINGS.get(path.name, "gb18030"))
    return [(bool(TEXT_HEADING.fullmatch(line)), line) for line in text.splitlines()]


def whole_text(path: Path) -> str:
    if path.suffix == ".pdf":
        return "\n".join(pdf_pages(path))
    return "\n".join(f"{heading}\n{body}" for heading, body in sections(path))


def place_text(question: dict[str, Any]) -> str:
    """The text of the one page or section that a question names."""
    path = CORPUS / question["document"]
    if "page" in question:
        page: int = question["page"]
        return pdf_pages(path)[page - 1]
    bodies = [body for heading, body in sections(path) if heading == question["heading"]]
    assert len(bodies) == 1, f"{path.name} has {len(bodies)} headings {question['heading']!r}"
    return bodies[0]


def is_chinese(text: str) -> bool:
    """Whether Chinese characters outnumber Latin words."""
    return len(HAN.findall(text)) > len(LATIN_WORD.findall(text))


def test_there_are_forty_questions_with_their_own_ids_and_texts() -> None:
    assert len(QUESTIONS) == 40
    assert len({question["id"] for question in QUESTIONS}) == 40
    assert len({question["text"] for question in QUESTIONS}) == 40


@pytest.mark.parametrize("question", QUESTIONS, ids=lambda question: question["id"])
def test_the_answer_stands_where_the_question_says(question: dict[str, Any]) -> None:
    path = CORPUS / question["document"]
    assert path.is_file()
    assert ("page" in question) == (path.suffix == ".pdf")
    assert ("page" in question) != ("heading" in question)
    assert squeezed(question["answer"])
    assert squeezed(question["answer"]) in squeezed(place_text(question))


@pytest.mark.parametrize("question", QUESTIONS, ids=lambda question: question["id"])
def test_a_question_is_not_a_copy_of_its_passage(question: dict[str, Any]) -> None:
    words = squeezed(question["text"]).rstrip("?？")
    assert words not in squeezed(whole_text(CORPUS / question["document"]))
    assert squeezed(question["answer"]) not in words


@pytest.mark.parametrize("question", QUESTIONS, ids=lambda question: question["id"])
def test_tags_say_which_languages_meet(question: dict[str, Any]) -> None:
    asked = "zh" if is_chinese(question["text"]) else "en"
    written = "zh" if is_chinese(place_text(question)) else "en"
    expected = {asked} if asked == written else {"cross", f"{asked}-{written}"}
    languages = {"zh", "en", "cross", "zh-en", "en-zh"}
    assert set(question["tags"]) & languages == expected
    assert set(question["tags"]) - languages, "no tag says what kind of question it is"


def test_a_third_of_the_questions_cross_languages_both_ways() -> None:
    tags = Counter(tag for question in QUESTIONS for tag in question["tags"])
    assert 13 <= tags["cross"] <= 14
    assert tags["zh-en"] == tags["en-zh"]
    assert abs(tags["zh"] - tags["en"]) <= 2


def test_every_document_is_asked_about() -> None:
    assert {question["document"] for question in QUESTIONS} == set(DOCUMENTS)


def test_formats_and_languages_of_the_corpus() -> None:
    formats = Counter(Path(name).suffix for name in DOCUMENTS)
    assert formats[".pdf"] >= 5
    assert formats[".docx"] >= 3
    assert formats[".html"] >= 2
    assert formats[".md"] >= 3
    assert formats[".txt"] >= 3
    chinese = sum(is_chinese(whole_text(CORPUS / name)) for name in DOCUMENTS)
    assert abs(2 * chinese - len(DOCUMENTS)) <= 2


@pytest.mark.parametrize("name", [name for name in DOCUMENTS if name.endswith(".txt")])
def test_text_files_are_not_utf_8(name: str) -> None:
    with pytest.raises(UnicodeDecodeError):
        (CORPUS / name).read_bytes().decode("utf-8")


@pytest.mark.parametrize("name", [name for name in DOCUMENTS if name.endswith(".pdf")])
def test_pdf_text_is_whole_and_framed_by_running_lines(name: str) -> None:
    pages = pdf_pages(CORPUS / name)
    assert (CORPUS / name).stat().st_size < MAX_PDF_BYTES
    assert 3 <= len(pages) <= 6
    first_lines = {page.strip().splitlines()[0] for page in pages}
    assert len(first_lines) == 1
    for number, page in enumerate(pages, start=1):
        assert not RADICALS.search(page)
        footer = page.strip().splitlines()[-1]
        counters = (f"Page {number} of {len(pages)}", f"第 {number} 页，共 {len(pages)} 页")
        assert footer.endswith(counters)


def test_a_table_of_a_pdf_runs_over_a_page() -> None:
    pages = pdf_pages(CORPUS / "av-200-datasheet.pdf")
    assert "SP-210-101-C" in pages[2]
    assert "SP-200-950-B" in pages[3]
    assert "Part number" not in pages[3]


def test_the_folder_is_small() -> None:
    files = [path for path in EXAMPLES.rglob("*") if path.is_file()]
    assert sum(path.stat().st_size for path in files) < MAX_FOLDER_BYTES


def test_building_again_gives_the_committed_text(tmp_path: Path) -> None:
    script = EXAMPLES / "build_corpus.py"
    subprocess.run([sys.executable, str(script), str(tmp_path)], check=True, timeout=120)
    built = sorted(tmp_path.iterdir())
    assert {path.name for path in built} == {name for name in DOCUMENTS if not name.endswith(".md")}
    for path in built:
        assert squeezed(whole_text(path)) == squeezed(whole_text(CORPUS / path.name)), path.name
