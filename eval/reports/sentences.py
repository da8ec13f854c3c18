"""What stands in a study as a sentence, in Chinese.

Measuring writes its sentences in English, into notes, traces and settings, where programs and the
terminal find them. A report in another language says them by these patterns: each is what a
sentence is like in English, with names for what is different, and how it is said in Chinese. What
stands for a name may be a sentence itself. A sentence that no pattern fits stays as it is: what
servers and packages say is theirs.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import cache

SENTENCES: Mapping[str, str] = {
    # Of datasets
    "judged queries without a text, left out: {which}": "有标注但没有文本的查询，已略去：{which}",
    "judged documents that the corpus lacks, counted as not found: {which}": (
        "有标注但语料中没有的文档，按未找到计：{which}"
    ),
    "documents with neither title nor text: {which}": "既无标题也无正文的文档：{which}",
    "queries without judgements, left out: {which}": "没有标注的查询，已略去：{which}",
    "files that could not be read: {which}": "无法读取的文件：{which}",
    "{some} of {all} documents, {queries} queries": "{all} 篇文档中的 {some} 篇，{queries} 个查询",
    "{most} queries at the most, by seed {seed}": "最多 {most} 个查询，随机种子 {seed}",
    "those that are judged": "有标注的文档",
    # Of expected places and results
    "no answer": "没有答案",
    "all stored runs": "全部已存运行",
    "{document} (not in the corpus)": "{document}（不在语料中）",
    # Of traces
    "merged at {fused}, in the end at {last}": "融合后第 {fused} 位，最终第 {last} 位",
    "merged at {fused}, in the end not among the first {k}": (
        "融合后第 {fused} 位，最终不在前 {k} 位"
    ),
    "no leg has it among its candidates": "各路检索的候选中都没有它",
    "no leg has it among its first {k}: {legs}": "各路检索的前 {k} 位中都没有它：{legs}",
    "{legs}; merged at {rank}": "{legs}；融合后第 {rank} 位",
    "{legs}; merged not there": "{legs}；融合后没有",
    "it was among the passages, but the answer says that they do not tell": (
        "它在所给的段落中，但回答称文档没有说明"
    ),
    "it was among the passages, but the answer does not have its words": (
        "它在所给的段落中，但回答没有用到它的文字"
    ),
    "it was among the passages, but the answer does not cite it": (
        "它在所给的段落中，但回答没有引用它"
    ),
    "what was found is as before, and the answer is worse": "检索结果与之前相同，回答变差了",
    "{document}: {text} is not in any of its chunks: its file cannot be read now": (
        "{document}：各分块中都没有{text}，其文件现在无法读取"
    ),
    "{document}: {text} is not in the document as it was read": (
        "{document}：解析出的文档中没有{text}"
    ),
    "{document}: {what} in the document as it was read": "{document}：解析出的文档中{what}",
    "page {page} has no text and there is no heading {heading}": (
        "第 {page} 页没有文字，也没有标题{heading}"
    ),
    "page {page} has no text": "第 {page} 页没有文字",
    "there is no heading {heading}": "没有标题{heading}",
    "{text} is in no document as it was read": "解析出的各文档中都没有{text}",
    "{text} was read, but no single chunk holds it": "{text}已解析，但没有一个分块完整包含它",
    "it was read, but no chunk is of it": "已解析，但没有属于它的分块",
    "it was read, but no chunk is {where}": "已解析，但没有{where}的分块",
    "on page {page} or under {heading}": "位于第 {page} 页或{heading}之下",
    "on page {page}": "位于第 {page} 页",
    "under {heading}": "位于{heading}之下",
    "{documents}: no chunk came of it": "{documents}：没有产生分块",
    "its chunks hold {share} of its text": "其分块只包含 {share} 的文本",
    "no document is relevant": "没有相关文档",
    "{document} failed ({step}): {error}": "{document} 处理失败（{step}）：{error}",
    "{document} has no text": "{document} 没有文字",
    "{document} is not in the collection": "{document} 不在集合中",
    "less text came of its document than before": "从其文档得到的文本比之前少",
    "the chunks of its document are not those that they were": "其文档的分块与之前不同",
    # Of experiments
    "failed: {error}": "失败：{error}",
    "the experiment ended before": "实验在此之前结束",
    "{system} is worse than the baseline on {dataset} by {much} {measure} (p = {p})": (
        "{system} 在 {dataset} 上的 {measure} 比基线低 {much}（p = {p}）"
    ),
    "the same searches of the baseline took {low} to {high} ms in the median around the runs: "
    "latencies that differ by less than {apart} are not apart": (
        "各次运行前后，基线的同一组检索的中位耗时为 {low} 至 {high} 毫秒：相差不到 {apart} 的延迟"
        "不能视为不同"
    ),
    "{some} of {all}; the first: {error}": "{all} 次中的 {some} 次；第一次：{error}",
    "the reranker {name} was left out: {error}": "重排器 {name} 未执行：{error}",
    "the step {name} was left out: {error}": "步骤 {name} 未执行：{error}",
    "{error} ({times} times in a row, so it is not measured)": (
        "{error}（连续 {times} 次，因此不作测量）"
    ),
    "data: {name}": "数据：{name}",
    "queries: {some} → {all}": "查询数：{some} → {all}",
    "documents: {some} → {all}": "文档数：{some} → {all}",
    "machine: {before} → {after}": "机器：{before} → {after}",
    "{name}: the default → {after}": "{name}：默认 → {after}",
    "{name}: {before} → the default": "{name}：{before} → 默认",
    # Of answers and their judge
    "{judged} judged, {unclear} without a clear verdict": (
        "评判 {judged} 个，其中 {unclear} 个无明确结论"
    ),
    "{calls}, {read} + {written} tokens, cost {cost}": (
        "{calls} 次，{read} + {written} 个 token，费用 {cost}"
    ),
    "{calls}, {read} + {written} tokens": "{calls} 次，{read} + {written} 个 token",
    "{left} to {right}, {ties} ties; the orders agree on {share}, {first} for the first shown": (
        "{left} 比 {right}，{ties} 平；两种顺序在 {share} 的问题上一致，{first} 偏向先出现的"
    ),
    "{left} to {right}, {ties} ties; the orders agree on {share}": (
        "{left} 比 {right}，{ties} 平；两种顺序在 {share} 的问题上一致"
    ),
    "Kendall's tau-b {tau}": "肯德尔 tau-b {tau}",
    "the budget of {tokens} tokens (judge.budget_tokens) is spent": (
        "{tokens} 个 token 的预算（judge.budget_tokens）已用完"
    ),
    "judge, questions": "评判：问题",
    "judge, calls": "评判：调用",
    "judge, ended early": "评判：提前结束",
    "judge, agreement with {measure}": "评判与 {measure} 的一致性",
    "judge, {one} or {other}": "评判：{one} 与 {other}",
    # Of the gate
    "{name}: gate passed": "{name}：门禁通过",
    "{name}: gate failed": "{name}：门禁未通过",
    "{was} before, {now} now: fell": "之前 {was}，现在 {now}：下降",
    "{was} before, {now} now": "之前 {was}，现在 {now}",
    "passed: none of {all} measures fell beyond its interval (the lowest change: "
    "{measure} {much})": ("通过：{all} 个指标都没有超出区间的下降（最低的变化：{measure} {much}）"),
    "{measure} fell by {much}, which is no luck, but within the tolerance of {most}": (
        "{measure} 下降 {much}，并非偶然，但在容许的 {most} 之内"
    ),
    "that {measure} is {much} lower may be luck ({some} worse, {all} better): more questions would "
    "tell": (
        "{measure} 低了 {much}，可能只是偶然（{some} 个变差，{all} 个变好）：更多问题才能判断"
    ),
    "{measure} fell by {much} to {now} (95 % interval {low} to {high})": (
        "{measure} 下降 {much} 至 {now}（95% 区间 {low} 至 {high}）"
    ),
    "{falls} and {more} more measures": "{falls} 等，另有 {more} 个指标",
    "{falls} and {more} more measure": "{falls} 等，另有 {more} 个指标",
    "no single stage can be named": "无法确定是哪一个环节",
    "{stage}: {count} of {all} questions that got worse were lost there": (
        "{stage}：变差的 {all} 个问题中有 {count} 个丢在这里"
    ),
    "{stage}: {count} of {all} things that got worse did so there": (
        "{stage}：变差的 {all} 处中有 {count} 处发生在这里"
    ),
    "{stage} answers for it": "由{stage}负责",
    "a search takes {now} ms, and took {was} (median)": (
        "一次检索耗时 {now} 毫秒，之前 {was} 毫秒（中位数）"
    ),
    # Pieces of these
    "fusion {place} → {moved}": "融合 {place} → {moved}",
    "reranking {place} → {moved}": "重排 {place} → {moved}",
    "{leg} at {rank}": "{leg} 第 {rank} 位",
    "{leg} not there": "{leg} 没有",
}
"""The first that fits holds: what says more stands before what says less."""

_STAGES: Mapping[str, str] = {
    "parsing": "解析", "chunking": "分块", "candidates": "候选", "fusion": "融合",
    "reranking": "重排", "answer": "回答",
}  # fmt: skip
"""What a {stage} is called within a sentence; by itself it may be a name that people gave."""

_LISTS: Sequence[tuple[str, str]] = (("; ", "；"), (", ", "，"))
_FIELD = re.compile(r"\{(\w+)\}")
FIGURES = (
    "all", "calls", "count", "fused", "high", "judged", "k", "last", "left", "low", "more",
    "most", "moved", "much", "now", "p", "page", "place", "queries", "rank", "read", "right",
    "seed", "share", "some", "tau", "ties", "times", "tokens", "unclear", "was", "written",
)  # fmt: skip
"""Names of what is a number or a rank."""


def in_chinese(text: str) -> str:
    """A sentence, or several with semicolons or commas, in Chinese as far as it is known."""
    for english, chinese in SENTENCES.items():
        found = _pattern(english).fullmatch(text)
        if found is not None:
            parts = {
                name: _STAGES.get(part, part) if name == "stage" else in_chinese(part)
                for name, part in found.groupdict().items()
            }
            return chinese.format(**parts)
    for mark, own in _LISTS:
        pieces = text.split(mark)
        said = [in_chinese(piece) for piece in pieces] if len(pieces) > 1 else pieces
        if said != pieces:
            return own.join(said)
    return text


@cache
def _pattern(english: str) -> re.Pattern[str]:
    pieces = _FIELD.split(english)
    return re.compile(
        "".join(
            re.escape(piece) if at % 2 == 0 else f"(?P<{piece}>{_kind(piece)})"
            for at, piece in enumerate(pieces)
        ),
        re.DOTALL,
    )


def _kind(name: str) -> str:
    if name == "stage":
        return "|".join(_STAGES)
    return r"[-+\d.,%–]+" if name in FIGURES else ".+?"
