"""Follows the answer of one question through the stages, to the first that does not have it.

Of the stages of a search, the first `k` places are what counts: an answer that no leg has among
its first k was lost by the legs, one that a leg has there and the merged ranking has not by the
fusion, one that the merged ranking has there and the final one has not by the reranking. What is
missing from reading and chunking is looked for only where the search did not find it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence

from eval.contract import Located, Question, Stage, Staged, Trace
from eval.questions import answers
from eval.stages.holding import (
    Documents,
    Lost,
    documents_lost,
    holds_words,
    located,
    lost_before_search,
)
from generate.contract import Answer

FUSION, RERANKING = Stage.FUSION.value, Stage.RERANKING.value
"""What their rankings are called among the ranks of a trace, beside the legs."""

IsRight = Callable[[Located], bool]


def trace_question(
    question: Question,
    staged: Staged,
    documents: Documents,
    k: int,
    answer: Answer | None = None,
) -> Trace:
    """Where the answer of a question about files was lost. An `answer`, where one was written, has
    to use what was found."""
    ranks = _ranks(lambda place: answers(question, place), staged, by_document=False)
    if _within(ranks[RERANKING], k):
        unused = "" if answer is None else _unused(question, answer)
        return Trace(Stage.ANSWER if unused else None, ranks, unused)
    return _trace(lost_before_search(question, documents), ranks, k)


def trace_documents(
    relevant: Collection[str],
    staged: Staged,
    documents: Documents,
    k: int,
    answer: Answer | None = None,
) -> Trace:
    """The same for a query to a dataset, whose right results are documents: each stands once, at
    its best chunk."""
    ranks = _ranks(lambda place: place.document in relevant, staged, by_document=True)
    if _within(ranks[RERANKING], k):
        unused = "" if answer is None else _uncited(relevant, answer)
        return Trace(Stage.ANSWER if unused else None, ranks, unused)
    return _trace(documents_lost(sorted(relevant), documents), ranks, k)


def counted(traces: Mapping[str, Trace]) -> dict[Stage, list[str]]:
    """The ids of the questions that each stage lost, in the order of the stages; those that lost
    none are left out."""
    found = {
        stage: [name for name, trace in traces.items() if trace.lost is stage] for stage in Stage
    }
    return {stage: names for stage, names in found.items() if names}


def stage_lines(traces: Mapping[str, Trace], texts: Mapping[str, str], shown: int = 3) -> list[str]:
    """A table of how many answers each stage lost, and the first of each with why, as lines."""
    lost = Counter(trace.lost for trace in traces.values())
    lines = [f"{'stage':12}{'lost':>6}"]
    lines += [f"{stage.value:12}{lost[stage]:>6}" for stage in Stage]
    for stage, names in counted(traces).items():
        for name in names[:shown]:
            text = " ".join(texts.get(name, "").split())
            lines.append(f"{stage.value}: {name}: {text} -> {traces[name].detail}")
        if len(names) > shown:
            lines.append(f"{stage.value}: and {len(names) - shown} more")
    return lines


def rank_text(rank: int | None) -> str:
    """A rank as it is told."""
    return "not there" if rank is None else f"at {rank}"


def _trace(before: Lost | None, ranks: Mapping[str, int | None], k: int) -> Trace:
    """The trace of an answer that is not among the first k in the end."""
    if before is not None:
        stage, why = before
        return Trace(stage, ranks, why)
    fused, final = ranks[FUSION], ranks[RERANKING]
    legs = {name: rank for name, rank in ranks.items() if name not in (FUSION, RERANKING)}
    said = ", ".join(f"{name} {rank_text(rank)}" for name, rank in legs.items())
    if _within(fused, k):
        after = f"at {final}" if final is not None else f"not among the first {k}"
        return Trace(Stage.RERANKING, ranks, f"merged at {fused}, in the end {after}")
    if len(legs) > 1 and any(_within(rank, k) for rank in legs.values()):
        return Trace(Stage.FUSION, ranks, f"{said}; merged {rank_text(fused)}")
    if all(rank is None for rank in (fused, *legs.values())):
        return Trace(Stage.CANDIDATES, ranks, "no leg has it among its candidates")
    return Trace(Stage.CANDIDATES, ranks, f"no leg has it among its first {k}: {said}")


def _ranks(is_right: IsRight, staged: Staged, *, by_document: bool) -> dict[str, int | None]:
    rankings = {**staged.legs, FUSION: staged.fused, RERANKING: staged.final}
    return {name: _first(is_right, places, by_document) for name, places in rankings.items()}


def _first(is_right: IsRight, places: Sequence[Located], by_document: bool) -> int | None:
    """The rank of the first right place, or of one that a right one is a copy of."""
    passed: set[str] = set()
    for rank, place in enumerate(places, start=1):
        if any(map(is_right, (place, *place.copies))):
            return len(passed) + 1 if by_document else rank
        passed.add(place.document)
    return None


def _within(rank: int | None, k: int) -> bool:
    return rank is not None and rank <= k


def _unused(question: Question, answer: Answer) -> str:
    """Why an answer does not use what was found; empty where it does."""
    if not answer.known:
        return "it was among the passages, but the answer says that they do not tell"
    has_words = bool(question.answer) and holds_words(answer.text, question.answer)
    if question.answer and not has_words:
        return "it was among the passages, but the answer does not have its words"
    if any(answers(question, located(citation.chunk)) for citation in answer.citations):
        return ""
    if has_words and any(holds_words(c.chunk.text, question.answer) for c in answer.citations):
        return ""
    return "it was among the passages, but the answer does not cite it"


def _uncited(relevant: Collection[str], answer: Answer) -> str:
    if not answer.known:
        return "it was among the passages, but the answer says that they do not tell"
    if any(citation.chunk.document_id in relevant for citation in answer.citations):
        return ""
    return "it was among the passages, but the answer does not cite it"
