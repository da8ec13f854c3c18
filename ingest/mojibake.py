"""Text that was decoded with the wrong encoding, put right where that is certain.

Three kinds are undone, as a whole or in passages: UTF-8 read as a Western code page (by ftfy,
and by a check of its own for Chinese), UTF-8 read as GBK, and GBK read as Latin-1. UTF-8 is
strict: a passage of several characters that is valid UTF-8 after being encoded back is no
accident. What is not certain stays as it is.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

_CP1252 = {
    bytes([byte]).decode("cp1252"): byte
    for byte in range(0x80, 0xA0)
    if byte not in (0x81, 0x8D, 0x8F, 0x90, 0x9D)
}
_BYTE_OF = {**{chr(byte): byte for byte in range(0x80, 0x100)}, **_CP1252}
_TAIL = "[\u0080-\u00bf" + "".join(map(re.escape, _CP1252)) + "]"
_LONG_RUN = re.compile(f"(?:[\u00e2-\u00ef]{_TAIL}{{2}}|\u00f0{_TAIL}{{3}})+")
_LATIN_SIGN = re.compile(f"[\u00c2-\u00f4]{_TAIL}|\u201a\u00c4|\u0432\u0402|\u00c3 |\u00e2 €")
# A capital before the closing quote is no û.
_QUOTED_CAPITAL = re.compile("«[^«»]*[A-Z\u00c0-\u00de][\u00c0-\u00de]»")
_PAIRS = re.compile("(?:[\u00a1-\u00f7][\u00a1-\u00fe])+")
_LATIN_HIGH = re.compile("[\u00a1-\u00ff]")
_TYPOGRAPHIC = re.compile("[«»‹›‘’“”„…–—]")
_LOST = "\ufffd"
_REPLACED_TWICE = "锟斤拷"
_PLAIN_CJK = re.compile(
    "[\u3000-\u30ff\u2010-\u2027\u2030-\u203b\u20ac\u2100-\u22ff\u2460-\u25ff\u00b7\u00d7"
    "\uff01-\uff5e\uffe5\u4e28\u0391-\u03c9\uac00-\ud7a3]"
)


def undo(text: str) -> str:
    """The text with what was read in a wrong encoding put right."""
    if text.isascii():
        return text
    if _LATIN_SIGN.search(text):
        lines = text.split("\n")
        text = "\n".join(_from_latin(line) if _LATIN_SIGN.search(line) else line for line in lines)
    if _PAIRS.search(text):
        text = _gb_from_latin(text)
    if _gbk_signs().search(text):
        text = "\n".join(_from_gbk(line) for line in text.split("\n"))
    return text


@lru_cache(maxsize=50_000)
def _usual(char: str) -> bool:
    """Whether the character is usual in running Chinese: of the first level of GB 2312 or of
    Big5, or a mark."""
    if _PLAIN_CJK.match(char):
        return True
    for codec, low, high in (("gb2312", 0xB0, 0xD7), ("big5", 0xA4, 0xC6)):
        try:
            code = char.encode(codec)
        except UnicodeEncodeError:
            continue
        if len(code) == 2 and low <= code[0] <= high:
            return True
    return False


def _from_latin(line: str) -> str:
    """A line of UTF-8 that was read as Windows-1252 or Latin-1, wholly or in passages."""
    if _gb_from_latin(line) != line:
        return line  # bytes of GBK, which may look like those of UTF-8
    fixed = _LONG_RUN.sub(_decode_run, line)
    if not _LATIN_SIGN.search(fixed):
        return fixed
    if _QUOTED_CAPITAL.search(fixed):
        return fixed
    import ftfy

    return ftfy.fix_encoding(fixed)


def _decode_run(match: re.Match[str]) -> str:
    """Sequences of three or four bytes: several in a row, or one that gives a usual mark."""
    run = match.group()
    try:
        text = bytes(_BYTE_OF[char] for char in run).decode("utf-8")
    except UnicodeDecodeError:
        return run
    if len(text) == 1:
        # An é before a closing quote and an ellipsis is three such characters, too.
        sure = _usual(text) and (run[0] == "\u00e2" or not _TYPOGRAPHIC.search(run))
        sure = sure or (run[0] == "\u00e2" and "\u2000" <= text <= "\u2fff" and run[1] == "€")
    else:
        usual = sum(_usual(char) for char in text)
        sure = usual * 10 >= len(text) * 6 or ord(text[0]) > 0xFFFF
    return text if sure else run


def _gb_from_latin(text: str) -> str:
    """GB 2312 that was read as Latin-1: pairs of high characters and hardly a single one, at
    least three of them Han, nearly all of them usual."""
    runs = _PAIRS.findall(text)
    if max(map(len, runs), default=0) < 6:
        return text
    decoded: list[str] = []
    for run in runs:
        try:
            decoded.append(run.encode("latin-1").decode("gb2312"))
        except UnicodeDecodeError:
            continue
    joined = "".join(decoded)
    # A row of middle dots is an ellipsis, not the same character over and over.
    han = len({char for char in joined if "\u4e00" <= char <= "\u9fff"})
    usual = sum(_usual(char) for char in joined)
    high = len(_LATIN_HIGH.findall(text))
    if han < 3 or usual * 10 < len(joined) * 9 or len(joined) * 20 < high * 9:
        return text
    return _PAIRS.sub(_decode_pairs, text)


def _decode_pairs(match: re.Match[str]) -> str:
    try:
        return match.group().encode("latin-1").decode("gb2312")
    except UnicodeDecodeError:
        return match.group()


@lru_cache(maxsize=1)
def _gbk_signs() -> re.Pattern[str]:
    """The characters that the first two bytes of a Chinese character in UTF-8 make in GBK, and
    what a replacement character makes there."""
    signs = []
    for first in (0xE2, *range(0xE3, 0xEA), 0xEF):
        for second in range(0x80, 0xC0):
            char = bytes((first, second)).decode("gb18030", "replace")
            if len(char) == 1 and char != _LOST:
                signs.append(char)
    return re.compile("[" + "".join(map(re.escape, signs)) + "]")


def _from_gbk(line: str) -> str:
    """A line of UTF-8 that was read as GBK, wholly or in passages."""
    if _REPLACED_TWICE in line:
        line = line.replace(_REPLACED_TWICE, _LOST * 2)
    signs = _gbk_signs()
    if not signs.search(line):
        return line
    out: list[str] = []
    done = 0
    for match in signs.finditer(line):
        if match.start() < done:
            continue
        end, text = _decode_passage(line, match.start())
        if end:
            out += (line[done : match.start()], text)
            done = end
    return "".join([*out, line[done:]])


def _codes(line: str, start: int) -> Iterator[bytes]:
    """The bytes that each character was read from, from `start`; empty for a lost one.

    GBK pairs every byte above 80 with what follows, so what is lost before a possible second
    byte can only have been an 80.
    """
    for index in range(start, len(line)):
        char = line[index]
        if char == _LOST:
            follower = line[index + 1 : index + 2]
            yield b"\x80" if follower >= "@" and follower != _LOST else b""
        elif char == "€":
            yield b"\x80"
        else:
            try:
                yield char.encode("gb18030")
            except UnicodeEncodeError:
                return


def _decode_passage(line: str, start: int) -> tuple[int, str]:
    """Where the passage ends that begins at `start`, and its text; (0, "") where there is none.

    The characters are read one by one into bytes, and these as UTF-8; the passage ends at the
    last character boundary that ends a character of UTF-8 above ASCII, too.
    """
    out: list[str] = []
    pending = b""
    best = (0, 0)  # where the line goes on, and how many characters of `out` count
    for index, code in enumerate(_codes(line, start), start):
        if not code or (code == b"?" and len(pending) in (1, 2)):
            if not pending and not out:
                break
            out.append(_LOST)
            pending = b""
            best = (index + 1, len(out))
            continue
        pending += code
        units, pending, valid = _units(pending)
        out += units
        if not valid:
            break
        if not pending and units and not out[-1].isascii():
            best = (index + 1, len(out))
    end, count = best
    found = out[:count]
    if line[end - 1 : end] == _LOST and found:
        found[-1] = _LOST  # nothing follows that would prove what it was
    high = [char for char in found if not char.isascii() and char != _LOST]
    lost = found.count(_LOST)
    usual = sum(_usual(char) for char in high)
    rare = sum(not _usual(char) for char in line[start:end] if not char.isascii())
    if len(high) < 2 or usual * 20 < len(high) * 17 or lost * 3 > len(high):
        return 0, ""
    if len(high) < 4 and (rare * 3 < end - start or usual < len(high)):
        return 0, ""
    return end, "".join(found)


def _units(data: bytes) -> tuple[list[str], bytes, bool]:
    """The characters of UTF-8 at the head of the bytes, what is left over of one that is not
    complete, and whether that can still become one."""
    units: list[str] = []
    while data:
        lead = data[0]
        need = 1 if lead < 0x80 else 2 if 0xC2 <= lead < 0xE0 else 3 if 0xE0 <= lead < 0xF0 else 4
        if lead >= 0xF5 or 0x80 <= lead < 0xC2:
            return units, b"", False
        piece = data[:need]
        if any(not 0x80 <= byte < 0xC0 for byte in piece[1:]):
            return units, b"", False
        if len(piece) < need:
            return units, data, True
        try:
            units.append(piece.decode("utf-8"))
        except UnicodeDecodeError:
            return units, b"", False
        data = data[need:]
    return units, b"", True
