"""Telling questions to a collection as a whole from those that a passage answers.

Such a question asks for topics or for a summary, and of all documents together: it names them
("the reports", "这些文档") or nothing at all. One that asks for the topic of something in
particular ("the main themes of Hamlet", "这本书的主要内容") is not one of them.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

_ALL_EN = (
    r"(?:(?:(?:all|each|every|any|most) (?:of )?)?(?:(?:the|these|those|this|that|my|our|your) )?"
    r"(?:(?:whole|entire|full|uploaded|indexed|ingested|given|provided|available|different|"
    r"various) )*"
    r"(?:documents|docs|files|collections?|corpus|corpora|reports|papers|texts|articles|"
    r"materials?|knowledge ?base|library|archive|data ?sets?|data ?base|folder|sources|records|"
    r"notes|document (?:collection|set|base)|everything(?: (?:here|in here))?|here)"
    r"(?: (?:collection|set|as a whole|here|overall|together|in general|taken together))*)"
)
_TOPICS_EN = (
    r"(?:(?:main|key|major|common|overall|central|general|principal|most important|primary|"
    r"recurring|dominant|different|various|broad|core|top|top-level) )*"
    r"(?:topics?|themes?|subjects?(?: matters?)?|subject areas?|(?<=main )(?:ideas|areas))"
    r"(?: (?:and|or) (?:topics?|themes?|subjects?|ideas))?"
)
_COVERED_EN = (
    r"(?: (?:that )?(?:(?:are|is|being|have been) )?(?:covered|discussed|addressed|treated|"
    r"mentioned|found|present|described|dealt with|there|in there|included|talked about))?"
)
_WITHIN_EN = rf"(?: (?:in|of|across|within|from|by|throughout|among|over|for) {_ALL_EN})"
_ABOUT_EN = (
    r"(?: (?:about|on|regarding|concerning|related to|around|with regard to) (?P<subject>.+?))"
)
_ASK_EN = (
    r"(?:(?:can|could|would|will) you )?(?:please )?"
    r"(?:(?:list|name|tell|give|show|identify|outline|extract|find|describe|explain) "
    r"(?:(?:me|us) )?)?(?:(?:what|which)(?:'s|'re| are| is| were)? ?)?"
)
_SUM_EN = (
    r"(?:(?:can|could|would|will) you )?(?:please )?(?:(?:give|write|provide|make|create|show)"
    r"(?: me| us)? )?(?:(?:an?|the) )?"
    r"(?:(?:short|brief|quick|general|high-level|concise|overall) )*"
    r"(?:summari[sz]e|sum up|summary (?:of|for)|overview (?:of|over)|outline(?: of)?|synopsis of|"
    r"digest of)"
)
_OVERALL_EN = (
    r"(?: (?:overall|in general|as a whole|in summary|all in all|altogether|on the whole))"
)

_ENGLISH = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        rf"{_ASK_EN}(?:the |some |all )?(?:the )?{_TOPICS_EN}{_COVERED_EN}{_WITHIN_EN}?(?: here)?"
        r"(?: are)?",
        rf"{_ASK_EN}(?:the |some |all )?{_TOPICS_EN}{_COVERED_EN}{_ABOUT_EN}{_WITHIN_EN}",
        rf"{_ASK_EN}(?:the |some |all )?{_TOPICS_EN}{_COVERED_EN}{_WITHIN_EN}{_ABOUT_EN}",
        rf"(?:what|which) {_TOPICS_EN} (?:do|does|did|are|is) {_ALL_EN} "
        r"(?:cover|covering|discuss|discussing|address|treat|deal with|talk about|contain|about)",
        rf"(?:what|which) {_TOPICS_EN} (?:are|is|do we have|are there|can i ask about)"
        rf"(?: (?:there|covered|discussed|here|available|included))?{_WITHIN_EN}?",
        rf"what(?:'s| is| are) {_ALL_EN} (?:all |mainly |mostly |generally |basically |primarily )*"
        r"about",
        rf"what (?:do|does) {_ALL_EN} (?:mainly |mostly |generally )?"
        r"(?:cover|contain|discuss|talk about|deal with|tell(?: us| me)?|say)",
        rf"what(?:'s| is) (?:in|inside|contained in) {_ALL_EN}",
        rf"what (?:do|does) {_ALL_EN} (?:say|tell us|tell me|report|conclude|think){_ABOUT_EN}"
        rf"{_OVERALL_EN}",
        rf"(?:overall|in general|in summary|on the whole|all in all),? what (?:do|does) {_ALL_EN} "
        rf"(?:say|tell us|tell me|report|conclude){_ABOUT_EN}",
        rf"{_SUM_EN} {_ALL_EN}(?: (?:for me|to me|please|briefly))*",
        rf"{_SUM_EN} (?:what|everything) (?:that )?{_ALL_EN} (?:say|says|contain|contains|cover)"
        rf"{_ABOUT_EN}?",
        rf"{_SUM_EN} (?:the )?{_TOPICS_EN}{_COVERED_EN}{_WITHIN_EN}",
    )
)

_WHOLE_ZH = (
    r"(?:知识库|语料库?|文集|数据集|资料库|文档库|合集|集合|(?:文档|文件|资料|材料)(?:集合?|库))"
)
_MANY_ZH = r"(?:文档|资料|材料|文献)"
_SINGLE_ZH = r"(?:文件|报告|文章|文本|论文|档案|内容|数据库|手册|书)"
_PLURAL_ZH = (
    r"(?:这些|那些|这批|这几[份篇个]|上述|以上|所有的?|全部的?|全体|整个|整套|各个?|各份|各类|"
    r"库里的?|库中的?|现有的?|上传的)"
)
_ALL_ZH = (
    rf"(?:(?:在|从|对|把|将|请|就)?(?:我的|我们的)?"
    rf"(?:(?:{_PLURAL_ZH}|本|该|这个)*{_WHOLE_ZH}|{_PLURAL_ZH}*{_MANY_ZH}|{_PLURAL_ZH}+{_SINGLE_ZH}|"
    r"这里)(?:里面?|中|内|当中)?(?:的|所|都|总体上?|整体上?|主要)*)"
)
_TOPIC_ZH = (
    r"(?:(?:主要|核心|重点|整体|总体|关键|重要|常见|主流|共同|不同)的?)*"
    r"(?:主题|话题|议题|题材|内容|方面|领域|要点|论题)(?:和(?:主题|话题|议题|内容|要点))?"
)
_MAIN_ZH = (
    r"(?:(?:主要|核心|重点|整体|总体|关键|重要|常见|主流|共同)的?)*"
    r"(?:主题|话题|议题)(?:和(?:主题|话题|议题|内容|要点))?"
)
_TELL_ZH = (
    r"(?:(?:主要|都|大致|大概|总共|一共|总体上?|整体上?|究竟|到底|分别)*"
    r"(?:讲述?|说|谈|介绍|涉及|涵盖|包含|包括|讨论|论述|描述|覆盖|关于|有)(?:了|的是|的|到|及)*)"
)
_WHAT_ZH = r"(?:什么|哪些|些什么|哪几个?|啥)"
_HAVE_ZH = r"(?:(?:都|主要|分别|大致)*(?:有|是|包括|包含|涉及|涵盖|为)(?:了|哪?些)?)"
_PLEASE_ZH = (
    r"(?:请问?|麻烦|能否|能不能|可以|可否|帮我|帮忙|给我|你|您|列出|列举|说说|告诉我|一下|，|,)*"
)
_SUM_ZH = r"(?:总结|概括|概述|归纳|综述|梳理|汇总|小结)(?:一下|下|出)?(?:的?(?:说|讲))?"

_CHINESE = tuple(
    re.compile(pattern)
    for pattern in (
        rf"{_PLEASE_ZH}{_ALL_ZH}?{_MAIN_ZH}{_HAVE_ZH}?{_WHAT_ZH}?",
        rf"{_PLEASE_ZH}{_ALL_ZH}(?:有哪些|有什么|有些什么)?{_TOPIC_ZH}{_HAVE_ZH}?{_WHAT_ZH}?",
        rf"{_PLEASE_ZH}{_ALL_ZH}?{_TELL_ZH}?(?:了)?{_WHAT_ZH}(?:主要的?|核心的?)?(?:主题|话题|议题)",
        rf"{_PLEASE_ZH}{_ALL_ZH}{_TELL_ZH}{_WHAT_ZH}(?:{_TOPIC_ZH}|东西|事情?)?",
        rf"{_PLEASE_ZH}{_ALL_ZH}?(?:里|中)?(?:有){_WHAT_ZH}(?:主题|话题|议题)",
        rf"{_PLEASE_ZH}{_SUM_ZH}{_ALL_ZH}(?:的?(?:{_TOPIC_ZH}|大意|概要))?",
        rf"{_PLEASE_ZH}{_ALL_ZH}(?:进行|做|作)?(?:一个|个)?{_SUM_ZH}",
        rf"{_PLEASE_ZH}(?:{_SUM_ZH})?{_ALL_ZH}(?:关于|有关|对于?|围绕)(?P<subject>.+?)的?"
        rf"(?:{_MAIN_ZH}|主要(?:内容|观点|说法)){_HAVE_ZH}?{_WHAT_ZH}?",
        rf"{_PLEASE_ZH}(?:总体上?|整体上?|总的来说|总体来看|整体来看)[，,]?{_ALL_ZH}"
        r"(?:关于|有关|对于?|围绕)(?P<subject>.+?)(?:都|主要)?(?:说|讲|写|谈)了?些?(?:什么|哪些)",
        rf"{_PLEASE_ZH}{_SUM_ZH}{_ALL_ZH}(?:关于|有关|对于?|围绕)(?P<subject>.+?)的?"
        r"(?:内容|说法|观点|信息|部分|描述)",
    )
)
_SIMPLIFIED = str.maketrans(
    "這個內檔報論題麼總結關於對談講說匯歸納綜裡裏庫語點領鍵體資幾來類書據啟圍繞觀請問幫給訴列舉議話義們",
    "这个内档报论题么总结关于对谈讲说汇归纳综里里库语点领键体资几来类书据启围绕观请问帮给诉列举议话义们",
)
"""Of the characters that the patterns have."""

_SPACES = re.compile(r"\s+")
_HAN = re.compile(r"[\u4e00-\u9fff]")
_MAX_CHARS = 200
_MARKS = " \t?？!！。.…~～"


@dataclass(frozen=True, slots=True)
class Asked:
    """A question to all documents together; `subject` is what it narrows them to, empty where it
    names nothing in particular."""

    subject: str = ""


def asked_of_all(question: str) -> Asked | None:
    """The question as one to the collection as a whole ("What are the main topics?"); None where
    it is not one."""
    text = _SPACES.sub(" ", unicodedata.normalize("NFKC", question).replace("’", "'")).strip(_MARKS)
    if len(text) > _MAX_CHARS:
        return None
    if _HAN.search(text):
        text = text.replace(" ", "").translate(_SIMPLIFIED)
    for pattern in _CHINESE if _HAN.search(text) else _ENGLISH:
        match = pattern.fullmatch(text)
        if match is not None:
            subject = match.groupdict().get("subject") or ""
            return Asked(subject.strip(_MARKS + ",，"))
    return None
