"""Restrictions to some of the documents that a question states in so many words."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from index.pipeline import Snapshot
from ingest.contract import Json

_OFFICE = "application/vnd.openxmlformats-officedocument"
_ODF = "application/vnd.oasis.opendocument"
_KINDS: dict[str, tuple[str, ...]] = {
    "pdf": ("application/pdf",),
    "word": (
        f"{_OFFICE}.wordprocessingml.document", "application/msword", f"{_ODF}.text",
    ),
    "sheet": (
        f"{_OFFICE}.spreadsheetml.sheet", "application/vnd.ms-excel", f"{_ODF}.spreadsheet",
        "text/csv", "text/tab-separated-values",
    ),
    "slides": (
        f"{_OFFICE}.presentationml.presentation", "application/vnd.ms-powerpoint",
        f"{_ODF}.presentation",
    ),
    "mail": ("message/rfc822", "application/vnd.ms-outlook", "application/mbox"),
    "web": ("text/html", "application/xhtml+xml"),
    "markdown": ("text/markdown",),
}  # fmt: skip
_SAID_KINDS: Sequence[tuple[str, re.Pattern[str]]] = tuple(
    (kind, re.compile(rf"^(?:{pattern})$", re.IGNORECASE))
    for kind, pattern in (
        ("pdf", "pdf"),
        ("word", "word|docx?"),
        ("sheet", "excel|xlsx?|表格|电子表格|電子表格|spreadsheet|csv"),
        ("slides", "pptx?|幻灯片|幻燈片|演示文稿|powerpoint|slide"),
        ("mail", "邮件|郵件|e-?mail"),
        ("web", "网页|網頁|html|web ?page"),
        ("markdown", "markdown"),
    )
)
_KIND_WORDS = (
    r"pdf|word|docx?|excel|xlsx?|电子表格|電子表格|表格|pptx?|幻灯片|幻燈片|演示文稿|邮件|郵件|网页|網頁"
    r"|html|markdown|csv"
)
_ANY_KIND = re.compile(rf"{_KIND_WORDS}|slide|sheet|mail|web|powerpoint", re.IGNORECASE)
_FILES_HAN = r"(?:文件|文档|文檔|资料|資料|附件)"
_INSIDE = r"(?:里面|里边|裡面|里|裡|中|内|內|当中|當中|之中)的?"
_IN_KIND_HAN = re.compile(
    rf"(?:在|从|從)?(?:所有)?(?:的)?(?P<kind>{_KIND_WORDS})(?:格式的?)?{_FILES_HAN}?{_INSIDE}(?!心)",
    re.IGNORECASE,
)
_IN_KIND = re.compile(
    r"\b(?:in|from|within|among) (?:(?:all|any|only|the|our|my|these|those)(?: of the)? )*"
    r"(?P<kind>pdf|word|docx|excel|xlsx|powerpoint|pptx|html|csv|markdown|spreadsheet|slide"
    r"|e-?mail|web ?page)(?:s\b| (?:files?|documents?|sheets?)\b|\b(?=[,:?]|$))(?: of)?",
    re.IGNORECASE,
)
_ONLY_KIND = re.compile(
    r"\b(?:pdf|word|docx|excel|xlsx|powerpoint|pptx|html|csv|markdown)\b (?:files?|documents?)? ?only\b",
    re.IGNORECASE,
)

_KIND_OF_WORK_HAN = (
    "手册|指南|规范|制度|办法|条例|合同|协议|报告|说明书|说明|规定|规程|章程|细则|法|标准|方案|须知|守则|白皮书"
    "|年报|条款|清单|计划|纪要|手冊|規範|報告|說明書|辦法|協議|條款"
)
_IN_BOOK = re.compile(
    rf"(?:在|根据|依据|按照|依照|參照|参照|根據)?《(?P<name>[^《》]{{1,80}})》(?:{_INSIDE}|(?=规定|規定|第|附录|附錄|讲|写|提到))"
)
_BY_BOOK = re.compile(r"(?:根据|依据|按照|依照|参照|根據)《(?P<name>[^《》]{1,80})》[,，的]?")
_IN_TITLE_HAN = re.compile(
    rf"^(?:请问|請問)?(?:在|根据|依据|按照|依照|根據)?(?P<name>[\w·\- ]{{1,30}}?(?:{_KIND_OF_WORK_HAN}))"
    rf"(?:{_INSIDE}|(?=规定|規定|第\s?[\d〇零一二三四五六七八九十百]+\s?[章节節条條篇编]|附录|附錄))"
)
_FILE = re.compile(
    r"(?P<lead>\b(?:in|from|within|according to|per)(?: the)?(?: file| document)? |在|从|根据|按照|《)?"
    r"(?P<name>[\w·()（）-]+(?:[ ._·()（）-][\w·()（）-]+)*?\.(?:pdf|docx?|xlsx?|pptx?|csv|md|txt|html?|eml|msg|rtf|odt"
    r"|ods|odp|epub|json|xml))(?![A-Za-z0-9_.])》?"
    rf"(?P<inside>{_INSIDE})?",
    re.IGNORECASE,
)
_WORK = (
    r"handbook|manual|guide|guidelines?|policy|policies|report|agreement|contract|act|code|"
    r"specification|datasheet|regulations?|directive|charter|statement|plan|standard|faq|notes"
)
_IN_TITLE = re.compile(
    r"\b(?:in|according to|per|under|from|within)(?: the| our)? (?P<name>(?:[\w&'-]+ ){0,6}?(?:"
    + _WORK
    + r"))(?: (?=say|does|do|is|are|what|how|when)|[,:]|(?=\?|$|\.| ))",
    re.IGNORECASE,
)
_QUOTED_TITLE = re.compile(
    r"\b(?:in|according to|per|under|from|within) (?:the )?[\"“](?P<name>[^\"“”]{2,80})[\"”][,:]?",
    re.IGNORECASE,
)

_NAMED = (
    (_IN_BOOK, re.compile("《")),
    (_BY_BOOK, re.compile("《")),
    (_IN_TITLE_HAN, re.compile(r"[\u3400-\u9fff]{2}")),
    (_FILE, re.compile(r"\.[A-Za-z]")),
    (_QUOTED_TITLE, re.compile('["“]')),
    (_IN_TITLE, re.compile(rf"\b(?:{_WORK})\b", re.IGNORECASE)),
)
"""Ways to name a document, each with what is quickly seen not to be there."""
_FOUR_DIGITS = re.compile(r"(?:19|20)\d\d")

_YEAR = r"(?P<year>(?:19|20)\d\d)"
_YEARS_HAN = re.compile(
    rf"(?:在|从)?(?:(?P<year2>(?:19|20)\d\d)年?(?:到|至|-|—))?{_YEAR}\s?年?度?(?P<side>以前|之前|以后|以後|之后|之後|以来|前|后)?"
    rf"(?:发布|发表|出版|签订|签署|印发|制定|修订|颁布|發布|簽訂)?的(?:所有)?{_FILES_HAN}(?:{_INSIDE}|里|，)?(?:关于|有关)?"
)
_DOCUMENTS = r"(?:documents?|files?|papers?|reports?|contracts?|agreements?|memos?|articles)"
_YEARS = re.compile(
    rf"\b(?:(?:in|from|among) )?(?:all |only |the )*{_DOCUMENTS} (?:that were |which were )?"
    r"(?:published |dated |written |issued |signed |created )?"
    r"(?:between (?P<year2>(?:19|20)\d\d) and |from (?P<year3>(?:19|20)\d\d) to "
    rf"|(?P<side>from|in|of|after|since|before|until|dated) ){_YEAR}\b,?(?: about| on)?",
    re.IGNORECASE,
)
_LANGUAGES = {
    "english": ("en", "mixed"), "chinese": ("zh", "mixed"), "英文": ("en", "mixed"),
    "英语": ("en", "mixed"), "英語": ("en", "mixed"), "中文": ("zh", "mixed"),
    "日文": ("ja",), "日语": ("ja",), "japanese": ("ja",), "韩文": ("ko",), "korean": ("ko",),
    "俄文": ("ru",), "russian": ("ru",),
}  # fmt: skip
_IN_LANGUAGE = re.compile(
    r"\b(?:in|from|among|within) (?:all |only |the |our )*(?P<language>english|chinese|japanese|korean|russian)"
    r"(?:-language)? (?:documents?|files?|texts?|papers?)\b,?"
    rf"|(?:在|从)?(?P<han>英文|英语|英語|中文|日文|日语|韩文|俄文)的?{_FILES_HAN}{_INSIDE}(?:关于|有关)?",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Restriction:
    """A filter that a text states at a place, as it is written there."""

    filter: dict[str, Json]
    written: str
    start: int
    end: int


def restrictions(snapshot: Snapshot, text: str) -> list[Restriction]:
    """What the text restricts the search to, where that is certain; each by its own kind, in order
    of the places."""
    found: list[Restriction] = []
    for look in (_document, _kind, _years, _language):
        restriction = look(snapshot, text)
        if restriction and not any(
            restriction.start < other.end and other.start < restriction.end for other in found
        ):
            found.append(restriction)
    return sorted(found, key=lambda one: one.start)


def without(text: str, stated: Sequence[Restriction]) -> str:
    """The text without what states the restrictions."""
    for one in sorted(stated, key=lambda one: -one.start):
        before, after = text[: one.start].rstrip(), text[one.end :].lstrip(" ,，:：")
        gap = " " if before and after and before[-1].isascii() and after[0].isascii() else ""
        text = before + gap + after
    return text.strip(" ,，:：;；、")


def _document(snapshot: Snapshot, text: str) -> Restriction | None:
    """A document named by its title or its file name."""
    for pattern, sign in _NAMED:
        if not sign.search(text):
            continue
        for match in pattern.finditer(text):
            if pattern is _FILE and not (match["lead"] or match["inside"]):
                continue
            for name in _endings(match["name"]):
                ids = snapshot.documents_called(name)
                if ids:
                    start = match.start() + len(match["name"]) - len(name)
                    one = ids[0] if len(ids) == 1 else {"$in": list(ids)}
                    return Restriction({"document_id": one}, match.group(), start, match.end())
    return None


def _endings(name: str) -> list[str]:
    """The name, and without its first words: a title may follow others."""
    words = name.split(" ")
    return [" ".join(words[start:]) for start in range(min(len(words), 4))]


def _kind(snapshot: Snapshot, text: str) -> Restriction | None:
    """Files of a type, where the collection has others, too."""
    if not _ANY_KIND.search(text):
        return None
    for pattern in (_IN_KIND_HAN, _IN_KIND, _ONLY_KIND):
        match = pattern.search(text)
        if match is None:
            continue
        said = match["kind"] if "kind" in pattern.groupindex else match.group().split()[0]
        kind = next((name for name, form in _SAID_KINDS if form.match(said)), None)
        held = snapshot.media_types
        wanted = [media_type for media_type in _KINDS.get(kind or "", ()) if media_type in held]
        if wanted and len(wanted) < len(held):
            value: Json = wanted[0] if len(wanted) == 1 else {"$in": wanted}
            return Restriction({"media_type": value}, match.group(), *match.span())
        return None
    return None


def _years(snapshot: Snapshot, text: str) -> Restriction | None:
    """Documents of a time, where they say theirs in `year` or `date`."""
    is_said = _FOUR_DIGITS.search(text) is not None
    match = (_YEARS_HAN.search(text) or _YEARS.search(text)) if is_said else None
    if match is None:
        return None
    year = int(match["year"])
    groups = match.groupdict()
    start = groups.get("year2") or groups.get("year3")
    first: int | None = int(start) if start else year
    last: int | None = year
    side = (match["side"] or "").casefold()
    if side in ("after", "以后", "以後", "之后", "之後", "后"):
        first, last = year + (side == "after"), None
    elif side in ("since", "以来"):
        first, last = year, None
    elif side in ("before", "until", "以前", "之前", "前"):
        first, last = None, year - (side != "until")
    choices: list[Json] = []
    if len(snapshot.allowed({"year": {"$exists": True}})):
        choices.append({"year": _between(first, last, lambda number: number)})
    if len(snapshot.allowed({"date": {"$exists": True}})):
        # Dates as ISO 8601 writes them: what begins with a year comes before the next year.
        after = None if last is None else str(last + 1)
        bounds = {"$gte": None if first is None else str(first), "$lt": after}
        choices.append({"date": {name: bound for name, bound in bounds.items() if bound}})
    if not choices:
        return None
    whole: dict[str, Json] = {"$or": choices}
    if len(choices) == 1 and isinstance(choices[0], dict):
        whole = choices[0]
    return Restriction(whole, match.group(), *match.span())


def _between(first: int | None, last: int | None, form: Callable[[int], Json]) -> Json:
    if first is not None and first == last:
        return form(first)
    bounds = {"$gte": first, "$lte": last}
    return {name: form(bound) for name, bound in bounds.items() if bound is not None}


def _language(snapshot: Snapshot, text: str) -> Restriction | None:
    """Documents in a language, where they say theirs."""
    match = _IN_LANGUAGE.search(text)
    if match is None or not len(snapshot.allowed({"language": {"$exists": True}})):
        return None
    codes = _LANGUAGES[(match["language"] or match["han"]).casefold()]
    return Restriction({"language": {"$in": list(codes)}}, match.group(), *match.span())
