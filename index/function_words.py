"""Words of Chinese and English that ask or bind and say nothing about a subject."""

from __future__ import annotations

from functools import lru_cache

from index.contract import Analyzer

_WORDS = """
a an the of in on at to for from by with as and or but if than that this these those it its is are
was were be been being do does did done has have had can could will would shall should may might
must not no so such there their they them he she his her him we our you your i me my what which
who whom whose when where why how many much long often far old please tell give list describe
explain about into during between also according 的 了 和 与 及 或 是 在 为 为了 有 对 从 到 由 于
以 被 把 将 也 都 就 而 但 其 该 此 这 那 这个 那个 哪 哪个 哪些 哪里 哪儿 哪一 哪年 哪位 哪种
什么 怎么 怎样 如何 为何 为什么 多少 几 多久 多长 多大 谁 何 何时 何地 是否 吗 呢 吧 啊 请 请问
一下 一个 一种 之 所 中 上 下 里 内 的话 关于 根据 它 它们 他 她 他们 我 我们 你 你们 时候 什麼
怎麼 為什麼 哪裡 哪個 多 少 個 个 種 种 位 名 項 项 是什么 有哪些 以及 并 並 與 為 於 們 這 會 会
能 可以 可 等 是多少 被称为 称为 叫做 叫 哪一年 那么
"""


def function_words() -> tuple[str, ...]:
    """Stop words of both languages, as written; an analyzer makes terms of them."""
    return tuple(_WORDS.split())


@lru_cache(maxsize=8)
def function_terms(analyzer: Analyzer) -> frozenset[str]:
    """The terms that an analyzer makes of them."""
    return frozenset(analyzer.terms("\n".join(function_words())))
