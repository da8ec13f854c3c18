"""Which stage made a question worse than it was, by what each stage had before and has now.

A trace of one system says which stage lost an answer. Two systems are told apart more finely: an
answer that stood first and stands fourth is not lost, but some stage moved it. The first stage
whose own result is worse than it was is the one to look at.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from eval.contract import Stage, Trace
from eval.stages.trace import FUSION, RERANKING

_WORSE = 2
"""A leg has become worse whose rank is so many times what it was: an index that finds what is
nearest by approximation moves deep ranks by a place or two."""


@dataclass(frozen=True, slots=True)
class Fall:
    """A question that got worse, and the stage that made it so (None where none can be told), with
    the ranks of its answer before and now. `text` is the question, `detail` says why."""

    query_id: str
    text: str
    stage: Stage | None
    before: Mapping[str, int | None]
    now: Mapping[str, int | None]
    detail: str


def fall_of(
    query_id: str, text: str, before: Trace | None, now: Trace, changed: Stage | None
) -> Fall:
    """What made a question worse. `before` is None where nobody followed it then: `now` has then to
    be a trace within the rank that the answer had. `changed` is the first stage that gives
    something else of the document than before."""
    stage, detail = now.lost, now.detail
    if stage in (Stage.PARSING, Stage.CHUNKING):
        return Fall(query_id, text, stage, before.ranks if before else {}, now.ranks, detail)
    if before is None:
        if changed is not None and stage in (Stage.CANDIDATES, Stage.FUSION):
            stage, detail = changed, _other_chunks(changed)
        return Fall(query_id, text, stage, {}, now.ranks, detail)
    stage = _moved_by(before.ranks, now.ranks, changed)
    detail = _moves(before.ranks, now.ranks)
    if stage is not None and stage is changed:
        detail = f"{_other_chunks(changed)}; {detail}"
    return Fall(query_id, text, stage, before.ranks, now.ranks, detail)


def by_stage(falls: Sequence[Fall]) -> dict[Stage, list[Fall]]:
    """The falls of each stage, that of most first; those of no stage are left out."""
    found: dict[Stage, list[Fall]] = {}
    for fall in falls:
        if fall.stage is not None:
            found.setdefault(fall.stage, []).append(fall)
    order = list(Stage)
    return dict(sorted(found.items(), key=lambda item: (-len(item[1]), order.index(item[0]))))


def most_common(stages: Mapping[Stage, int]) -> Stage | None:
    """The stage of the most; the first of equal ones, None where there is none."""
    counts = Counter({stage: stages.get(stage, 0) for stage in Stage})
    stage, count = counts.most_common(1)[0]
    return stage if count else None


def _moved_by(
    before: Mapping[str, int | None], now: Mapping[str, int | None], changed: Stage | None
) -> Stage | None:
    if not _worse(before.get(FUSION), now.get(FUSION)):
        moved = _worse(before.get(RERANKING), now.get(RERANKING))
        return Stage.RERANKING if moved else None
    legs = [name for name in before if name not in (FUSION, RERANKING)]
    if any(_worse(before[name], now.get(name), _WORSE) for name in legs):
        return changed or Stage.CANDIDATES
    return Stage.FUSION if len(legs) > 1 else changed or Stage.CANDIDATES


def _worse(before: int | None, now: int | None, times: int = 1) -> bool:
    if before is None:
        return False
    return now is None or (now > before and now >= times * before)


def _moves(before: Mapping[str, int | None], now: Mapping[str, int | None]) -> str:
    return ", ".join(
        f"{name} {_shown(before[name])} → {_shown(now.get(name))}"
        for name in before
        if before[name] is not None or now.get(name) is not None
    )


def _shown(rank: int | None) -> str:
    return "–" if rank is None else str(rank)


def _other_chunks(stage: Stage) -> str:
    if stage is Stage.PARSING:
        return "less text came of its document than before"
    return "the chunks of its document are not those that they were"
