"""braid search | ask."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated, Any

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
    from ingest.contract import Chunk
    from retrieve.contract import Hit, Query

KOption = Annotated[int, typer.Option("-k", help="Number of passages.")]
FusionOption = Annotated[
    str, typer.Option(help="default, convex, rrf; or a leg: sparse, translated, dense.")
]
FilterOption = Annotated[
    str | None, typer.Option("--filter", help='Mongo filter as JSON: \'{"language": "zh"}\'.')
]


def search(
    query: Annotated[str, typer.Argument(help="Words or a question.")],
    k: KOption = 10,
    fusion: FusionOption = "default",
    filter_json: FilterOption = None,
    explain: Annotated[bool, typer.Option(help="Show what each leg said.")] = False,
    collection: CollectionOption = None,
    data_dir: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Find passages."""
    with errors_shown(as_json), braid_of(collection, data_dir) as braid:
        asked = _query(query, k, fusion, filter_json)
        target = braid.store.get(braid.settings.collection)
        result = braid.search(target, asked)
        if as_json:
            print_json(result)
            return
        for hit in result.hits:
            _print_hit(hit, explain)
        if not result.hits:
            typer.echo("nothing found")
        for note in result.explanation.notes:
            typer.echo(f"note: {note}", err=True)
        if explain:
            typer.echo(json.dumps(_explained(result.explanation), ensure_ascii=False), err=True)


def ask(
    question: Annotated[str, typer.Argument(help="The question.")],
    k: KOption = 10,
    fusion: FusionOption = "default",
    filter_json: FilterOption = None,
    collection: CollectionOption = None,
    data_dir: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Answer a question from the documents, with citations."""
    with errors_shown(as_json), braid_of(collection, data_dir) as braid:
        asked = _query(question, k, fusion, filter_json)
        target = braid.store.get(braid.settings.collection)
        answer, result = braid.answer(target, asked)
        if as_json:
            print_json({"answer": answer, "hits": result.hits, "generation": result.generation})
            return
        typer.echo(answer.text)
        shown: set[int] = set()
        for citation in answer.citations:
            if citation.number not in shown:
                shown.add(citation.number)
                typer.echo(f"[{citation.number}] {place(citation.chunk)}")
        for note in (*answer.notes, *answer.dropped):
            typer.echo(f"note: {note}", err=True)


def place(chunk: Chunk) -> str:
    """Where a chunk stands: document, pages, headings."""
    pages = ""
    if chunk.pages:
        first, last = chunk.pages
        pages = f", p. {first}" if first == last else f", pp. {first}-{last}"
    headings = " > ".join(chunk.heading_path)
    return f"{chunk.document_id}{pages}" + (f" · {headings}" if headings else "")


def _query(text: str, k: int, fusion: str, filter_json: str | None) -> Query:
    from ingest.contract import BadInput
    from retrieve.contract import Query

    expression: Any = None
    if filter_json is not None:
        try:
            expression = json.loads(filter_json)
        except ValueError as error:
            raise BadInput(f"--filter is not JSON: {error}") from error
    return Query(text, k, fusion, expression)


def _print_hit(hit: Hit, explain: bool) -> None:
    typer.echo(f"{hit.rank}. {place(hit.chunk)}  ({hit.score:.3f})")
    text = " ".join(hit.chunk.text.split())
    typer.echo(f"   {text[:240]}{'…' if len(text) > 240 else ''}")
    if explain:
        legs = "; ".join(
            f"{name}: rank {leg.rank or '-'}, score {leg.score:.3f}"
            if leg.score is not None
            else f"{name}: nothing"
            for name, leg in hit.legs.items()
        )
        typer.echo(f"   {legs}")


def _explained(explanation: Any) -> dict[str, Any]:
    return {
        "terms": list(explanation.terms),
        "translations": [notion.phrases for notion in explanation.translations],
        "fusion": explanation.fusion,
        "weights": dict(explanation.weights),
        "allowed": explanation.allowed,
        "timings_ms": {name: round(ms, 2) for name, ms in explanation.timings_ms.items()},
    }
