"""Chunkers by name on the command line; sections, parents and duplicates in what is found."""

from __future__ import annotations

import json
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest
from cli_fixtures import Braid
from scripted_server import Scripted, refuse, say, scripted

from api.settings import ChunkerSettings
from ingest.components import CHUNKERS

MANUAL = """# 水泵手册

## 第一章 概述

本手册适用于离心泵。安装之前应当仔细阅读本手册，并妥善保存。

## 第二章 维护

### 2.1 润滑

轴承每三个月加注一次润滑脂。润滑脂的牌号是 NLGI 2。每次加注 40 克。加注之前应当停机。

### 2.2 密封

机械密封的更换周期是两年。更换时应当同时检查轴套。
"""


def named(name: str, **options: object) -> dict[str, str]:
    """The environment that asks for a chunker."""
    given = {f"BRAID_CHUNKER__{key.upper()}": str(value) for key, value in options.items()}
    return {"BRAID_CHUNKER__NAME": name, **given}


@pytest.fixture
def manual(braid: Braid, tmp_path: Path) -> Braid:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "manual.md").write_text(MANUAL, encoding="utf-8")
    assert braid("ingest", tmp_path / "in").code == 0
    return braid


def hits(braid: Braid, query: str, env: dict[str, str] | None = None) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = braid("search", query, "--json", env=env).json["hits"]
    return found


def test_settings_know_every_chunker() -> None:
    field = ChunkerSettings.model_fields["name"]
    assert set(field.annotation.__args__) == set(CHUNKERS)  # type: ignore[union-attr]


@pytest.mark.parametrize("name", ["fixed", "semantic"])
def test_reindex_cuts_a_collection_by_another_chunker(manual: Braid, name: str) -> None:
    env = named(name)
    stats = manual("reindex", "--json", env=env).json
    assert stats["chunks"] == stats["vectors"] == stats["sparse"] == stats["dense"] > 0
    best = hits(manual, "机械密封的更换周期", env)[0]["chunk"]
    assert "两年" in best["text"]
    assert best["heading_path"] == ["第二章 维护", "2.2 密封"]
    assert best["section"] == ["chapter:2", "decimal:2.2"]
    assert manual("ingest", manual.data.parent / "in", env=env).out.startswith(
        "default: 1 unchanged; "
    )


def test_small_chunks_are_found_and_their_parent_is_read(manual: Braid) -> None:
    env = named("sentence", window=2)
    manual("reindex", env=env)
    best = hits(manual, "润滑脂的牌号", env)[0]["chunk"]
    assert best["text"] == "润滑脂的牌号是 NLGI 2。"
    assert best["parent"]["text"] == (
        "轴承每三个月加注一次润滑脂。润滑脂的牌号是 NLGI 2。每次加注 40 克。加注之前应当停机。"
    )
    answer = manual("ask", "每次加注多少克润滑脂？", "--json", env=env).json["answer"]
    assert answer["known"] and "40 克" in answer["text"]
    assert answer["citations"][0]["chunk"]["heading_path"][-1] == "2.1 润滑"


@pytest.mark.parametrize(
    ("env", "words"),
    [
        (named("fixed", min_tokens=9), "'fixed' has no option 'min_tokens'"),
        (named("structure", overlap_tokens=9), "'structure' has no option 'overlap_tokens'"),
        (named("recursive", overlap_tokens=900), "overlap_tokens is 900"),
        (named("proposition"), "set answer.model"),
        (named("nonsense"), "chunker.name"),
    ],
)
def test_what_does_not_go_together_is_said(manual: Braid, env: dict[str, str], words: str) -> None:
    assert words in manual.refused("ingest", manual.data.parent / "in", code=2, env=env)


def test_propositions_by_the_answering_model(manual: Braid) -> None:
    def script(handler: BaseHTTPRequestHandler, state: Scripted) -> None:
        (message,) = state.requests[-1]["messages"]
        said = ["离心泵的轴承每三个月加注一次润滑脂。", "润滑脂的价格是 80 元。"]
        assert message["role"] == "user"
        say(json.dumps(said if "每三个月" in message["content"] else []))(handler, state)

    with scripted(script) as server:
        env = named("proposition") | {
            "BRAID_ANSWER__MODEL": "m",
            "BRAID_ANSWER__BASE_URL": server.base_url,
        }
        assert manual("reindex", env=env).code == 0
        assert len(server.requests) == 3
    found = {hit["chunk"]["text"]: hit["chunk"] for hit in hits(manual, "润滑脂", env)}
    assert "离心泵的轴承每三个月加注一次润滑脂。" in found
    assert "每次加注 40 克。" in found and not any("80 元" in text for text in found)
    parent = found["离心泵的轴承每三个月加注一次润滑脂。"]["parent"]
    assert parent["text"].startswith("轴承每三个月加注一次润滑脂。润滑脂的牌号")


def test_a_model_that_is_down_fails_the_document_and_keeps_the_collection(manual: Braid) -> None:
    with scripted(refuse(401, "bad key")) as server:
        env = named("proposition") | {
            "BRAID_ANSWER__MODEL": "m",
            "BRAID_ANSWER__BASE_URL": server.base_url,
        }
        said = manual("ingest", manual.data.parent / "in", "--json", env=env)
    assert said.code == 3
    assert "api_key" in said.json["documents"][0]["reason"]
    assert hits(manual, "机械密封")


def test_duplicates_are_marked_shown_and_filtered(manual: Braid) -> None:
    text = MANUAL.replace("两年", "三年")
    (manual.data.parent / "in" / "manual-2.md").write_text(text, encoding="utf-8")
    assert manual("ingest", manual.data.parent / "in").code == 0
    assert "manual-2.md: 水泵手册 (3 chunks, repeats manual.md)" in manual("list").out
    marks = {
        hit["chunk"]["document_id"]: hit["metadata"].get("duplicate_of")
        for hit in hits(manual, "机械密封的更换周期")
    }
    assert marks == {"manual.md": None, "manual-2.md": "manual.md"}
    only = '{"duplicate_of": {"$exists": false}}'
    found = manual("search", "机械密封", "--filter", only, "--json").json["hits"]
    assert {hit["chunk"]["document_id"] for hit in found} == {"manual.md"}
    assert manual("delete", "manual.md").code == 0
    assert "manual-2.md: 水泵手册 (3 chunks)" in manual("list").out
