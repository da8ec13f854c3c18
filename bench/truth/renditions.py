"""Which content is rendered in which formats."""

from __future__ import annotations

from dataclasses import replace

from bench.truth import content_hard, content_long, content_short, render_text
from bench.truth.make import CONTENTS, Maker
from bench.truth.model import Code, Content, Figure, Grid
from bench.truth.truth import Look

_MAIL = Look(optional=(
    "From: To: Cc: Subject: Date: 发件人 收件人 主题 日期", "sender@example.com staff@example.com",
    "Wed, 22 Oct 2025 09:12:00 +0800", "<>2025-10-22T09:12:00+08:00",
))  # fmt: skip


def render_all(maker: Maker) -> None:
    """Every file of the truth set."""
    for language in ("zh", "en"):
        documents = {name: make(language) for name, make in CONTENTS.items()}
        _words(maker, documents)
        _texts(maker, documents, language)
        _rows(maker, documents, language)
        _scans(maker, documents, language)
        maker.workbook(content_hard.ledger(language), "xlsx")
    _hard(maker)


def _hard(maker: Maker) -> None:
    """What is harder than most."""
    notice = content_hard.notice()
    maker.docx(notice, numbered=True)
    maker.office_pdf(notice)
    maker.scan("scan-notice-mixed.pdf", notice, 1, skew=-1.4, worn=True)
    report = content_long.report("en")
    maker.docx(replace(report, contents="", watermark=""), numbered=True)
    maker.chromium_pdf(report, tagged=False)
    maker.chromium_pdf(content_short.minutes("en"), tagged=False)
    maker.soup(content_long.report("zh"), content_long.manual("zh").boilerplate)


def _words(maker: Maker, documents: dict[str, Content]) -> None:
    """Word files, what is printed from them, and pages for the screen."""
    maker.docx(documents["report"])
    maker.docx(documents["minutes"], styled=False)
    maker.office_pdf(documents["report"])
    maker.office_pdf(documents["regulation"], styled=False)
    maker.chromium_pdf(documents["manual"])
    maker.chromium_pdf(documents["prices"], tagged=documents["prices"].language == "en")
    if documents["paper"].language == "zh":
        maker.chromium_pdf(documents["paper"], tagged=False)
        maker.converted(documents["report"], "odt")
        maker.slides(documents["slides"], "pdf")
        maker.epub(documents["manual"])
    else:
        maker.office_pdf(documents["paper"])
        maker.converted(documents["regulation"], "rtf")
        maker.slides(documents["slides"], "odp")
    maker.slides(documents["slides"], "pptx")
    maker.web(documents["manual"])


def _texts(maker: Maker, documents: dict[str, Content], language: str) -> None:
    manual, notebook = documents["manual"], documents["notebook"]
    maker.text(f"{notebook.name}.ipynb", notebook, render_text.notebook(notebook), Look())
    letter = documents["mail"]
    maker.text(f"{letter.name}.eml", letter, render_text.mail(letter, html=language == "zh"), _MAIL)
    if language == "zh":
        front = replace(_MAIL, optional=(manual.author, manual.date, "author: date:"))
        maker.text(f"{manual.name}.md", manual, render_text.markdown(manual), front)
        law = without_grids(documents["regulation"])
        maker.text(f"{law.name}.txt", law, render_text.plain(law).encode("gbk"), Look())
    else:
        maker.text(f"{manual.name}.rst", manual, render_text.rst(manual), Look())
        report = without_grids(documents["report"])
        text = render_text.plain(report)
        maker.text(f"{report.name}.txt", report, text, Look(notes=False))


def without_grids(content: Content) -> Content:
    """The content without what plain text cannot show."""
    kept = [piece for piece in content.pieces if not isinstance(piece, Grid | Code | Figure)]
    return replace(content, pieces=tuple(kept))


def _rows(maker: Maker, documents: dict[str, Content], language: str) -> None:
    prices, book = documents["prices"], documents["workbook"]
    grid = next(piece for piece in prices.pieces if isinstance(piece, Grid))
    bare = replace(prices, pieces=(grid,), facts=())
    look = Look(title=False)
    if language == "zh":
        maker.workbook(book, "xlsx")
        maker.text(f"{bare.name}.csv", bare, render_text.table_csv(grid), look)
    else:
        maker.workbook(book, "ods")
        records = replace(bare, pieces=(replace(grid, rows=grid.rows[:25]),))
        maker.text(f"{bare.name}.json", records, render_text.json_records(records), look)


def _scans(maker: Maker, documents: dict[str, Content], language: str) -> None:
    maker.scan(f"scan-minutes-{language}.pdf", documents["minutes"], 2 if language == "zh" else 1)
    maker.scan(f"scan-regulation-{language}-skewed.pdf", documents["regulation"], 1, skew=2.0,
               worn=language == "en")  # fmt: skip
    maker.scan(f"scan-manual-{language}-turned.pdf", documents["manual"], 1,
               rotation=90 if language == "zh" else 270,
               printer="chromium")  # fmt: skip
    if language == "zh":
        maker.scan("scan-prices-zh.tif", documents["prices"], 2, printer="chromium")
    else:
        maker.scan("scan-paper-en.png", documents["paper"], 1)
