"""reStructuredText, with what Sphinx adds to it."""

from __future__ import annotations

import re
from dataclasses import dataclass

from ingest.contract import Json, Parsed, Source, UnreadableFile
from ingest.encodings import decode
from ingest.front_matter import split_front_matter
from ingest.mojibake import undo

_LONGEST_LINE = 100_000
_SUBSTITUTION = re.compile(r"^[ \t]*\.\. +\|.*$", re.MULTILINE)
_SETTINGS = {
    # Nothing is included, nothing is run, nothing is fetched, and no configuration is read.
    "file_insertion_enabled": False,
    "raw_enabled": False,
    "_disable_config": True,
    "report_level": 5,
    "halt_level": 6,
    "traceback": True,
    "syntax_highlight": "none",
    "smart_quotes": False,
    "line_length_limit": _LONGEST_LINE,
    "doctitle_xform": True,
    "sectsubtitle_xform": False,
    "toc_backlinks": False,
    "footnote_backlinks": False,
    "input_encoding": "unicode",
    "output_encoding": "unicode",
    "warning_stream": "",
}


@dataclass(frozen=True)
class RstParser:
    """Reads reStructuredText. The content of directives that docutils does not know (those of
    Sphinx, for the most part) is read as text; files that it wants included are not."""

    def parse(self, source: Source, media_type: str) -> Parsed:
        """The blocks of the text; fields at its top are metadata.

        Raises UnreadableFile where a line is absurdly long.
        """
        from docutils.core import publish_doctree

        from ingest.rst_blocks import read_doctree

        del media_type
        text = undo(decode(source.data).text).replace("\r\n", "\n").replace("\r", "\n")
        metadata: dict[str, Json]
        metadata, text = split_front_matter(text.removeprefix("\ufeff").replace("\x00", ""))
        longest = max(map(len, text.split("\n")))
        if longest > _LONGEST_LINE:
            raise UnreadableFile(
                f"{source.name}: a line of {longest:,} characters is no reStructuredText "
                f"(at most {_LONGEST_LINE:,}): break its lines, or rename it to .txt"
            )
        text = re.sub(r"[\x0b\x0c]", "\n", text)

        def read(part: str) -> object:
            return publish_doctree(part, settings_overrides=dict(_SETTINGS))

        try:
            tree = read(text)
        except (ValueError, AssertionError, LookupError, AttributeError, TypeError):
            # What trips docutils are substitutions, as a rule: some that go in circles.
            try:
                tree = read(_SUBSTITUTION.sub("", text))
            except (ValueError, AssertionError, LookupError, AttributeError, TypeError) as error:
                raise UnreadableFile(
                    f"{source.name}: docutils cannot read this reStructuredText "
                    f"({type(error).__name__}: {error}); rename it to .txt"
                ) from error
        found = read_doctree(tree, read)
        metadata = {**metadata, **found.metadata}
        title = metadata.pop("title", "") if not found.title else found.title
        return Parsed(tuple(found.blocks), str(title), 0, metadata)
