"""braid search | ask."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from textwrap import indent
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
from api.cli.relations import print_chain, print_theme
from api.places import place_of

if TYPE_CHECKING:
    from api.compose import Braid
    from generate.contract import Answer
    from index.pipeline import Collection
    from ingest.contract import Chunk
    from retrieve.contract import Hit, Query, SearchResult

KOption = Annotated[int, typer.Option("-k", help="Number of passages.")]
FusionOption = Annotated[
    str, typer.Option(help="default, convex, rrf; or a leg: sparse, translated, dense.")
]
FilterOption = Annotated[
    str | None, typer.Option("--filter", help='Mongo filter as JSON: \'{"language": "zh"}\'.')
]
SwitchOption = Annotated[
    list[str] | None,
    typer.Option(
        "--step", help="Switch a step on or off: spelling=off, hyde=on (see docs/retrieval.md)."
    ),
]
BudgetOption = Annotated[
    float | None, typer.Option("--budget-ms", help="Time for the search; the rest is cut.")
]
DiversityOption = Annotated[
    float, typer.Option("--diversity", help="0 to 1: how little hits should repeat each other.")
]
PerDocumentOption = Annotated[
    int | None, typer.Option("--per-document", help="Passages of one document at the most.")
]
ContextOption = Annotated[
    int, typer.Option("--context-tokens", help="So much of what stands around each passage.")
]
ModeOption = Annotated[
    str,
    typer.Option(
        help="What the entity graph has to do with it: mix (it joins the texts), naive (nothing), "
        "local, global or hybrid (it alone: by the entities asked for, by themes, by both)."
    ),
]
ChainsOption = Annotated[
    int, typer.Option("--chains", min=0, help="So many ways by which the graph leads to passages.")
]
AfterOption = Annotated[
    list[str] | None,
    typer.Option("--after", help="A question asked before in the conversation; oldest first."),
]
ConversationOption = Annotated[
    str,
    typer.Option(
        "--conversation",
        help="'new', or the id that it gave: goes on with what was asked before.",
        show_default=False,
    ),
]


def search(
    query: Annotated[str, typer.Argument(help="Words or a question.")],
    k: KOption = 10,
    mode: ModeOption = "mix",
    chains: ChainsOption = 0,
    fusion: FusionOption = "default",
    filter_json: FilterOption = None,
    steps: SwitchOption = None,
    budget_ms: BudgetOption = None,
    diversity: DiversityOption = 0.0,
    per_document: PerDocumentOption = None,
    context_tokens: ContextOption = 0,
    after: AfterOption = None,
    explain: Annotated[bool, typer.Option(help="Show what each leg said.")] = False,
    collection: CollectionOption = None,
    data_dir: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Find passages."""
    with errors_shown(as_json), braid_of(collection, data_dir) as braid:
        asked = replace(
            _query(query, k, fusion, filter_json, steps, after),
            budget_ms=budget_ms,
            diversity=diversity,
            per_document=per_document,
            context_tokens=context_tokens,
            mode=mode,
            chains=chains,
        )
        target = braid.store.get(braid.settings.collection)
        braid.prepare(target)
        result = braid.search(target, asked)
        if as_json:
            print_json(result)
            return
        for hit in result.hits:
            _print_hit(hit, explain)
        _print_themes(result, braid.theme_chunks(target, result))
        for chain in result.chains:
            print_chain(chain)
        if not result.hits and not result.themes:
            typer.echo("nothing found")
        elif not result.is_relevant:
            typer.echo("nothing here seems to answer this; above is what is nearest", err=True)
        for note in result.explanation.notes:
            typer.echo(f"note: {note}", err=True)
        if explain:
            typer.echo(json.dumps(_explained(result.explanation), ensure_ascii=False), err=True)


