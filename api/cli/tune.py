"""braid tune."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from api.cli.output import (
    CollectionOption,
    DataOption,
    JsonOption,
    braid_of,
    errors_shown,
    print_json,
)

if TYPE_CHECKING:
    from index.pipeline import Collection
    from retrieve.pipeline import Fit


def tune(
    qrels: Annotated[
        Path | None,
        typer.Option(
            help="A BEIR folder whose documents are the collection's: learn from its questions."
        ),
    ] = None,
    feedback: Annotated[
        bool, typer.Option("--feedback", help="Learn from the ratings that people gave.")
    ] = False,
    split: Annotated[str, typer.Option(help="With --qrels: qrels/SPLIT.tsv.")] = "test",
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would be learned, and change nothing.")
    ] = False,
    reset: Annotated[bool, typer.Option("--reset", help="Forget what was learned.")] = False,
    collection: CollectionOption = None,
    data_dir: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Learn from a collection how much meaning weighs against words, and when nothing in it is
    relevant.

    Without --qrels the collection asks itself: sentences are taken out of their passages, which
    are then to be found by them. What is learned is kept within bounds, and only where it surely
    helps.
    """
    with errors_shown(as_json), braid_of(collection, data_dir) as braid:
        from eval.pipeline import load_dataset
        from index.pipeline import Tuning
        from ingest.contract import BadInput

        target = braid.store.get(braid.settings.collection)
        if reset:
            target.tune(Tuning())
            if as_json:
                print_json({"collection": target.name, "tuning": Tuning()})
            else:
                typer.echo(f"{target.name}: forgotten")
            return
        questions = None
        if qrels is not None:
            dataset = load_dataset(qrels, split)
            questions = {text: dataset.qrels[name] for name, text in dataset.queries.items()}
            if not any(_is_there(target, name) for grades in questions.values() for name in grades):
                raise BadInput(
                    f"none of the right documents of {qrels} is in {target.name}: its documents "
                    "need the same ids as the corpus of the questions"
                )
        if feedback and qrels is not None:
            raise BadInput("give --qrels or --feedback, not both")
        tuning, fit = braid.tune_by_feedback(target) if feedback else braid.tune(target, questions)
        if not dry_run:
            target.tune(tuning)
        if as_json:
            print_json({"collection": target.name, "tuning": tuning, "fit": fit})
        else:
            typer.echo(f"{target.name}: {_said(tuning.source, fit)}")


def _is_there(collection: Collection, document_id: str) -> bool:
    from ingest.contract import NotFound

    try:
        collection.record(document_id)
    except NotFound:
        return False
    return True


def _said(source: str, fit: Fit) -> str:
    if source == "size":
        return "too small to learn weights from; learned when nothing in it is relevant"
    if not fit.trusted:
        return (
            f"the weights stay as they are: its own sentences find their passages too seldom "
            f"(nDCG@10 {fit.before:.3f}) to say more"
        )
    kinds = {"qrels": "judged questions", "feedback": "questions that people rated"}
    asked = kinds.get(source, "questions that it asks itself")
    if fit.ratio == 1.0:
        return f"the weights stay as they are, by {fit.trials} {asked}"
    return (
        f"meaning weighs {fit.ratio:g} times as much, by {fit.trials} {asked} "
        f"(nDCG@10 {fit.before:.3f} before, {fit.after:.3f} after)"
    )
