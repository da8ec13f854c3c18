"""Every text of a report, in English and in Chinese.

Where a text has two English forms with a stroke between them, the first is for one, the second for
any other number.
"""

from __future__ import annotations

from collections.abc import Mapping

from eval.reports.vocabulary import VOCABULARY

TEXTS: Mapping[str, tuple[str, str]] = {
    # Putting words together
    "list.comma": (", ", "、"),
    "list.last": ("{a} and {b}", "{a} 和 {b}"),
    "list.pause": ("; ", "；"),
    "list.more": ("; and {n:,} more", "；另有 {n:,} 个"),
    "list.sentence": (" ", ""),
    "list.stop": (".", "。"),
    # The whole
    "title": ("Evaluation: {name}", "评测报告：{name}"),
    "contents": ("Contents", "目录"),
    "facts.one": ("{queries} over {documents}; {systems}", "{documents}，{queries}，{systems}"),
    "facts.several": ("{datasets}, {queries}; {systems}", "{datasets}，{queries}，{systems}"),
    "facts.dataset": ("{queries} over {documents}", "{documents}，{queries}"),
    "scroll": ("Table, scrolls sideways", "表格，可左右滚动"),
    # Summary
    "summary": ("Summary", "结论"),
    "headline.best": (
        "{system} is best with {measure} {value} {place}, {ahead} above {following}, the next.",
        "{place}，{system} 最好：{measure} 为 {value}，比第二名 {following} 高 {ahead}。",
    ),
    "headline.sure": (
        "The difference is significant (p {p}; 95% interval {interval}).",
        "差异显著（p {p}，95% 区间 {interval}）。",
    ),
    "headline.luck": (
        "The difference is not significant (p {p}; 95% interval {interval}): it may be luck.",
        "差异不显著（p {p}，95% 区间 {interval}），可能只是偶然。",
    ),
    "headline.level": (
        "{systems} are level with {measure} {value} {place}.",
        "{place}，{systems} 不分高下：{measure} 均为 {value}。",
    ),
    "headline.alone": (
        "{system} has {measure} {value} {place}.",
        "{place}，{system} 的 {measure} 为 {value}。",
    ),
    "headline.apart": (
        "The datasets have no measure in common: there is no best over all of them. See each.",
        "各数据集没有共同的指标，无法得出总体最佳，请分别查看。",
    ),
    "headline.nowhere": (
        "No system was measured on every dataset: there is no best over all of them. See each.",
        "没有系统在全部数据集上测过，无法得出总体最佳，请分别查看。",
    ),
    "place.queries": ("over {n:,} query|over {n:,} queries", "在 {n:,} 个查询上"),
    "place.datasets": (
        "on average over {n:,} dataset|on average over {n:,} datasets",
        "在 {n:,} 个数据集上平均",
    ),
    "winners.all": (
        "{system} is best on all {n:,} datasets.",
        "{system} 在全部 {n:,} 个数据集上都最好。",
    ),
    "winners.some": (
        "{system} is best on {won:,} of {all:,} datasets. Others are ahead on: {others}.",
        "{system} 在 {all:,} 个数据集中的 {won:,} 个上最好。落后于：{others}。",
    ),
    "winners.other": (
        "{dataset} ({system} {value}, {own} here)",
        "{dataset}（{system} {value}，本系统 {own}）",
    ),
    "baseline.system": ("{system} ({difference})", "{system}（{difference}）"),
    "baseline.better": (
        "Significantly better than {baseline}: {systems}.",
        "显著优于 {baseline}：{systems}。",
    ),
    "baseline.worse": (
        "Significantly worse than {baseline}: {systems}.",
        "显著劣于 {baseline}：{systems}。",
    ),
    "baseline.unsure": (
        "Not significantly different from {baseline}: {systems}.",
        "与 {baseline} 无显著差异：{systems}。",
    ),
    "speed.both": (
        "{system} is also the fastest: {ms} ms for a search (p50).",
        "{system} 同时也是最快的：一次检索 {ms} 毫秒（p50）。",
    ),
    "speed.apart": (
        "{fastest} is the fastest with {ms} ms for a search (p50); {best}, the best, takes {own} "
        "ms, {times} times as long.",
        "{fastest} 最快，一次检索 {ms} 毫秒（p50）；质量最好的 {best} 需 {own} 毫秒，"
        "是其 {times} 倍。",
    ),
    "speed.beaten": (
        "Another system is at least as good and as fast as: {systems}.",
        "另有系统在质量和速度上都不逊于：{systems}。",
    ),
    "losses.most": (
        "{system} did not find {lost:,} of {n:,} answers; most of them ({share}) were lost at: "
        "{stage}.",
        "{system} 在 {n:,} 个答案中丢失 {lost:,} 个，最多的（{share}）丢在：{stage}。",
    ),
    "losses.worse": (
        "{lost:,} of {n:,} queries got worse; most of them ({share}) at: {stage}.",
        "{n:,} 个查询中有 {lost:,} 个变差，最多的（{share}）在：{stage}。",
    ),
    "caution.tests": (
        "How sure: paired randomisation tests over queries, p-values corrected for the number of "
        "comparisons (Holm). They speak of further queries of the same kind, not of other data.",
        "可信程度：按查询配对的随机化检验，p 值已按比较次数校正（Holm）。"
        "结论适用于同类的其他查询，不代表其他数据。",
    ),
    "caution.few": (
        "Few queries, so intervals are wide: {datasets}.",
        "查询较少，区间较宽：{datasets}。",
    ),
    "caution.missing": (
        "Not measured on all datasets: {datasets}.",
        "有数据集未测全：{datasets}。",
    ),
    "caution.unmeasured": (
        "Not measured at all: {systems}. Settings say why.",
        "完全未测：{systems}。原因见“设置”。",
    ),
    "caution.notes": ("About the data: {notes}.", "数据说明：{notes}。"),
    # Quality
    "quality": ("Quality", "质量"),
    "quality.matrix": (
        "{measure} of each system on each dataset, means over queries.",
        "各系统在各数据集上的 {measure}，为所有查询的平均值。",
    ),
    "quality.apart": (
        "Each dataset by its own measure, means over queries.",
        "各数据集使用各自的指标，为所有查询的平均值。",
    ),
    "quality.means": (
        "Means over queries; a query that found nothing counts as zero.",
        "所有查询的平均值；没有结果的查询按零计。",
    ),
    "quality.interval": (
        "The 95% interval is that of {measure}.",
        "区间为 {measure} 的 95% 区间。",
    ),
    "quality.best": ("The best is marked ★.", "★ 表示最好。"),
    "quality.signs": (
        "▲ and ▼: significantly above and below {baseline}.",
        "▲、▼ 表示显著高于、低于 {baseline}。",
    ),
    "quality.bars": (
        "Bars are means; lines and brackets their 95% intervals (bootstrap).",
        "条形为平均值，线段和方括号为其 95% 区间（自助法）。",
    ),
    "dataset": ("Dataset {name}", "数据集 {name}"),
    "against": ("Against {baseline}, {measure}", "与 {baseline} 比较：{measure}"),
    "against.here": ("Against {baseline}", "与 {baseline} 比较"),
    "against.best": (
        "No baseline was named: {baseline}, the best, stands in for it.",
        "没有指定基线，以最好的 {baseline} 代替。",
    ),
    "against.overall": (
        "Mean difference over the datasets, each of which weighs the same. Better, equal and "
        "worse count datasets; the last column those where that is significant after correction.",
        "各数据集等权的平均差值。“更好/持平/更差”为数据集个数，最后一列为校正后显著的个数。",
    ),
    "against.tests": (
        "Paired randomisation test, two-sided; bootstrap interval of the mean difference. Wins, "
        "ties and losses count queries.",
        "双侧配对随机化检验；区间为平均差值的自助法区间。胜/平/负为查询个数。",
    ),
    "against.holm": (
        "The corrected p allows for {n:,} comparison (Holm); under 0.05 is unlikely to be luck.|"
        "The corrected p allows for {n:,} comparisons (Holm); under 0.05 is unlikely to be luck.",
        "校正后的 p 计入了 {n:,} 次比较（Holm），低于 0.05 不太可能是偶然。",
    ),
    "against.chart": (
        "Differences with their 95% intervals; filled dots are significant after correction.",
        "差值及其 95% 区间；实心点为校正后显著。",
    ),
    "against.mean": ("Mean over datasets", "各数据集平均"),
    "against.zero": ("0 = as {baseline}", "0 = 与 {baseline} 相同"),
    "answers": ("Answers", "回答"),
    "answers.tests": ("{measure} against {baseline}:", "{measure} 与 {baseline} 比较："),
    "answers.summary": ("Answers of {system}: {measures}.", "{system} 的回答：{measures}。"),
    "answers.value": ("{measure} {value}", "{measure} {value}"),
    "slices": ("Slices", "分组"),
    "slices.note": (
        "{measure} on parts of the queries; those of fewer than {n:,} are not marked.",
        "各部分查询上的 {measure}，少于 {n:,} 个查询的不作标记。",
    ),
    "slices.signs": (
        "▲ and ▼: significantly above and below {baseline}, corrected for all slices and systems.",
        "▲、▼ 表示显著高于、低于 {baseline}，已按全部分组和系统校正。",
    ),
    "slice": ("{kind}: {value}", "{kind}：{value}"),
    # Time and size
    "latency": ("Latency", "延迟"),
    "latency.note": (
        "Milliseconds for one search, one at a time.",
        "单次检索的毫秒数，逐个执行。",
    ),
    "latency.mean": ("mean", "平均"),
    "latency.p50": ("p50", "p50"),
    "latency.p95": ("p95", "p95"),
    "latency.p99": ("p99", "p99"),
    "latency.max": ("longest", "最长"),
    "latency.rate": ("searches/s", "次/秒"),
    "latency.charts": (
        "Distribution: the share of searches that took no longer, with marks at p50, p95 and p99. "
        "Quality against latency: the line joins the systems that no other beats on both.",
        "延迟分布：不超过该时长的检索所占比例，标记为 p50、p95、p99。质量与延迟："
        "连线上的系统没有任何系统在两方面都优于它。",
    ),
    "latency.distribution": ("Distribution of latencies", "延迟分布"),
    "axis.ms": ("milliseconds", "毫秒"),
    "axis.share": ("% of searches", "检索占比 %"),
    "axis.p50": ("p50, milliseconds", "p50，毫秒"),
    "axis.documents": ("documents", "文档数"),
    "axis.runs": ("runs, by time", "历次运行"),
    "trade": ("Quality against latency", "质量与延迟"),
    "trade.note": (
        "p50 / p95 in milliseconds on each dataset. Typical is the geometric mean of the p50. The "
        "line of the chart joins the systems that no other beats on both.",
        "各数据集上的 p50 / p95，单位毫秒。“典型”为各 p50 的几何平均。"
        "图中连线上的系统没有任何系统在两方面都优于它。",
    ),
    "growth": ("Growth with the size of the collection", "随规模的变化"),
    "growth.note": (
        "The same queries asked of collections of different sizes.",
        "同样的查询在不同规模的集合上执行。",
    ),
    "growth.table": ("{measure} / p50 in milliseconds.", "{measure} / p50（毫秒）。"),
    "growth.p50": ("p50, milliseconds", "p50，毫秒"),
    "history": ("History", "历史"),
    "history.note": (
        "Stored runs of the same systems, and what was not as in the run before.",
        "同一系统历次保存的运行，以及与前一次相比的变化。",
    ),
    "costs": ("Costs", "开销"),
    "costs.alike": ("all", "全部"),
    "costs.note": (
        "Of building the index and of all queries together.",
        "建立索引以及全部查询的合计开销。",
    ),
    # Stages
    "stages": ("Which stage lost the answer", "答案丢失在哪一步"),
    "stages.note": (
        "Answers that came through, and the first stage that no longer had the others.",
        "成功到达的答案数，以及其余答案最先丢失的环节。",
    ),
    "stages.note.gate": (
        "Queries that are served as well as before, and the first stage that has the answer of the "
        "others lower than before.",
        "不比之前差的查询数，以及其余查询的答案最先下降的环节。",
    ),
    "stages.examples.gate": (
        "What got worse: the first {n:,} of each stage.",
        "变差的查询：每一步的前 {n:,} 个。",
    ),
    "stages.examples": (
        "What {system} lost: the first {n:,} of each stage.",
        "{system} 丢失的答案：每一步的前 {n:,} 个。",
    ),
    # Queries
    "wins": ("Where {system} wins over {baseline}", "{system} 胜过 {baseline} 的查询"),
    "losses": ("Where {system} loses to {baseline}", "{system} 不及 {baseline} 的查询"),
    "duel.side": ("{system} ({value})", "{system}（{value}）"),
    "worst": ("Where {system} did worst", "{system} 表现最差的查询"),
    "case.id": ("query", "查询编号"),
    "case.fact": ("{name}: {said}", "{name}：{said}"),
    "case.came": ("came", "结果"),
    "case.not_found": ("not found", "未找到"),
    "case.rank": ("at rank {rank}", "第 {rank} 位"),
    "case.wanted": ("wanted", "应得"),
    "case.first": ("came first", "排在最前"),
    "case.lost": ("lost at", "丢失于"),
    "case.nothing": ("nothing", "无结果"),
    # Columns
    "column.system": ("system", "系统"),
    "column.mean": ("mean", "平均"),
    "column.interval": ("95% interval", "95% 区间"),
    "column.difference": ("difference", "差值"),
    "column.p": ("p", "p"),
    "column.adjusted": ("corrected p", "校正后 p"),
    "column.datasets": ("better / equal / worse", "更好 / 持平 / 更差"),
    "column.surely": ("surely better / worse", "显著更好 / 更差"),
    "column.wins": ("wins / ties / losses", "胜 / 平 / 负"),
    "column.slice": ("slice", "分组"),
    "column.queries": ("queries", "查询数"),
    "column.documents": ("documents", "文档数"),
    "column.dataset": ("dataset", "数据集"),
    "column.typical": ("typical", "典型"),
    "column.begun": ("begun (UTC)", "开始时间（UTC）"),
    "column.changes": ("what changed", "变化"),
    "column.stage": ("stage", "环节"),
    "column.query": ("query", "查询"),
    "column.detail": ("what happened", "说明"),
    "column.setting": ("setting", "设置"),
    "column.reason": ("reason", "原因"),
    "column.file": ("file", "文件"),
    # What is cut
    "cut.queries": ("{shown:,} of {n:,} are shown.", "共 {n:,} 个，显示 {shown:,} 个。"),
    "cut.slices": ("{shown:,} of {n:,} slices are shown.", "共 {n:,} 个分组，显示 {shown:,} 个。"),
    "cut.charts": (
        "Charts of {shown:,} of {n:,} measures are shown.",
        "共 {n:,} 个指标，显示 {shown:,} 个的图。",
    ),
    "cut.runs": (
        "The last {shown:,} of {n:,} runs are shown.",
        "共 {n:,} 次运行，显示最近 {shown:,} 次。",
    ),
    "cut.trends": (
        "Tables of {shown:,} of {n:,} systems and datasets are shown.",
        "共 {n:,} 个系统与数据集组合，显示 {shown:,} 个的表格。",
    ),
    "cut.settings": ("{shown:,} of {n:,} are shown.", "共 {n:,} 项，显示 {shown:,} 项。"),
    # Settings and reproduction
    "settings": ("Settings", "设置"),
    "settings.differing": (
        "What is not the same in all systems (–: as by default):",
        "各系统不同的设置（– 为默认）：",
    ),
    "settings.missing": ("What was not measured:", "未测的部分："),
    "settings.shared": ("What holds for all systems:", "所有系统相同的设置："),
    "reproduce": ("How to have this again", "如何复现"),
    "reproduce.command": ("What to type:", "命令："),
    "reproduce.versions": ("Versions:", "版本："),
    "reproduce.machine": ("Machine:", "机器："),
    "reproduce.data": ("Data, by the files read:", "数据文件："),
    # What measures say
    "glossary": ("What the figures say", "指标说明"),
    **VOCABULARY,
}
