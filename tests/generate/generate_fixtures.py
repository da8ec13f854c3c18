"""Passages, a real analyzer, and a real language model server, shared by the room's tests."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from llm_server import LlmServer, start

from generate.contract import Passage, Terms
from index.analyze.jieba import JiebaAnalyzer
from ingest.contract import BlockKind, Chunk

MakePassage = Callable[..., Passage]


@pytest.fixture(scope="session")
def terms() -> Terms:
    return JiebaAnalyzer().terms


@pytest.fixture(scope="session")
def passage() -> MakePassage:
    def make(
        number: int,
        text: str,
        title: str = "",
        headings: tuple[str, ...] = (),
        kind: BlockKind = BlockKind.PARAGRAPH,
    ) -> Passage:
        chunk = Chunk(
            id=f"c{number}",
            document_id=f"d{number}",
            ordinal=0,
            kind=kind,
            title=title,
            heading_path=headings,
            text=text,
            span=(0, len(text)),
            pages=(number, number),
        )
        return Passage(number, chunk, 1.0 / number)

    return make


@pytest.fixture(scope="session")
def model_folder(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Path:
    """One for all processes of the tests: unpacking takes half a minute."""
    base = tmp_path_factory.getbasetemp()
    return (base if worker_id == "master" else base.parent) / "model"


@pytest.fixture(scope="session")
def llm(model_folder: Path) -> Iterator[LlmServer]:
    server = start(model_folder)
    yield server
    server.kill()
