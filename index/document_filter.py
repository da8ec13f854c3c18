"""Which documents of a list are wanted, by what is known of them."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class DocumentFilter:
    """Documents whose id begins so, whose title has this in it (in capitals or not), of this type;
    empty: any."""

    prefix: str = ""
    title: str = ""
    media_type: str = ""

    def condition(self) -> tuple[str, tuple[str | int, ...]]:
        """As SQL over the table of documents, with its values."""
        parts = ["1"]
        values: list[str | int] = []
        if self.prefix:
            parts.append("substr(documents.id, 1, ?) = ? AND documents.id >= ?")
            values += [len(self.prefix), self.prefix, self.prefix]
        if self.title:
            parts.append("instr(lower(title), lower(?)) > 0")
            values.append(self.title)
        if self.media_type:
            parts.append("media_type = ?")
            values.append(self.media_type)
        return " AND ".join(parts), tuple(values)

    def fits(self, document_id: str, title: str, media_type: str) -> bool:
        """Whether a document is wanted."""
        return (
            document_id.startswith(self.prefix)
            and _lowered(self.title) in _lowered(title)
            and self.media_type in ("", media_type)
        )


def _lowered(text: str) -> str:
    """As SQLite does it: of the letters of ASCII alone."""
    return "".join(c.lower() if c.isascii() else c for c in text)
