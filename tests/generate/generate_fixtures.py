"""Passages, a real analyzer, and a real language model server, shared by the room's tests."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

import pytest
from filelock import FileLock
from llm_server import LlmServer, OwnServer

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
def llm(model_folder: Path, worker_id: str) -> LlmServer:
    """One for all processes of the tests, which the first that needs it starts: loading takes as
    long as many answers. It ends with the process that runs the tests."""
    owner = os.getpid() if worker_id == "master" else os.getppid()
    listens = model_folder.with_suffix(".json")
    with FileLock(f"{listens}.lock"):
        if not listens.exists():
            started = OwnServer(model_folder, owner=owner).address
            listens.write_text(json.dumps(asdict(started)), encoding="utf-8")
    return LlmServer(**json.loads(listens.read_text(encoding="utf-8")))
