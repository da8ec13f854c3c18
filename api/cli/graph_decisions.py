"""braid graph merges | candidates | merge | separate | split | undo | aliases."""

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
    lines_of,
    print_json,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from api.compose import Braid
    from index.graph.contract import Decision, Merge

aliases = typer.Typer(
    help="The alias file of a collection: names of one thing to a line.", no_args_is_help=True
)

_ENDS = ("first", "second")

NoteOption = Annotated[str, typer.Option(help="Why, for those who come after you.")]


def add_to(app: typer.Typer) -> None:
    """Adds these commands to those of the graph."""
    app.command("merges")(merges)
    app.command("candidates")(candidates)
    app.command("merge")(merge)
    app.command("separate")(separate)
    app.command("split")(split)
    app.command("undo")(undo)
    app.add_typer(aliases, name="aliases")


def merges(
    query: Annotated[str, typer.Argument(help="A name; all merges without one.")] = "",
    limit: Annotated[int, typer.Option("--limit", "-n", min=1, help="So many at the most.")] = 50,
    collection: CollectionOption = None,
    data_dir: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """List the names that are taken for one thing, by which rule or decision, and what people
    decided."""
    with errors_shown(as_json), braid_of(collection, data_dir) as braid:
        from api.graph import decision_plain, merge_plain, merges_like

        target = braid.store.get(braid.settings.collection)
        found = merges_like(target.graph(), query)
        decisions = target.facts.decisions()
        if as_json:
            print_json(
                {
                    "collection": target.name,
                    "merges": [merge_plain(one) for one in found[:limit]],
                    "decisions": [decision_plain(one) for one in decisions],
                }
            )
            return
        for one in found[:limit]:
            typer.echo(merge_line(one))
        if len(found) > limit:
            typer.echo(f"and {len(found) - limit:,} more", err=True)
        for decision in decisions:
            typer.echo(decision_line(decision))
        if not found and not decisions:
            typer.echo("none")


def candidates(
    limit: Annotated[int, typer.Option("--limit", "-n", min=1, help="So many at the most.")] = 20,
    collection: CollectionOption = None,
    data_dir: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """List entities that may be one thing, by their letters or, across scripts, by the passages
    that name them. Nothing is merged for that: 'braid graph merge' is for you to say."""
    with errors_shown(as_json), braid_of(collection, data_dir) as braid:
        from api.graph import candidates_shown

        target = braid.store.get(braid.settings.collection)
        found = candidates_shown(target, limit)
        if as_json:
            print_json({"collection": target.name, "candidates": found})
            return
        for pair in found:
            one, other = (f"{pair[end]['name']} ({pair[end]['type']})" for end in _ENDS)
            why = f"names {pair['names']:.2f}, passages {pair['company']:.2f}"
            typer.echo(f"{one} ~ {other}: {pair['likeness']:.2f} ({why})")
        if not found:
            typer.echo("nothing found")


def merge(
    names: Annotated[list[str], typer.Argument(help="Two names or more, as texts write them.")],
    note: NoteOption = "",
    collection: CollectionOption = None,
    data_dir: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Decide that names are one thing."""
    _decide("merge", names, (), note, collection, data_dir, as_json)


def separate(
    first: Annotated[str, typer.Argument(help="A name.")],
    second: Annotated[str, typer.Argument(help="The name of another thing.")],
    note: NoteOption = "",
    collection: CollectionOption = None,
    data_dir: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Decide that two names are two things, whatever rules say."""
    _decide("separate", [first, second], (), note, collection, data_dir, as_json)


def split(
    name: Annotated[str, typer.Argument(help="The name.")],
    documents: Annotated[
        list[str],
        typer.Option("--documents", help="A document in which it is another thing; repeatable."),
    ],
    note: NoteOption = "",
    collection: CollectionOption = None,
    data_dir: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Decide that a name is another thing in some documents than in the rest."""
    _decide("split", [name], documents, note, collection, data_dir, as_json)


def undo(
    reference: Annotated[
        str, typer.Argument(help="The number of a decision, or the id of a merge.")
    ],
    collection: CollectionOption = None,
    data_dir: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Take a decision back, as if it had never been taken, or a merge that rules made: its names
    are two things from then on."""
    with errors_shown(as_json), braid_of(collection, data_dir) as braid:
        from api.graph import decision_plain
        from api.graph_decisions import undo as take_back

        target = braid.store.get(braid.settings.collection).view()
        undone = take_back(target, reference)
        if as_json:
            print_json(
                {
                    "collection": target.name,
                    "removed": [decision_plain(one) for one in undone.removed],
                    "added": [decision_plain(one) for one in undone.added],
                }
            )
            return
        for decision in undone.removed:
            typer.echo(f"taken back: {decision_line(decision)}")
        for decision in undone.added:
            typer.echo(decision_line(decision))


def _decide(
    kind: str,
    names: Sequence[str],
    documents: Sequence[str],
    note: str,
    collection: str | None,
    data_dir: Path | None,
    as_json: bool,
) -> None:
    with errors_shown(as_json), braid_of(collection, data_dir) as braid:
        from api.graph import decision_plain
        from api.graph_decisions import decide
        from index.graph.contract import DecisionKind

        target = braid.store.get(braid.settings.collection).view()
        decision = decide(target, DecisionKind(kind), names, documents, note)
        if as_json:
            print_json({"collection": target.name, "decision": decision_plain(decision)})
        else:
            typer.echo(decision_line(decision))


def merge_line(merge: Merge) -> str:
    """A merge in a line."""
    return f"{merge.first} = {merge.second} ({merge.reason}, by {merge.by}; id {merge.id})"


def decision_line(decision: Decision) -> str:
    """A decision in a line."""
    sign = {"merge": " = ", "separate": " ≠ ", "split": ""}[decision.kind.value]
    said = sign.join(decision.names)
    if decision.documents:
        said += f" is another thing in {', '.join(decision.documents)}"
    by = f", {decision.by}" if decision.by != "user" else ""
    note = f": {decision.note}" if decision.note else ""
    return f"decision {decision.number}: {said} ({decision.kind.value}{by}){note}"


@aliases.command("load")
def load(
    file: Annotated[Path, typer.Argument(help="Names of one thing to a line, between commas.")],
    collection: CollectionOption = None,
    data_dir: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Keep the sets of names of a file in UTF-8 and no others. A line is '阿里巴巴, Alibaba, 阿里';
    lines that begin with # are passed over."""
    with errors_shown(as_json), braid_of(collection, data_dir) as braid:
        from index.graph.pipeline import parse_aliases

        _keep(braid, parse_aliases(lines_of(file), str(file)), as_json)


@aliases.command("list")
def list_aliases(
    collection: CollectionOption = None,
    data_dir: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """List the sets of names, as the lines of a file that `braid graph aliases load` reads."""
    with errors_shown(as_json), braid_of(collection, data_dir) as braid:
        from api.graph_decisions import alias_sets
        from index.graph.pipeline import alias_line

        target = braid.store.get(braid.settings.collection).view()
        found = alias_sets(target)
        if as_json:
            print_json({"collection": target.name, "aliases": found})
        for names in found if not as_json else ():
            typer.echo(alias_line(names))


@aliases.command("clear")
def clear(
    collection: CollectionOption = None,
    data_dir: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Remove all sets of names."""
    with errors_shown(as_json), braid_of(collection, data_dir) as braid:
        _keep(braid, [], as_json)


def _keep(braid: Braid, sets: Sequence[Sequence[str]], as_json: bool) -> None:
    from api.graph_decisions import alias_sets, keep_aliases

    target = braid.store.get(braid.settings.collection).view()
    keep_aliases(target, sets)
    kept = len(alias_sets(target))
    if as_json:
        print_json({"collection": target.name, "aliases": kept})
    else:
        sets_kept = "1 set" if kept == 1 else f"{kept} sets"
        typer.echo(f"{target.name}: {sets_kept} of names")
