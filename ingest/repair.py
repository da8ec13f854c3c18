"""Text put right where the fault is certain: wrong encodings, control and invisible characters,
ligatures, radicals in place of Han characters, full-width letters inside words, glyphs of symbol
fonts, and minus signs that a font hid.

Clean text passes at the cost of one search. A repaired text is not changed by a second repair.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import replace

from ingest.contract import Block, BlockKind, Json, Table
from ingest.glyphs import BULLETS, OPERATORS, lookalikes
from ingest.mojibake import undo
from ingest.tables import clean_cell, to_markdown

_ASCII_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f]")
_CONTROL = re.compile("[\x00-\x08\x0e-\x1b\x7f-\x9f]")
_SPACING = str.maketrans(
    {"\x0b": "\n", "\x0c": "\n", "\x1c": " ", "\x1d": " ", "\x1e": "-", "\x1f": None,
     "\r": "\n", "\u2028": "\n", "\u2029": "\n", "\u2011": "-"}
)  # fmt: skip
_C1 = {
    chr(byte): bytes([byte]).decode("cp1252")
    for byte in range(0x80, 0xA0)
    if byte not in (0x81, 0x8D, 0x8F, 0x90, 0x9D)
}
_HAN_OR_KANA = re.compile("[\u3040-\u30ff\u3400-\u9fff\U00020000-\U0003134f]")
_SUSPECT = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u00ad\u0300-\u036f\u061c\u180e\u200b-\u200f\u2011"
    "\u2028-\u202e\u2060-\u206f\u2e80-\u2fdf\u3099\u309a\ud800-\udfff\ue000-\uf8ff"
    "\uf900-\ufaff\ufb00-\ufb06\ufe10-\ufe19\ufe30-\ufe44\ufeff\uff10-\uff19\uff21-\uff3a"
    "\uff41-\uff5a\ufff9-\ufffc\U000e0000-\U000e01ef\U0002f800-\U0002fa1f]"
)
_LOOKALIKE = re.compile(
    "[\u2e80-\u2fdf\uf900-\ufaff\ufb00-\ufb06\ufe10-\ufe19\ufe30-\ufe44\U0002f800-\U0002fa1f]"
)
_COMBINING = re.compile("[^\\W\\d_][\u0300-\u036f]+|[\u3046-\u30fd][\u3099\u309a]")
# A hyphen or minus that a font maps to the soft hyphen: a number follows it directly.
_SOFT_MINUS = re.compile(r"(?:(?<=[\d\s(（:：,，])|^)\u00ad(?=\d)", re.MULTILINE)
_MEANINGLESS = re.compile(
    "[\u00ad\u034f\u180e\u2060-\u2064\u206a-\u206f\ufeff\ufff9-\ufffc]"
    "|(?<=[\u3400-\u9fff\U00020000-\U0003134f])[\U000e0100-\U000e01ef]"
)
_BIDI = re.compile("[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")
_RIGHT_TO_LEFT = re.compile("[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc]")
# Scripts of South-East Asia part words with a zero-width space; Indic and Arabic ones shape
# letters with joiners, and pictures are joined of others.
_ZERO_SPACE = re.compile("(?<![\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff])\u200b")
_JOINERS = re.compile(
    "(?<![\u0600-\u08ff\u0900-\u0dff\u1000-\u109f\u1780-\u18af\ufe00-\ufe0f"
    "\u2190-\u2bff\u200b-\u200f\U0001f000-\U0001faff])[\u200c\u200d]"
)
_TAGS = re.compile("(?<![\U0001f3f4\U000e0020-\U000e007f])[\U000e0000-\U000e007f]+")
_WORD = re.compile("[0-9A-Za-z\uff10-\uff19\uff21-\uff3a\uff41-\uff5a]+")
_WIDE = re.compile("[\uff10-\uff19\uff21-\uff3a\uff41-\uff5a]")
_NARROW = {code: code - 0xFEE0 for code in range(0xFF10, 0xFF5B) if chr(code).isalnum()}
_BULLET = re.compile(f"(?m)^([ \t]*(?:- )?)([{''.join(BULLETS)}])(?=[ \t\u3000]|\\w)")
_OPERATOR = re.compile(
    f"(?:(?<=[\\d\\s(（\\w])|^)([{''.join(OPERATORS)}])(?= ?[\\d.])", re.MULTILINE
)
_MAX_ROUNDS = 12


def repair(text: str) -> str:
    """The text with what is certainly wrong put right; the same object where nothing is."""
    if text.isascii():
        return _spacing(text) if _ASCII_CONTROL.search(text) else text
    for _ in range(_MAX_ROUNDS):
        fixed = _once(text)
        if fixed == text:
            break
        text = fixed
    return text


def _once(text: str) -> str:
    text = undo(text)
    if not _SUSPECT.search(text):
        return text
    text = _BULLET.sub(lambda match: match[1] + BULLETS[match[2]], text)
    text = _OPERATOR.sub(lambda match: OPERATORS[match[1]], text)
    text = _SOFT_MINUS.sub("-", text)
    text = _invisible(_spacing(text))
    if _LOOKALIKE.search(text):
        text = text.translate(lookalikes())
    if _WIDE.search(text):
        text = _narrow(text)
    return _COMBINING.sub(lambda match: unicodedata.normalize("NFC", match[0]), text)


def _spacing(text: str) -> str:
    """Control characters as what they stand for in the programs that write them, or out."""
    text = text.replace("\r\n", "\n").translate(_SPACING)
    return _CONTROL.sub(lambda match: _C1.get(match[0], ""), text)


def _invisible(text: str) -> str:
    """Without the invisible characters that mean nothing where they stand; surrogates that
    belong together become one character."""
    if re.search("[\ud800-\udbff][\udc00-\udfff]", text):
        text = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    text = _MEANINGLESS.sub("", text)
    if _BIDI.search(text) and not _RIGHT_TO_LEFT.search(text):
        text = _BIDI.sub("", text)
    return _TAGS.sub("", _JOINERS.sub("", _ZERO_SPACE.sub("", text)))


def _narrow(text: str) -> str:
    """Full-width letters and digits as ordinary ones: inside a word that has ordinary ones, too,
    and everywhere in a text that has no Han characters and no kana."""
    everywhere = _HAN_OR_KANA.search(text) is None

    def word(match: re.Match[str]) -> str:
        found = match[0]
        mixed = any(char < "\x80" for char in found)
        return found.translate(_NARROW) if mixed or everywhere else found

    return _WORD.sub(word, text)


def repair_block(block: Block) -> Block:
    """The block with its text put right; of a table every cell, and its rendering with them."""
    if block.table is None:
        text = repair(block.text)
        if block.kind is BlockKind.HEADING and text != block.text:
            text = " ".join(text.split())
        return block if text == block.text else replace(block, text=text)
    rows = tuple(tuple(map(_cell, row)) for row in block.table.rows)
    if rows == block.table.rows:
        return block
    table = Table(rows, block.table.header_rows)
    return replace(block, text=to_markdown(table), table=table)


def _cell(text: str) -> str:
    fixed = repair(text)
    return text if fixed == text else clean_cell(fixed)


def repair_metadata(metadata: Mapping[str, Json]) -> dict[str, Json]:
    """The metadata with every string in it put right, keys as they are."""
    return {key: _value(value) for key, value in metadata.items()}


def _value(value: Json) -> Json:
    if isinstance(value, str):
        return repair(value)
    if isinstance(value, Mapping):
        return repair_metadata(value)
    if isinstance(value, Sequence):
        return tuple(map(_value, value))
    return value
