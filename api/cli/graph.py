"""braid graph build | stats | entities | show | path | communities | export | draw."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from api.cli import graph_build, graph_decisions
from api.cli.output import (
    CollectionOption,
    DataOption,
    JsonOption,
    braid_of,
    errors_shown,
    print_json,
)
from api.cli.relations import entity_line, passages, print_cited, print_link

if TYPE_CHECKING:
    from index.graph.contract import Community, EntityType
    from index.graph.pipeline import EntityPath, GraphView
    from index.pipeline import Collection

app = typer.Typer(
    help="The entities of a collection, how they are related, and what is to be put right.",
    no_args_is_help=True,
)
app.command("build")(graph_build.build)
graph_decisions.add_to(app)

EntityArgument = Annotated[str, typer.Argument(help="Its name, one of its aliases, or its id.")]
LimitOption = Annotated[int, typer.Option("--limit", "-n", min=1, help="So many at the most.")]
HopsOption = Annotated[int, typer.Option(min=1, max=4, help="How far from the entity.")]
TypeOption = Annotated[
    str | None,
    typer.Option("--type", help="Only entities of this type: person, organization, place, …"),
]


class By(StrEnum):
    """What makes a path a good one."""

    HOPS = "hops"
    WEIGHT = "weight"


@app.command("stats")
def stats(
    collection: CollectionOption = None,
    data_dir: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Count what the graph has."""
    with errors_shown(as_json), braid_of(collection, data_dir) as braid:
        target = braid.store.get(braid.settings.collection)
        found = target.graph().stats()
        if as_json:
            print_json({"collection": target.name, **_fields(found)})
            return
        typer.echo(
            f"{target.name}: {found.entities:,} entities, {found.relations:,} relations between "
            f"them, {found.mentions:,} mentions in {passages(found.chunks)}"
        )
        typer.echo(
            f"{found.statements:,} statements, {found.merges:,} merges, {found.decisions:,} "
            f"decisions, {found.communities:,} communities, generation {found.generation}"
        )
        if found.pending:
            typer.echo(
                f"{passages(found.pending)} have not been looked at: run 'braid graph build'",
                err=True,
            )


