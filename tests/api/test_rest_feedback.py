"""Ratings over REST and on the command line, and what is learned from them."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from typing import Any

import httpx
import pytest
from cli_fixtures import Braid
from rest_server import finished, problem

from api.settings import Settings
from index.catalog import CATALOG, Catalog
from index.feedback import Ratings

BASE = "/v1/collections/rated"


@pytest.fixture(scope="module")
def rated(client: httpx.Client) -> list[dict[str, Any]]:
    """Hits of a collection of two documents."""
    client.post("/v1/collections", json={"name": "rated"})
    documents = [
        {"id": "pumps.txt", "text": "The warranty of the pump lasts 24 months."},
        {"id": "食堂.txt", "text": "食堂十一点半开门，周四有面条。"},
    ]
    job = client.post(f"{BASE}/documents/text", json={"documents": documents})
    finished(client, job.headers["Location"])
    found = client.post(f"{BASE}/search", json={"query": "pump warranty", "k": 2}).json()
    hits: list[dict[str, Any]] = found["hits"]
    return hits


def give(client: httpx.Client, **body: Any) -> dict[str, Any]:
    response = client.post(f"{BASE}/feedback", json={"query": "pump warranty", **body})
    assert response.status_code == 201, response.text
    assert response.headers["Location"] == f"{BASE}/feedback/{response.json()['id']}"
    found: dict[str, Any] = response.json()
    return found


def test_a_rating_takes_the_place_of_an_earlier_one(
    client: httpx.Client, rated: list[dict[str, Any]]
) -> None:
    first = give(client, chunk_id=rated[0]["chunk_id"], rating=-1, comment="no")
    assert (first["document_id"], first["rating"]) == ("pumps.txt", -1)
    second = give(client, document_id="pumps.txt", rating=3, answer="24 months.")
    other = give(client, document_id="食堂.txt", rating=0)
    listed = client.get(f"{BASE}/feedback").json()
    assert [one["id"] for one in listed["feedback"]] == [other["id"], second["id"]]
    assert listed["questions"] == 1
    page = client.get(f"{BASE}/feedback?limit=1").json()
    assert [one["id"] for one in client.get(page["next"]).json()["feedback"]] == [second["id"]]
    assert client.delete(f"{BASE}/feedback/{other['id']}").status_code == 204
    problem(client.delete(f"{BASE}/feedback/{other['id']}"), 404)


def test_what_is_not_there_cannot_be_rated(
    client: httpx.Client, rated: list[dict[str, Any]]
) -> None:
    def refused(status: int, **body: Any) -> None:
        given = {"query": "pump", "rating": 1, **body}
        problem(client.post(f"{BASE}/feedback", json=given), status)

    refused(404, chunk_id="f" * 32)
    refused(404, document_id="gone.txt")
    refused(422, chunk_id=rated[0]["chunk_id"], document_id="食堂.txt")
    refused(422)
    refused(422, document_id="pumps.txt", rating=4)
    refused(422, document_id="pumps.txt", query=" ")


def test_too_few_ratings_tune_nothing(client: httpx.Client, rated: list[dict[str, Any]]) -> None:
    begun = client.post(f"{BASE}/tune", json={"source": "feedback"})
    assert begun.status_code == 202
    ended = finished(client, begun.headers["Location"])
    assert ended["state"] == "failed"
    assert "50 are needed" in ended["note"]


def test_a_deletion_leaves_no_answer_and_learns_nothing_of_what_is_gone(
    client: httpx.Client, rated: list[dict[str, Any]], settings: Settings
) -> None:
    give(client, document_id="食堂.txt", query="When?", rating=2, answer="十一点半开门")
    assert client.get(f"{BASE}/feedback").json()["questions"] == 2
    client.delete(f"{BASE}/documents/食堂.txt")
    listed = client.get(f"{BASE}/feedback").json()
    assert [one["answer"] for one in listed["feedback"]] == ["", ""]
    assert [one["document_id"] for one in listed["feedback"]] == ["食堂.txt", "pumps.txt"]
    assert listed["questions"] == 1
    path = settings.data_dir / "collections" / "rated" / CATALOG
    with closing(Catalog(path)) as catalog:
        assert catalog.read("SELECT count(*) FROM feedback WHERE answer != ''")[0][0] == 0


def test_ratings_go_with_exports_and_are_written_as_a_dataset(braid: Braid, tmp_path: Path) -> None:
    files = tmp_path / "files"
    files.mkdir()
    (files / "pump.md").write_text("# Pump\n\nThe warranty of the pump lasts 24 months.\n")
    (files / "canteen.md").write_text("# Canteen\n\nThe canteen opens at noon.\n")
    assert braid("ingest", files).code == 0
    assert braid("feedback", "export", "--qrels", tmp_path / "none").code == 2
    rate(braid, "how long is the warranty?", {"pump.md": 3, "canteen.md": -1})
    export = tmp_path / "export.zip"
    assert braid("export", "default", export).code == 0
    assert braid("import", export, "-c", "copy").code == 0
    listed = braid("feedback", "list", "-c", "copy", "--json").json["feedback"]
    assert [(one["document_id"], one["rating"]) for one in listed] == [
        ("pump.md", 3), ("canteen.md", -1)
    ]  # fmt: skip
    assert braid("reindex", "copy").code == 0
    assert braid("feedback", "list", "-c", "copy", "--json").json["feedback"] == listed
    said = braid("feedback", "export", "-c", "copy", "--qrels", tmp_path / "beir", "--json")
    assert (said.json["queries"], said.json["judgements"], said.json["documents"]) == (1, 2, 2)
    measured = braid("eval", "run", tmp_path / "beir", "--legs", "default", "--json").json
    assert measured["legs"]["default"]["RR@10"] == 1.0
    assert braid("tune", "-c", "copy", "--feedback").code == 2
    for number in range(50):
        rate(braid, f"question {number} about the pump", {"pump.md": 1}, "copy")
    tuned = braid("tune", "-c", "copy", "--feedback", "--json").json
    assert tuned["tuning"]["source"] == "feedback"
    assert tuned["fit"]["trials"] == 51


def rate(braid: Braid, query: str, ratings: dict[str, int], collection: str = "default") -> None:
    """As the service would: it is not on the command line."""
    with closing(Catalog(braid.data / "collections" / collection / CATALOG)) as catalog:
        for document, rating in ratings.items():
            Ratings(catalog).add(query, document, rating)
