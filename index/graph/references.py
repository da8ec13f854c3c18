"""Where a text refers to a section, a figure or another document."""

from __future__ import annotations

import re
from collections.abc import Iterator

from index.graph.contract import EntityType
from index.graph.spans import NUMBERS, NameSpan

_COUNT = "[0-9零〇一二三四五六七八九十百千]{1,9}"
_CHINESE = re.compile(
    f"第{_COUNT}(?:章|节|節|条|條|部分|编|編|篇)(?:第{_COUNT}(?:节|節|条|條|款|项|項))*(?:之[一二三四五六七八九十]+)?"
    f"|(?:附录|附錄|附件|附表)\\s?(?:{_COUNT}|[A-Z])(?![A-Za-z])|(?:图|圖|表)\\s?[0-9]{{1,3}}(?:[-.][0-9]{{1,3}})*(?![0-9])"
)
_ENGLISH = re.compile(
    r"\b(?:Section|Sect?\.|Chapter|Chap\.|Article|Art\.|Appendix|Annex|Clause|Part|Figure|Fig\.|Table|Equation|Eq\.|§)\s?"
    r"(?:[0-9]{1,3}(?:\.[0-9]{1,3}){0,4}(?:\([a-z0-9]{1,3}\))?|[A-Z](?:\.[0-9]{1,3}){0,3}(?![A-Za-z])|[IVX]{1,5}\b)"
)
_REFERS = re.compile(
    r"(?:(?P<zh>参见|参阅|参照|详见|请见|见|依据|依照|根据|按照|適用|适用|違反|违反)(?:[《“][^》”\n]{1,60}[》”])?(?:的)?\s*"
    r"|(?P<en>\b(?:see(?: also)?|refer(?:s)? to|cf\.|described in|defined in|discussed in|shown in|in accordance with|pursuant to|according to|under)\s+(?:the\s+)?))$",
    re.I,
)
_CITED = re.compile("[》”]\\s*的?$")
_LOOK_BACK = 90


def sections(text: str) -> Iterator[NameSpan]:
    """Sections, articles, appendices, figures and tables by their numbers."""
    for pattern in (_CHINESE, _ENGLISH):
        for match in pattern.finditer(text):
            yield NameSpan(match.start(), match.end(), EntityType.SECTION, NUMBERS)


def reference_before(text: str, start: int) -> str:
    """How a text announces what begins at a place ("参见", "refers to"); empty where it does not."""
    match = _REFERS.search(text, max(0, start - _LOOK_BACK), start)
    if match is None:
        return ""
    return (
        "参见"
        if match["zh"] in ("参见", "参阅", "参照", "详见", "请见", "见")
        else match["zh"] or "refers to"
    )


def is_of_work(text: str, work_end: int, start: int) -> bool:
    """Whether a section's number follows the title of the work that it is in."""
    return _CITED.fullmatch(text, work_end, start) is not None
