"""Doubtful lines of OCR mended: by a dictionary of the domain, and by a second engine.

A word is changed only where the line is doubtful, the word is not in the dictionary, and one
single way of undoing a usual confusion (0 and O, 1 and l, 己 and 已, 未 and 末, ...) gives a word
that is.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path

from ingest.contract import BadInput, OcrLine
from ingest.lines import is_spaceless

_GROUPS = (
    "0OoQD", "1lI|i!", "5Ss", "8B", "2Zz", "6G", "9gq", "cC", "vV", "wW", "xX", "uU", "kK", "pP",
    "已己巳", "未末", "日曰", "士土", "干千于", "人入八", "大太犬", "天夭", "田由甲申", "戊戌戍",
    "刀力", "儿几", "贝见", "洒酒", "侯候", "析折拆", "拨拔", "住往", "徒徙", "密蜜", "籍藉",
    "帐账", "萤莹", "遣遗", "幕暮慕", "祟崇", "汩汨", "曝暴", "壁璧", "治冶", "兔免",
    "予子", "壬王玉主", "亨享", "间问", "风凤", "设没", "技枝", "扰拢", "抡抢", "仑仓", "狠狼",
    "0〇", "一—", "二＝", "口囗", "増增", "減减", "內内", "吿告", "產产", "戶户",
)  # fmt: skip
_PAIRS = (("rn", "m"), ("cl", "d"), ("vv", "w"), ("li", "h"), ("ii", "u"), ("nn", "m"))
_WORD = re.compile(r"[A-Za-z0-9|!][A-Za-z0-9|!'’-]*")
_MOST_WORDS = 500_000
_MOST_TRIES = 256
_MAX_BYTES = 20_000_000
_LONGEST = 12
_DOUBTFUL = 0.9


def _confusions() -> dict[str, str]:
    found: dict[str, str] = {}
    for group in _GROUPS:
        for char in group:
            found[char] = found.get(char, "") + group.replace(char, "")
    return found


_CONFUSED: Mapping[str, str] = _confusions()


@dataclass(frozen=True)
class Correction:
    """`words` as they are to be spelt. Lines at or over `confidence` are left alone."""

    words: frozenset[str] = field(repr=False)
    confidence: float = 0.95

    @property
    def fingerprint(self) -> str:
        """Names the words by their hash, and the bound."""
        digest = hashlib.sha256("\n".join(sorted(self.words)).encode("utf-8", "replace"))
        return f"words={digest.hexdigest()[:16]};{self.confidence:g}"

    @staticmethod
    def from_file(path: Path, confidence: float = 0.95) -> Correction:
        """Words of a text file in UTF-8, one a line; what follows a `#` and empty lines are
        passed over. Raises BadInput where it cannot be read."""
        try:
            if path.stat().st_size > _MAX_BYTES:
                raise BadInput(
                    f"the dictionary {path} is over {_MAX_BYTES // 10**6} MB: shorten it"
                )
            text = path.read_text(encoding="utf-8-sig")
        except (OSError, UnicodeDecodeError) as error:
            raise BadInput(f"the dictionary {path} could not be read: {error}") from error
        words = (line.partition("#")[0].strip() for line in text.splitlines())
        return Correction(frozenset(islice(filter(None, words), _MOST_WORDS)), confidence)

    def corrected(self, line: OcrLine) -> OcrLine:
        """The line with words mended; itself where nothing is to be done. A change of length
        drops where its characters begin."""
        if line.confidence >= self.confidence or not self.words:
            return line
        text = self._han(_WORD.sub(lambda match: self._word(match.group()), line.text))
        if text == line.text:
            return line
        starts = line.starts if len(text) == len(line.text) else ()
        return replace(line, text=text, starts=starts)

    def _word(self, word: str) -> str:
        if self._knows(word):
            return word
        for ways in (_undone_once(word), _undone_twice(word)):
            found = {other for other in islice(ways, _MOST_TRIES) if self._knows(other)}
            if found:
                return found.pop() if len(found) == 1 else word
        return word

    def _knows(self, word: str) -> bool:
        if word in self.words:
            return True
        return word[:1].isupper() and word[1:].islower() and word.lower() in self.words

    def _han(self, text: str) -> str:
        """Words of Han characters: each confusable character is tried where the other reading
        makes a word of the dictionary around it and its own does not."""
        out = list(text)
        for index, char in enumerate(text):
            if not is_spaceless(char) or char not in _CONFUSED:
                continue
            if self._stands("".join(out), index):
                continue
            fits = [
                other
                for other in _CONFUSED[char]
                if self._stands("".join((*out[:index], other, *out[index + 1 :])), index)
            ]
            if len(fits) == 1:
                out[index] = fits[0]
        return "".join(out)

    def _stands(self, text: str, index: int) -> bool:
        """Whether a word of the dictionary, of two characters at least, lies over the place."""
        for length in range(2, min(_LONGEST, len(text)) + 1):
            for start in range(max(0, index - length + 1), min(index, len(text) - length) + 1):
                if text[start : start + length] in self.words:
                    return True
        return False


def _undone_once(word: str) -> Iterator[str]:
    """The word with one character, or one pair, read in another usual way."""
    for index, char in enumerate(word):
        for other in _CONFUSED.get(char, ""):
            yield word[:index] + other + word[index + 1 :]
    for first, second in _PAIRS:
        for wrong, right in ((first, second), (second, first)):
            at = word.find(wrong)
            while at >= 0:
                yield word[:at] + right + word[at + len(wrong) :]
                at = word.find(wrong, at + 1)


def _undone_twice(word: str) -> Iterator[str]:
    """The word with two characters read in other usual ways."""
    places = [index for index, char in enumerate(word) if char in _CONFUSED][:8]
    for one in places:
        for two in places:
            if two <= one:
                continue
            for a in _CONFUSED[word[one]]:
                for b in _CONFUSED[word[two]]:
                    yield word[:one] + a + word[one + 1 : two] + b + word[two + 1 :]


def better_lines(first: Sequence[OcrLine], second: Sequence[OcrLine]) -> list[OcrLine]:
    """The lines of the first engine, each replaced by what the second read at its place where
    that is surer; lines that only the second found are added where it is sure of them."""
    boxes = [_bounds(line) for line in first]
    matches: dict[int, list[OcrLine]] = {}
    added: list[OcrLine] = []
    for line in second:
        box = _bounds(line)
        overlaps = [(_overlap(box, other), index) for index, other in enumerate(boxes)]
        share, index = max(overlaps, default=(0.0, -1))
        if share >= 0.5 * _area(box):
            matches.setdefault(index, []).append(line)
        elif line.confidence >= _DOUBTFUL and all(
            shared < 0.1 * min(_area(box), _area(boxes[other])) for shared, other in overlaps
        ):
            added.append(line)
    out: list[OcrLine] = []
    for index, line in enumerate(first):
        found = matches.get(index, [])
        if len(found) == 1 and _is_better(found[0], line):
            out.append(found[0])
        else:
            out.append(line)
    return [*out, *added]


def _is_better(other: OcrLine, line: OcrLine) -> bool:
    """Whether the other engine's reading of the whole of a line is surer. Engines are not
    equally modest: only doubtful lines are given up, and for a clear lead."""
    one, two = _bounds(line), _bounds(other)
    whole = _overlap(one, two) >= 0.6 * _area(one)
    similar = 0.6 <= len(other.text) / max(1, len(line.text)) <= 1.67
    doubtful = line.confidence < _DOUBTFUL
    return whole and similar and doubtful and other.confidence > line.confidence + 0.05


def _bounds(line: OcrLine) -> tuple[float, float, float, float]:
    xs, ys = [x for x, _ in line.corners], [y for _, y in line.corners]
    return min(xs), min(ys), max(xs), max(ys)


def _area(box: tuple[float, float, float, float]) -> float:
    return max(0.1, (box[2] - box[0]) * (box[3] - box[1]))


def _overlap(
    one: tuple[float, float, float, float], other: tuple[float, float, float, float]
) -> float:
    width = min(one[2], other[2]) - max(one[0], other[0])
    height = min(one[3], other[3]) - max(one[1], other[1])
    return max(0.0, width) * max(0.0, height)
