"""braid words add, remove, list, load."""

from __future__ import annotations

from collections.abc import Callable, Sequence
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
    from api.compose import Braid
    from index.contract import UserWord

app = typer.Typer(
    help="Words of a collection that no general dictionary has.", no_args_is_help=True
)

WordsArgument = Annotated[list[str], typer.Argument(help="Words.")]


@app.command("add")
def add(
    words: Annotated[
        list[str],
        typer.Argument(help="Words; one may be followed by its frequency and part of speech."),
    ],
    collection: CollectionOption = None,
    data_dir: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Add words; one that is there already takes on its new frequency. Texts are cut anew, none is
    embedded."""
    with errors_shown(as_json), braid_of(collection, data_dir) as braid:
        from index.pipeline import parse_words

        new = parse_words(words, "the words given")
        _change(braid, lambda before: [*before, *new], as_json)


@app.command("load")
def load(
    file: Annotated[Path, typer.Argument(help="A word to a line, as jieba's dictionaries.")],
    collection: CollectionOption = None,
    data_dir: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Add the words of a file in UTF-8. A line is a word, with its frequency and part of speech
    after it if they are known; lines that begin with # are passed over."""
    with errors_shown(as_json), braid_of(collection, data_dir) as braid:
        from index.pipeline import parse_words

        new = parse_words(lines_of(file), str(file))
        _change(braid, lambda before: [*before, *new], as_json)


@app.command("remove")
def remove(
    words: WordsArgument,
    collection: CollectionOption = None,
    data_dir: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Remove words."""
    with errors_shown(as_json), braid_of(collection, data_dir) as braid:
        from ingest.contract import NotFound

        def without(before: Sequence[UserWord]) -> list[UserWord]:
            unknown = sorted(set(words) - {word.word for word in before})
            if unknown:
                raise NotFound(
                    f"{', '.join(map(repr, unknown))} cannot be removed: no such word is there; "
                    "nothing was changed ('braid words list' shows the words)"
                )
            return [word for word in before if word.word not in words]

        _change(braid, without, as_json)


@app.command("list")
def list_words(
    collection: CollectionOption = None,
    data_dir: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """List the words, as the lines of a file that `braid words load` reads."""
    with errors_shown(as_json), braid_of(collection, data_dir) as braid:
        from index.pipeline import line_of

        target = braid.store.get(braid.settings.collection)
        words = target.ledger.dictionary.words()
        if as_json:
            print_json({"collection": target.name, "words": words})
        for word in words if not as_json else ():
            typer.echo(line_of(word))


def _change(
    braid: Braid, changed: Callable[[Sequence[UserWord]], Sequence[UserWord]], as_json: bool
) -> None:
    target = braid.store.get(braid.settings.collection)
    with target.writer() as writer:
        before = target.ledger.dictionary.words()
        writer.set_words(changed(before))
        after = target.ledger.dictionary.words()
    names, had = {word.word for word in after}, {word.word for word in before}
    counts = {"added": len(names - had), "removed": len(had - names), "words": len(names)}
    if as_json:
        print_json({"collection": target.name, **counts})
    else:
        typer.echo(
            f"{target.name}: {counts['added']} words added, {counts['removed']} removed, "
            f"{counts['words']} in all"
        )
