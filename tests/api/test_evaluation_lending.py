"""An evaluation takes the vectors that the user's collections hold."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import pytest
from cli_fixtures import BEARINGS, write_folder

from api.compose import Braid
from api.evaluation import Evaluation
from api.settings import Settings
from index.pipeline import Collection


@pytest.fixture
def own(tmp_path: Path, real_cache: Path) -> Braid:
    return Braid(Settings(data_dir=tmp_path / "data", cache_dir=real_cache))


def evaluated(braid: Braid, folder: Path) -> tuple[int, bool]:
    """Chunks of the collection for an evaluation of the folder's files, and whether the time that
    it took to index them was kept, as it is where all vectors were computed."""
    evaluation = Evaluation(braid)
    try:
        collection = evaluation.corpus_collection(folder)
        return collection.stats().chunks, bool(evaluation.indexing_s)
    finally:
        evaluation.close()


def stored(braid: Braid, name: str, folder: Path) -> Collection:
    collection = braid.store.create(name)
    for _ in braid.ingest_paths(collection, [folder]):
        pass
    return collection


def test_what_a_collection_holds_is_not_embedded_again(own: Braid, tmp_path: Path) -> None:
    with closing(own):
        folder = write_folder(tmp_path / "in")
        chunks = stored(own, "papers", folder).stats().chunks
        assert evaluated(own, folder) == (chunks, False)
        assert evaluated(own, folder) == (chunks, False), "there is nothing to index"


def test_nothing_is_taken_of_others(own: Braid, tmp_path: Path) -> None:
    """Of another text, or of a catalog that cannot be read."""
    with closing(own):
        stored(own, "damaged", write_folder(tmp_path / "in")).close()
        catalog = tmp_path / "data" / "collections" / "damaged" / "catalog.sqlite"
        catalog.write_bytes(b"no database" * 1_000)
        text = tmp_path / "other" / "other.md"
        text.parent.mkdir()
        text.write_text(f"# Gears\n\n{BEARINGS.replace('bearing', 'gear')}\n", encoding="utf-8")
        assert evaluated(own, text.parent) == (1, True)
        chunks, all_computed = evaluated(own, tmp_path / "in")
        assert chunks > 3 and all_computed
