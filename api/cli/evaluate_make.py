"""braid eval make."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from api.cli.output import (
    DataOption,
    JsonOption,
    braid_of,
    errors_shown,
    print_json,
    progress_bar,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from api.compose import Braid
    from eval.contract import Question
    from eval.pipeline import making
    from index.pipeline import Collection

_REVIEW = ".review.md"


def make(
    source: Annotated[
        str | None,
        typer.Argument(
            help="A collection, a folder of files, or a BEIR folder (its corpus.jsonl alone)."
        ),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(help="The set, as JSONL; NAME.jsonl if not given. A review file lies beside."),
    ] = None,
    count: Annotated[int, typer.Option(min=1, help="Questions at the most.")] = 200,
    dev: Annotated[
        float, typer.Option(min=0, max=1, help="Share of the split 'dev'; the rest is 'test'.")
    ] = 0.3,
    seed: Annotated[int, typer.Option(help="Another set from the same documents.")] = 0,
    model: Annotated[
        bool, typer.Option("--model", help="Let the language model of answer.model ask better.")
    ] = False,
    budget: Annotated[
        int | None, typer.Option(min=1, help="With --model: tokens read and written in all.")
    ] = None,
    reviewed: Annotated[
        Path | None,
        typer.Option(help="Take what was decided in this review file back into the set."),
    ] = None,
    data_dir: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Make a test set out of your own documents: questions whose answer and place are known.

    No language model is needed. Beside the set stands NAME.review.md, to be read and corrected by
    a person; --reviewed takes it back. `braid eval run SET.jsonl --corpus SOURCE` measures with it.
    """
    with errors_shown(as_json):
        from ingest.contract import BadInput

        if reviewed is not None:
            if source is not None:
                raise BadInput("give a source to make a set, or --reviewed to take one back")
            _take_back(reviewed, out, as_json)
            return
        if source is None:
            raise BadInput("name a collection or a folder to make questions from, or --reviewed")
        with braid_of(None, data_dir) as braid:
            _make(braid, source, out, _Wanted(count, seed, dev, model, budget), as_json)


class _Wanted:
    """The flags of a set that is made."""

    def __init__(self, count: int, seed: int, dev: float, model: bool, budget: int | None) -> None:
        self.count, self.seed, self.dev = count, seed, dev
        self.model, self.budget = model, budget


def _make(braid: Braid, source: str, out: Path | None, wanted: _Wanted, quiet: bool) -> None:
    from api.evaluation import Evaluation
    from api.making import chunks_of, reader_of, set_name, source_collection
    from eval.pipeline import making

    asking = _asking(braid, wanted)
    with progress_bar("indexing", not quiet) as progress:
        collection = source_collection(Evaluation(braid), source, progress)
    name, chunks, reader = set_name(source), chunks_of(collection), reader_of(braid, collection)
    how = making.Making(wanted.count, wanted.seed, wanted.dev)
    with progress_bar("reading", not quiet) as progress:
        made = making.make_questions(chunks, reader, how, progress)
    asked = _asked(asking, made.questions, collection, reader, quiet) if asking else None
    questions = asked.questions if asked else made.questions
    target = out or Path(f"{name}.jsonl")
    review = _write(target, name, questions)
    if quiet:
        print_json(_made_json(made, asked, target, review))
    else:
        _print_made(made, asked, target, review)


def _asking(braid: Braid, wanted: _Wanted) -> making.Asking | None:
    from api.choices import model_options
    from eval.pipeline import making
    from generate.pipeline import build_model
    from ingest.contract import BadInput

    if not wanted.model:
        if wanted.budget is not None:
            raise BadInput("--budget is for --model: give both, or neither")
        return None
    if not braid.settings.answer.model:
        raise BadInput(
            "--model needs a language model: set answer.model (and answer.base_url), or make the "
            "set without one"
        )
    options = model_options(braid.settings)
    return making.Asking(build_model(options), wanted.budget, options["timeout_s"])


def _asked(
    asking: making.Asking,
    questions: Sequence[Question],
    collection: Collection,
    reader: making.Reader,
    quiet: bool,
) -> making.Asked:
    from api.making import chunks_of
    from eval.pipeline import making

    library = making.Library(chunks_of(collection), reader)
    with progress_bar("asking", not quiet) as progress:
        return making.ask_better(questions, asking, library.is_specific, progress)


def _write(target: Path, name: str, questions: Sequence[Question]) -> Path:
    from eval.pipeline import making, questions_text

    review = target.with_name(target.stem + _REVIEW)
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(questions_text(questions), encoding="utf-8", newline="\n")
    text = making.review_text(questions, name, review.name)
    review.write_text(text, encoding="utf-8", newline="\n")
    return review


def _made_json(
    made: making.Made, asked: making.Asked | None, target: Path, review: Path
) -> dict[str, object]:
    questions = asked.questions if asked else made.questions
    return {
        "questions": len(questions),
        "documents": len({question.document for question in questions}),
        "drafts": made.drafts,
        "left_out": made.left_out,
        "kinds": made.kinds,
        "splits": _splits(questions),
        "by_model": asked.rewritten if asked else 0,
        "usage": asked.usage if asked else None,
        "notes": [*made.notes, *(asked.notes if asked else ())],
        "file": str(target),
        "review": str(review),
    }


def _splits(questions: Sequence[Question]) -> dict[str, int]:
    names = sorted({question.split for question in questions})
    return {name: sum(question.split == name for question in questions) for name in names}


def _print_made(made: making.Made, asked: making.Asked | None, target: Path, review: Path) -> None:
    shown = _made_json(made, asked, target, review)
    kinds = ", ".join(f"{name} {count}" for name, count in made.kinds.items())
    splits = ", ".join(f"{name} {count}" for name, count in _splits(made.questions).items())
    typer.echo(f"{shown['questions']} questions on {shown['documents']} documents ({splits})")
    typer.echo(f"kinds: {kinds}")
    left = ", ".join(f"{name} {count}" for name, count in made.left_out.items())
    typer.echo(f"of {made.drafts} drafts, left out: {left or 'none'}")
    if asked is not None:
        usage = asked.usage
        typer.echo(
            f"{asked.rewritten} asked by the model: {usage.calls} calls, "
            f"{usage.prompt_tokens} tokens read, {usage.completion_tokens} written"
        )
    for note in [*made.notes, *(asked.notes if asked else ())]:
        typer.echo(f"note: {note}", err=True)
    typer.echo(f"written: {target}; to review: {review}")


def _take_back(reviewed: Path, out: Path | None, quiet: bool) -> None:
    from eval.pipeline import load_questions, making, questions_text
    from ingest.contract import NotFound

    name = reviewed.name.removesuffix(_REVIEW) if reviewed.name.endswith(_REVIEW) else reviewed.stem
    target = out or reviewed.with_name(f"{name}.jsonl")
    if not target.is_file():
        raise NotFound(f"no set {target}: name the one that was reviewed with --out")
    found = making.read_review(reviewed, load_questions(target).questions)
    target.write_text(questions_text(found.questions), encoding="utf-8", newline="\n")
    if quiet:
        print_json(
            {"kept": found.kept, "edited": found.edited, "dropped": found.dropped,
             "file": str(target)}
        )  # fmt: skip
    else:
        typer.echo(
            f"{found.kept} kept, {found.edited} edited, {found.dropped} dropped; written: {target}"
        )
