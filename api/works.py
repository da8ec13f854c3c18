"""What is done for each kind of task."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, replace
from typing import Any

import structlog

from api.compose import Braid
from api.tasks import Progress, Work
from index.pipeline import Collection, Tuning
from ingest.contract import NotFound
from retrieve.pipeline import Fit

REINDEX, TUNE, EVALUATION = "reindex", "tune", "evaluation"
_log = structlog.get_logger("braid.tasks")


def works_of(braid: Braid) -> dict[str, Work]:
    """Each kind of task, carried out by this Braid."""

    def reindex(name: str, given: Mapping[str, Any], progress: Progress) -> Mapping[str, Any]:
        from api.reindexing import reindex as build_anew

        done = build_anew(
            braid, name, progress, lambda text: _log.info("reindex", collection=name, note=text)
        )
        return {**asdict(done.stats), "embedded": done.embedded, "resumed": done.is_resumed}

    def tune(name: str, given: Mapping[str, Any], progress: Progress) -> Mapping[str, Any]:
        collection = braid.store.get(name)
        progress(0, 1)
        tuning, fit = _tuned(braid, collection, given)
        progress(1, 1)
        if not given["dry_run"]:
            collection.tune(tuning)
        return {"source": tuning.source, **asdict(fit), "kept": not given["dry_run"]}

    def evaluation(name: str, given: Mapping[str, Any], progress: Progress) -> Mapping[str, Any]:
        return _evaluated(braid, name, given, progress)

    return {REINDEX: reindex, TUNE: tune, EVALUATION: evaluation}


def _tuned(braid: Braid, collection: Collection, given: Mapping[str, Any]) -> tuple[Tuning, Fit]:
    if given["source"] == "feedback":
        return braid.tune_by_feedback(collection)
    if given["source"] == "judged":
        return braid.tune(collection, given["questions"])
    return braid.tune(collection)


def _evaluated(
    braid: Braid, name: str, given: Mapping[str, Any], progress: Progress
) -> Mapping[str, Any]:
    from api.evaluation import Evaluation
    from eval.pipeline import evaluate_questions, questions_of, report_json

    collection = braid.store.get(name)
    evaluation = Evaluation(braid)
    legs = given["legs"]
    questions = questions_of(given["questions"], given["name"] or name)
    missing = [
        question.document
        for question in questions.questions
        if not _is_there(collection, question.document)
    ]
    stats = collection.stats()
    questions = replace(questions, documents=stats.documents)
    report, misses = evaluate_questions(
        questions,
        evaluation.located_search(collection),
        legs,
        given["k"],
        progress=lambda done, total: progress(done, total),
        settings={
            **evaluation.described(f"evaluation of {name} by {', '.join(legs)}"),
            "collection": name,
            "generation": str(stats.generation),
        },
    )
    return {
        "report": report_json(evaluation.completed(report, questions, collection)),
        "misses": [asdict(miss) for miss in misses],
        "missing_documents": sorted(set(missing)),
    }


def _is_there(collection: Collection, document_id: str) -> bool:
    try:
        collection.record(document_id)
    except NotFound:
        return False
    return True