def ask(
    question: Annotated[str, typer.Argument(help="The question.")],
    k: KOption = 10,
    mode: ModeOption = "mix",
    chains: ChainsOption = 0,
    fusion: FusionOption = "default",
    filter_json: FilterOption = None,
    steps: SwitchOption = None,
    after: AfterOption = None,
    conversation: ConversationOption = "",
    collection: CollectionOption = None,
    data_dir: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Answer a question from the documents, with citations."""
    with errors_shown(as_json), braid_of(collection, data_dir) as braid:
        asked = replace(
            _query(question, k, fusion, filter_json, steps, after), mode=mode, chains=chains
        )
        target = braid.store.get(braid.settings.collection)
        braid.prepare(target)
        answer, result, kept_as = _answered(braid, target, asked, conversation)
        if as_json:
            told = {"hits": result.hits, "themes": result.themes, "chains": result.chains}
            kept = {"conversation": kept_as} if kept_as else {}
            print_json({"answer": answer, **told, "generation": result.generation, **kept})
            return
        typer.echo(answer.text)
        shown: set[int] = set()
        for citation in answer.citations:
            if citation.number not in shown:
                shown.add(citation.number)
                typer.echo(f"[{citation.number}] {place_of(citation.chunk)}")
        for chain in result.chains:
            print_chain(chain)
        _print_beside(answer)
        if kept_as:
            typer.echo(f"conversation: {kept_as}", err=True)


def _answered(
    braid: Braid, target: Collection, asked: Query, conversation: str
) -> tuple[Answer, SearchResult, str]:
    """The answer, what it rests on, and the id of the conversation that it is a turn of."""
    if not conversation:
        return (*braid.answer(target, asked), "")
    from api.access import LOCAL
    from api.gateway import Gateway
    from api.service_store import ServiceStore

    gateway = Gateway(braid, ServiceStore(braid.settings.data_dir))
    coming = gateway.ask(LOCAL, target.view(), asked, conversation)
    return coming.answer(), coming.result, coming.conversation


def _print_beside(answer: Answer) -> None:
    """What goes with an answer: how far it is held up, what else can be asked, what was noted."""
    if answer.known:
        bare = sum(not one.numbers for one in answer.sentences)
        typer.echo(f"support: {answer.support:.0%}" + (f", {bare} sentences none" if bare else ""))
    for question in answer.suggestions:
        typer.echo(f"ask also: {question}")
    if answer.usage.calls:
        used = answer.usage
        about = "about " if used.is_estimate else ""
        cost = "" if used.cost is None else f", cost {used.cost:.6g}"
        told = f"{about}{used.prompt_tokens} + {used.completion_tokens} tokens{cost}"
        typer.echo(f"{answer.generator}: {told}", err=True)
    for note in (*answer.notes, *answer.dropped):
        typer.echo(f"note: {note}", err=True)


def _query(
    text: str,
    k: int,
    fusion: str,
    filter_json: str | None,
    steps: Sequence[str] | None,
    after: Sequence[str] | None,
) -> Query:
    from ingest.contract import BadInput
    from retrieve.contract import Query, Turn

    expression: Any = None
    if filter_json is not None:
        try:
            expression = json.loads(filter_json)
        except ValueError as error:
            raise BadInput(f"--filter is not JSON: {error}") from error
    history = [Turn(question) for question in after or ()]
    return Query(text, k, fusion, expression, history, _switches(steps or ()))


def _switches(given: Sequence[str]) -> dict[str, bool]:
    from ingest.contract import BadInput

    switches = {}
    for item in given:
        name, _, state = item.partition("=")
        if state not in ("on", "off"):
            raise BadInput(f"--step {item!r} is neither NAME=on nor NAME=off")
        switches[name] = state == "on"
    return switches


def _print_hit(hit: Hit, explain: bool) -> None:
    typer.echo(f"{hit.rank}. {place_of(hit.chunk)}  ({hit.score:.3f})")
    if hit.context:
        typer.echo(indent(hit.context, "   "))
    else:
        text = " ".join(hit.chunk.text.split())
        typer.echo(f"   {text[:240]}{'…' if len(text) > 240 else ''}")
    if hit.copies:
        typer.echo(f"   (and {len(hit.copies)} more that say the same)")
    if explain:
        legs = "; ".join(
            f"{name}: rank {leg.rank or '-'}, score {leg.score:.3f}"
            if leg.score is not None
            else f"{name}: nothing"
            for name, leg in hit.legs.items()
        )
        typer.echo(f"   {legs}")


def _print_themes(result: SearchResult, chunks: Mapping[int, Chunk]) -> None:
    if result.overview:
        typer.echo(result.overview)
    for number, theme in enumerate(result.themes, start=1):
        print_theme(number, theme, chunks)


def _explained(explanation: Any) -> dict[str, Any]:
    return {
        "terms": list(explanation.terms),
        "translations": [notion.phrases for notion in explanation.translations],
        "fusion": explanation.fusion,
        "weights": dict(explanation.weights),
        "allowed": explanation.allowed,
        "timings_ms": {name: round(ms, 2) for name, ms in explanation.timings_ms.items()},
        "steps": dict(explanation.steps),
        "cut": list(explanation.cut),
        "understood": dict(explanation.understood),
    }
