"""Which content is rendered in which formats."""

from __future__ import annotations

from bench.truth.make import CONTENTS, Maker


def render_all(maker: Maker) -> None:
    """Every file of the truth set."""
    for language in ("zh", "en"):
        documents = {name: make(language) for name, make in CONTENTS.items()}
        maker.docx(documents["report"])
        maker.office_pdf(documents["report"])
        maker.office_pdf(documents["regulation"], styled=False)
        maker.docx(documents["minutes"], styled=False)
        maker.chromium_pdf(documents["manual"])
        maker.chromium_pdf(documents["prices"])
        maker.web(documents["manual"])
