"""Copies, diversity, limits for each document and surroundings over REST and the command line."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import httpx
import pytest
from cli_fixtures import Braid
from rest_server import finished

NOTICE = """# Notice on seals

The seals of all pumps are renewed every 4,000 hours of work, at the cost of the operator.

Send worn seals to the workshop in Utrecht, wrapped and marked with the number of the pump.
"""
MANUAL = """# Pump manual

## Seals

Seals wear out. They are renewed after 6,000 hours, or when they drip.

The old seal is pulled with the tool T-11 and never with a screwdriver.

## Motor

The motor has no part that has to be greased.
"""
FILES = {
    "notice.md": NOTICE,
    "archive/notice.md": NOTICE,
    "notice-old.md": NOTICE.replace("4,000", "3,000"),
    "manual.md": MANUAL,
}


@pytest.fixture(scope="module")
def search(client: httpx.Client) -> Any:
    """Searches the collection `after` over REST."""
    assert client.post("/v1/collections", json={"name": "after"}).status_code == 201
    sent = [("files", (name, text.encode())) for name, text in FILES.items()]
    taken = client.post("/v1/collections/after/documents", files=sent)
    finished(client, taken.headers["Location"])

    def post(**body: Any) -> dict[str, Any]:
        response = client.post("/v1/collections/after/search", json={"explain": True, **body})
        assert response.status_code == 200, response.text
        found: dict[str, Any] = response.json()
        return found

    return post


def test_a_copy_has_no_place_of_its_own_but_an_older_version_has(search: Any) -> None:
    found = search(query="When are the seals of pumps renewed?")
    by_document = Counter(hit["document_id"] for hit in found["hits"])
    same = {"notice.md", "archive/notice.md"}
    assert len(same & by_document.keys()) == 1
    assert "notice-old.md" in by_document
    (copied,) = [hit for hit in found["hits"] if hit["copies"]]
    assert copied["document_id"] in same
    assert len(copied["copies"]) == 1
    assert found["explanation"]["steps"]["duplicates"]["collapsed"] == 1
    off = search(query="When are the seals of pumps renewed?", steps={"duplicates": False})
    assert same <= {hit["document_id"] for hit in off["hits"]}
    assert {copied["copies"][0]} <= {hit["chunk_id"] for hit in off["hits"]}


def test_hits_come_with_what_stands_around_them(search: Any) -> None:
    question = "With which tool is the old seal pulled?"
    hit = search(query=question, k=1, context_tokens=200)["hits"][0]
    assert hit["document_id"] == "manual.md"
    assert hit["text"] in hit["context"]
    assert "T-11" in hit["text"]
    assert "Motor\n\nThe motor has no part" in hit["context"]
    assert search(query=question, k=1)["hits"][0]["context"] is None


def test_few_of_a_document_and_little_that_repeats(search: Any) -> None:
    found = search(query="seals", k=10, per_document=1, steps={"duplicates": False})
    documents = [hit["document_id"] for hit in found["hits"]]
    assert len(documents) == len(set(documents)) == 4
    plain = search(query="seals of pumps", k=4, steps={"duplicates": False})["hits"]
    diverse = search(query="seals of pumps", k=4, diversity=0.8, steps={"duplicates": False})
    assert [h["chunk_id"] for h in diverse["hits"]] != [h["chunk_id"] for h in plain]
    assert len({hit["text"] for hit in diverse["hits"]}) > len({hit["text"] for hit in plain})


def test_the_command_line_prints_copies_and_contexts(braid: Braid, tmp_path: Path) -> None:
    for name, text in FILES.items():
        path = tmp_path / "in" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    assert braid("ingest", tmp_path / "in").code == 0
    said = braid("search", "When are the seals of pumps renewed?", "-k", "3")
    assert said.out.count("(and 1 more that say the same)") == 1
    found = braid("search", "tool for old seals", "-k", "1", "--context-tokens", "200")
    assert "   The motor has no part that has to be greased." in found.out
    limited = braid("search", "seals", "--per-document", "1", "--diversity", "0.5", "--json").json
    documents = [hit["chunk"]["document_id"] for hit in limited["hits"]]
    assert len(documents) == len(set(documents)) > 2
    answer = braid(
        "ask", "How is the old seal pulled?", "--json",
        env={"BRAID_ANSWER__PASSAGE_CONTEXT_TOKENS": "200"},
    ).json  # fmt: skip
    assert "T-11" in answer["answer"]["text"]
    assert any(hit["context"] for hit in answer["hits"])
