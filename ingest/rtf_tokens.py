"""The tokens of Rich Text Format, and the code pages that its bytes are in.

Source: Microsoft, Rich Text Format (RTF) Specification, version 1.9.1.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator, Mapping
from typing import NamedTuple

_TOKEN = re.compile(
    rb"\\([a-zA-Z]{1,40})(-?\d{1,10})? ?|\\'([0-9a-fA-F]{2})|\\([^a-zA-Z])|([{}])|[\r\n\x00]+"
    rb"|([^\\{}\r\n\x00]+)|\\"
)
_CHARSETS: Mapping[int, str] = {
    77: "mac_roman", 78: "cp932", 79: "cp949", 80: "gb18030", 81: "cp950", 128: "cp932",
    129: "cp949", 130: "johab", 134: "gb18030", 136: "cp950", 161: "cp1253", 162: "cp1254",
    163: "cp1258", 177: "cp1255", 178: "cp1256", 186: "cp1257", 204: "cp1251", 222: "cp874",
    238: "cp1250", 254: "cp437", 255: "cp850",
}  # fmt: skip
_PAGES: Mapping[int, str] = {936: "gb18030", 54936: "gb18030", 10000: "mac_roman", 65001: "utf-8"}
_DOUBLE = ("gb18030", "cp932", "cp949", "cp950", "johab", "utf-8")
SYMBOL = "symbol"
"""In place of a codec: the font is one of pictures, its bytes mean places in it."""


class Token(NamedTuple):
    """A piece of RTF: `kind` is one of `{`, `}`, `word`, `symbol`, `text`; `number` is the
    parameter of a control word, None where it has none."""

    kind: str
    word: str = ""
    number: int | None = None
    data: bytes = b""


def tokens(data: bytes) -> Iterator[Token]:
    """The tokens in order; hexadecimal bytes are text, binary data is passed over."""
    position = 0
    while match := _TOKEN.match(data, position):
        position = match.end()
        word, number, code, symbol, brace, text = match.groups()
        if text is not None:
            yield Token("text", data=text)
        elif word is not None:
            value = None if number is None else int(number)
            if word == b"bin" and value:
                position += max(value, 0)
                continue
            yield Token("word", word.decode("ascii"), value)
        elif code is not None:
            yield Token("text", data=bytes.fromhex(code.decode("ascii")))
        elif brace is not None:
            yield Token(brace.decode("ascii"))
        elif symbol is not None:
            yield Token("symbol", symbol.decode("latin-1"))


def codec_of_page(page: int) -> str:
    """The codec of a code page by its number; cp1252 for one that is not known."""
    name = _PAGES.get(page, f"cp{page}")
    try:
        return codecs.lookup(name).name
    except LookupError:
        return "cp1252"


def codec_of_charset(charset: int, default: str) -> str:
    """The codec of a font's character set."""
    if charset == 2:
        return SYMBOL
    return _CHARSETS.get(charset, default)


def decode_bytes(data: bytes, codec: str, default: str) -> str:
    """The text of bytes in the codec of their font. Where the document's own code page has two
    bytes to a character and the bytes are valid in it, a Western font means nothing."""
    if data.isascii() and codec != SYMBOL:
        return data.decode("ascii")
    if codec == SYMBOL:
        return "".join(chr(0xF000 + byte) if byte > 32 else chr(byte) for byte in data)
    if codec not in _DOUBLE and default in _DOUBLE:
        try:
            return data.decode(default)
        except UnicodeDecodeError:
            pass
    return data.decode(codec, "replace")
