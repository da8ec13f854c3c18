"""What the documents of examples/corpus are about: ten topics, listed by hand from reading them,
before there was a program that finds any.

Each has the wordings that tell of it. A word that stands in passing in documents on other things
("pump", "supplier", "quality") is not one of them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

SAMPLE_TOPICS: Mapping[str, tuple[str, ...]] = {
    "centrifugal pumps of the AV-200 series": (
        "离心泵",
        "離心泵",
        "centrifugal pump",
        "AV-200系列",
        "AV-200 series",
    ),
    "FlowSense flow sensors": (
        "FlowSense",
        "流量传感器",
        "flow sensor",
    ),
    "the TideLink gateway and the interface to its cloud": (
        "TideLink Cloud",
        "TideLink G2",
        "TideLink网关",
        "API guide",
        "webhook",
    ),
    "the stop of the pumps at the Linqiao water works": (
        "临桥水厂",
        "停泵",
        "Linqiao",
    ),
    "early detection of cavitation": (
        "cavitation",
        "汽蚀",
    ),
    "warranty and service": (
        "保修条款",
        "保修期",
        "保修范围",
        "售后服务",
        "保固",
        "warranty",
    ),
    "rules of procurement and who approves purchases": (
        "采购管理",
        "采购程序",
        "采购申请",
        "供应商管理",
        "procurement",
        "purchasing",
    ),
    "the company's financial year 2024": (
        "年度报告",
        "营业收入",
        "净利润",
        "annual report",
        "net profit",
    ),
    "expenses of business travel": (
        "差旅",
        "travel expenses",
        "business travel",
    ),
    "handling the barrier fluid Aldercool 40 safely": (
        "Aldercool",
        "barrier fluid",
        "隔离液",
        "safety data",
    ),
}


def covered(texts: Iterable[str], topics: Mapping[str, tuple[str, ...]]) -> list[str]:
    """The topics of which some text has one of the wordings, whatever their case."""
    told = "\n".join(texts).casefold()
    return [topic for topic, words in topics.items() if any(w.casefold() in told for w in words)]