@app.command("entities")
def entities(
    query: Annotated[str, typer.Argument(help="A part of a name; all entities without one.")] = "",
    kind: TypeOption = None,
    limit: LimitOption = 20,
    collection: CollectionOption = None,
    data_dir: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """List entities, those first that much else has to do with."""
    with errors_shown(as_json), braid_of(collection, data_dir) as braid:
        from api.graph import entity_plain
        from index.graph.pipeline import entities_like, reference_of

        target = braid.store.get(braid.settings.collection)
        view = _view(target)
        found = entities_like(view.graph, query, _type(kind), limit)
        if as_json:
            told = [entity_plain(entity) for entity in found]
            print_json({"collection": target.name, "entities": told})
            return
        for entity in found:
            typer.echo(entity_line(entity, reference_of(view.graph, view.number_of(entity.id))))
        if not found:
            typer.echo("nothing found")


@app.command("show")
def show(
    entity: EntityArgument,
    limit: LimitOption = 10,
    collection: CollectionOption = None,
    data_dir: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show an entity: its names and why they are taken for one thing, where it is named, and what
    it has to do with, with the sentences that say so."""
    with errors_shown(as_json), braid_of(collection, data_dir) as braid:
        from api.graph import entity_shown

        view = _view(braid.store.get(braid.settings.collection))
        number = view.number(entity)
        relations = view.graph.relations_of(number)
        links = view.links(relations[:limit])
        if as_json:
            print_json(entity_shown(view, number, links))
            return
        _print_entity(view, number)
        typer.echo(f"relations ({len(links)} of {len(relations):,}):")
        names = view.names(
            end for link in links for end in (link.relation.head, link.relation.tail)
        )
        for link in links:
            print_link(link, names, view.graph.ids[number])


@app.command("path")
def path(
    first: EntityArgument,
    second: EntityArgument,
    by: Annotated[
        By, typer.Option(help="Paths of few hops first, or those of the heaviest relations.")
    ] = By.HOPS,
    limit: LimitOption = 3,
    collection: CollectionOption = None,
    data_dir: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show how two entities are connected, with the sentences that say so."""
    with errors_shown(as_json), braid_of(collection, data_dir) as braid:
        from api.graph import path_plain
        from index.graph.pipeline import MAX_PATHS, Nearness

        view = _view(braid.store.get(braid.settings.collection))
        ends = view.number(first), view.number(second)
        found = view.paths(*ends, Nearness(by.value), min(limit, MAX_PATHS))
        if as_json:
            print_json({"paths": [path_plain(one) for one in found]})
            return
        for number, one in enumerate(found, start=1):
            _print_path(number, one)
        if not found:
            typer.echo("nothing connects the two")


@app.command("communities")
def communities(
    community: Annotated[str | None, typer.Argument(help="Its id; all without one.")] = None,
    level: Annotated[int, typer.Option(min=0, help="Those of this level; 0 is the coarsest.")] = 0,
    limit: LimitOption = 20,
    collection: CollectionOption = None,
    data_dir: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """List the groups of entities that belong together, or show one: what its passages say of it,
    and its parts."""
    with errors_shown(as_json), braid_of(collection, data_dir) as braid:
        from api.graph import community_of, community_plain, community_shown, told_community

        view = _view(braid.store.get(braid.settings.collection))
        if community is not None:
            shown = community_of(view.graph, community)
            if as_json:
                print_json(community_shown(view, shown))
            else:
                _print_community(view, shown)
            return
        every = [one for one in view.graph.communities() if one.level == level]
        found = [told_community(view, one)[0] for one in every[:limit]]
        if as_json:
            print_json({"communities": [community_plain(one) for one in found]})
            return
        for one in found:
            typer.echo(f"{one.id}: {one.title} ({len(one.entities):,} entities)")
        if len(every) > limit:
            typer.echo(f"and {len(every) - limit:,} more", err=True)
        if not found:
            typer.echo("there are none")


@app.command("export")
def export(
    target: Annotated[Path, typer.Argument(help="A .graphml or .json file, a .zip, or a folder.")],
    form: Annotated[
        str | None,
        typer.Option("--format", help="graphml, json or csv; as the name ends without one."),
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace what is there.")] = False,
    collection: CollectionOption = None,
    data_dir: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Write the graph in files for other tools: GraphML, JSON, or CSV in a folder or a ZIP.

    docs/graph.md has the fields."""
    with errors_shown(as_json), braid_of(collection, data_dir) as braid:
        from index.graph.pipeline import export_graph

        view = _view(braid.store.get(braid.settings.collection))
        written = export_graph(view, target, form, force=force)
        if as_json:
            print_json({"file": target, **_fields(written)})
        else:
            typer.echo(
                f"{written.entities:,} entities and {written.relations:,} relations in {target} "
                f"({written.format})"
            )


@app.command("draw")
def draw(
    entity: EntityArgument,
    file: Annotated[Path, typer.Argument(help="A .html or .svg file.", show_default=True)] = Path(
        "graph.html"
    ),
    limit: LimitOption = 30,
    hops: HopsOption = 2,
    force: Annotated[bool, typer.Option("--force", help="Replace what is there.")] = False,
    collection: CollectionOption = None,
    data_dir: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Draw what is nearest to an entity: a picture (SVG), or a page with it and the sentences
    that say how the entities are related (HTML)."""
    with errors_shown(as_json), braid_of(collection, data_dir) as braid:
        from api.drawing.files import check_file, drawing_of

        check_file(file, force=force)
        view = _view(braid.store.get(braid.settings.collection))
        made = drawing_of(view, view.number(entity), file.suffix.lower(), limit, hops)
        file.write_text(made.text, encoding="utf-8")
        if as_json:
            print_json({"file": file, "entities": made.entities, "relations": made.relations})
        else:
            typer.echo(f"{made.entities} entities, {made.relations} relations in {file}")


def _view(target: Collection) -> GraphView:
    from api.graph import view_of

    return view_of(target)


def _type(kind: str | None) -> EntityType | None:
    from index.graph.contract import EntityType
    from ingest.contract import BadInput

    if kind is None:
        return None
    try:
        return EntityType(kind)
    except ValueError as error:
        raise BadInput(f"{kind!r} is no type: take one of {', '.join(EntityType)}") from error


def _fields(record: Any) -> dict[str, Any]:
    from dataclasses import asdict

    return asdict(record)


def _print_entity(view: GraphView, number: int) -> None:
    from api.graph import communities_of, documents_of, merges_of
    from index.graph.pipeline import reference_of

    entity = view.graph.entity(number)
    typer.echo(f"{entity.name} ({entity.type.value})")
    typer.echo(f"id: {reference_of(view.graph, number)}")
    if entity.aliases:
        typer.echo(f"also: {', '.join(entity.aliases)}")
    typer.echo(
        f"named {entity.mentions:,} times in {passages(entity.chunks)}; authority "
        f"{entity.authority:.2f} (1 is usual)"
    )
    if entity.description:
        typer.echo(entity.description)
    documents = documents_of(view, number)
    shown = [f"{name} ({count})" for name, count in list(documents.items())[:5]]
    more = f" and {len(documents) - 5:,} more" if len(documents) > 5 else ""
    typer.echo(f"documents: {', '.join(shown)}{more}")
    for merge in merges_of(view.graph, entity):
        typer.echo(f"merged: {graph_decisions.merge_line(merge)}")
    for community in communities_of(view.graph, entity.id):
        typer.echo(f"community: {community.id}: {community.title}")


def _print_path(number: int, path: EntityPath) -> None:
    names = {entity.id: entity.name for entity in path.entities}
    hops = "1 hop" if len(path.steps) == 1 else f"{len(path.steps)} hops"
    way = " -> ".join(entity.name for entity in path.entities)
    typer.echo(f"{number}. {way} ({hops}, lightest {path.weight:.2f})")
    for entity, links in zip(path.entities, path.steps, strict=False):
        for link in links:
            print_link(link, names, entity.id, "   ")


def _print_community(view: GraphView, community: Community) -> None:
    from api.graph import told_community

    told, cited = told_community(view, community)
    typer.echo(f"{told.id}: {told.title} (level {told.level})")
    if told.parent:
        typer.echo(f"part of: {told.parent}")
    if told.keywords:
        typer.echo(f"keywords: {', '.join(told.keywords)}")
    names = view.names(told.entities)
    typer.echo(f"entities: {', '.join(names[one] for one in told.entities)}")
    for one in cited:
        print_cited(one, "  ")
    for part in view.graph.communities():
        if part.parent == told.id:
            title = told_community(view, part)[0].title
            typer.echo(f"part: {part.id}: {title} ({len(part.entities):,} entities)")
