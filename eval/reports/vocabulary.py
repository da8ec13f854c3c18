"""Names in reports, in English and in Chinese, by what they are names of: stages, slices, costs,
measures, and what is counted."""

from __future__ import annotations

from collections.abc import Mapping

VOCABULARY: Mapping[str, tuple[str, str]] = {
    "count.queries": ("{n:,} query|{n:,} queries", "{n:,} 个查询"),
    "count.documents": ("{n:,} document|{n:,} documents", "{n:,} 篇文档"),
    "count.systems": ("{n:,} system|{n:,} systems", "{n:,} 个系统"),
    "count.datasets": ("{n:,} dataset|{n:,} datasets", "{n:,} 个数据集"),
    "slice.language": ("language", "语言"),
    "slice.language.chinese": ("Chinese", "中文"),
    "slice.language.english": ("English", "英文"),
    "slice.language.mixed": ("mixed", "中英混合"),
    "slice.length": ("length", "长度"),
    "slice.length.short": ("short", "短"),
    "slice.length.medium": ("medium", "中"),
    "slice.length.long": ("long", "长"),
    "slice.type": ("type", "类型"),
    "slice.type.fact": ("fact", "事实"),
    "slice.type.quantity": ("quantity", "数量"),
    "slice.type.time": ("time", "时间"),
    "slice.type.place": ("place", "地点"),
    "slice.type.person": ("person", "人物"),
    "slice.type.definition": ("definition", "定义"),
    "slice.type.how": ("how", "方法"),
    "slice.type.why": ("why", "原因"),
    "slice.type.procedure": ("procedure", "步骤"),
    "slice.type.list": ("list", "列举"),
    "slice.type.comparison": ("comparison", "比较"),
    "slice.type.yes-no": ("yes-no", "是非"),
    "slice.type.identifier": ("identifier", "编号"),
    "slice.type.keywords": ("keywords", "关键词"),
    "slice.domain": ("domain", "领域"),
    "slice.split": ("split", "划分"),
    "slice.tag": ("tag", "标签"),
    "slice.answerable": ("answerable", "可回答"),
    "slice.answerable.no": ("no", "否"),
    "cost.index_s": ("indexing, s", "建索引，秒"),
    "cost.index_mb": ("index on disk, MB", "索引占用磁盘，MB"),
    "cost.memory_mb": ("memory, MB", "内存，MB"),
    "cost.tokens": ("tokens", "token 数"),
    "cost.cost": ("price", "费用"),
    "cost.calls": ("calls of the model", "模型调用次数"),
    "cost.answer_p50_ms": ("answer p50, ms", "回答 p50，毫秒"),
    "cost.answer_p95_ms": ("answer p95, ms", "回答 p95，毫秒"),
    "cost.answer_p99_ms": ("answer p99, ms", "回答 p99，毫秒"),
    "cost.searches_per_s": ("searches/s", "次/秒"),
    "cost.threads": ("searches/s, {n:,} threads", "次/秒，{n:,} 线程"),
    "stage.none": ("came through", "成功"),
    "stage.parsing": ("parsing", "解析"),
    "stage.chunking": ("chunking", "分块"),
    "stage.candidates": ("not in candidates", "未进入候选"),
    "stage.fusion": ("fused away", "融合时丢失"),
    "stage.reranking": ("reranked away", "重排时丢失"),
    "stage.answer": ("not used in the answer", "回答未采用"),
    "glossary.interval": ("95% interval", "95% 区间"),
    "glossary.interval.said": (
        "Where the mean would lie for other queries of the same kind, 95 times in 100.",
        "换成同类的其他查询，平均值 100 次中有 95 次落在其中。",
    ),
    "glossary.p": ("p", "p"),
    "glossary.p.said": (
        "How often two equally good systems would differ at least as much by luck.",
        "若两个系统实际一样好，仅凭偶然出现这么大差异的概率。",
    ),
    "measure.nDCG": (
        "How well the first results are ordered: 1 where the best judged stand first "
        "(normalised discounted cumulative gain).",
        "前若干结果的排序质量，最相关的排在最前时为 1（归一化折损累计增益）。",
    ),
    "measure.RR": (
        "One divided by the rank of the first right result (reciprocal rank).",
        "第一个正确结果名次的倒数（倒数排名）。",
    ),
    "measure.R": (
        "Share of the right results that are among the first (recall).",
        "正确结果中排进前若干位的比例（召回率）。",
    ),
    "measure.P": (
        "Share of the first results that are right (precision).",
        "前若干结果中正确的比例（精确率）。",
    ),
    "measure.AP": (
        "Mean of the precision at each right result (average precision).",
        "在每个正确结果处的精确率的平均（平均精确率）。",
    ),
    "measure.Success": (
        "Share of queries with a right result among the first.",
        "前若干结果中至少有一个正确的查询所占比例。",
    ),
    "measure.Answered": (
        "Share of the answerable questions that were answered at all.",
        "可回答的问题中给出了回答的比例。",
    ),
    "measure.Refused": (
        "Share of the questions that nothing answers which were rightly not answered.",
        "无答案的问题中正确拒答的比例。",
    ),
    "measure.EM": (
        "Share of answers that are the reference word for word (exact match).",
        "与参考答案完全一致的比例（精确匹配）。",
    ),
    "measure.F1": (
        "Overlap of the words of answer and reference; of characters in Chinese.",
        "回答与参考答案的词重合度（中文按字）。",
    ),
    "measure.ROUGE-L": (
        "Longest sequence of words that answer and reference share, in order.",
        "回答与参考答案的最长公共子序列。",
    ),
    "measure.BLEU": (
        "Shared sequences of up to four words of answer and reference.",
        "回答与参考答案共有的一至四元词组。",
    ),
    "measure.AnswerHit": (
        "Share of answers that have the expected string in them.",
        "包含预期答案字符串的回答所占比例。",
    ),
    "measure.Points": (
        "Share of the points an answer has to make that it makes.",
        "回答覆盖参考要点的比例。",
    ),
    "measure.CitationP": (
        "Share of the citations that lead to a right place (precision).",
        "引用中指向正确位置的比例（精确率）。",
    ),
    "measure.CitationR": (
        "Share of answers that cite a right place (recall).",
        "引用到正确位置的回答所占比例（召回率）。",
    ),
    "measure.Supported": (
        "Share of the sentences of an answer that its citations hold up.",
        "回答中有引用支持的句子所占比例。",
    ),
    "measure.Distinct-2": (
        "Share of the pairs of words of an answer that are not said again.",
        "回答中不重复的二元词组所占比例。",
    ),
    "measure.Readability": ("How easily an answer reads, 1 at best.", "回答的易读程度，最好为 1。"),
    "measure.Correct": (
        "Share of answers that the judging model finds right by the reference.",
        "由评判模型对照参考答案判为正确的比例。",
    ),
    "measure.Preferred": (
        "How often the judging model prefers the answer to those of other systems; a tie is half.",
        "评判模型认为优于其他系统回答的频率，平局计一半。",
    ),
    "measure.NumRet": ("Number of results.", "结果个数。"),
    "measure.Judged": ("Share of the first results that are judged.", "前若干结果中有标注的比例。"),
}
