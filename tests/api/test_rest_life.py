"""The life of a collection over REST."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from functools import cache
from typing import Any
from urllib.parse import quote

import httpx
import pymupdf
import pytest
from rest_server import finished, problem

from api.settings import Settings
from index.lock import writer_lock

HANDBOOK = """# Pump handbook

## Warranty

The warranty of the AV-200 pump lasts 24 months from the day of delivery.

## Lubrication

Bearings of the AV-240 take 20 g of polyurea grease every 4,000 hours.
"""
RULES = """差旅费管理规定

第一条 住宿标准

一线城市的住宿费每人每晚不超过六百五十元，其他城市不超过四百五十元。

第二条 报销期限

出差结束后十五个工作日内必须提交报销单，逾期不予受理。
"""
PAGE = (
    "<html><head><title>Canteen</title></head><body><nav>Home | Contact</nav><article>"
    "<h1>Canteen</h1><p>The canteen opens at 11:30 and serves noodles on Thursdays.</p>"
    "</article></body></html>"
)


def pdf(text: str) -> bytes:
    with pymupdf.open() as document:  # type: ignore[no-untyped-call]
        for page_text in ("Cover of the report", text):
            document.new_page().insert_textbox((72, 72, 520, 700), page_text, fontsize=11)
        data: bytes = document.tobytes()
    return data


@cache  # no two PDFs that are made have the same bytes
def files() -> list[tuple[str, tuple[str, bytes]]]:
    revenue = "In 2023 the company earned a revenue of 41.7 million euro in Rotterdam."
    named = {
        "docs/handbook.md": HANDBOOK.encode(),
        "制度/差旅费.txt": RULES.encode("gb18030"),
        "canteen.html": PAGE.encode(),
        "report.pdf": pdf(revenue),
        "broken.pdf": b"%PDF-1.7\nnothing more",
        "photo.pdf": b"\x89PNG\r\n\x1a\n" + bytes(64),
        "empty.txt": b"",
    }
    return [("files", (name, data)) for name, data in named.items()]


@pytest.fixture(scope="module")
def job(client: httpx.Client) -> dict[str, Any]:
    """The job of an upload of several files into the collection `life`."""
    created = client.post("/v1/collections", json={"name": "life"})
    assert created.status_code == 201
    assert created.headers["Location"] == "/v1/collections/life"
    assert created.json()["documents"] == 0
    metadata = json.dumps({"site": "鹿特丹", "year": 2024, "tags": ["a", "b"]})
    taken = client.post(
        "/v1/collections/life/documents", files=files(), data={"metadata": metadata}
    )
    assert taken.status_code == 202, taken.text
    assert taken.headers["Location"] == f"/v1/jobs/{taken.json()['id']}"
    assert taken.json()["counts"]["documents"] == 7
    return finished(client, taken.headers["Location"])


def post(client: httpx.Client, path: str, **body: Any) -> dict[str, Any]:
    response = client.post(f"/v1/collections/life{path}", json=body)
    assert response.status_code == 200, response.text
    found: dict[str, Any] = response.json()
    return found


def test_the_job_tells_what_became_of_each_file(job: dict[str, Any]) -> None:
    assert job["state"] == "done"
    states = {item["document_id"]: item["state"] for item in job["documents"]}
    assert states == {
        "docs/handbook.md": "added",
        "制度/差旅费.txt": "added",
        "canteen.html": "added",
        "report.pdf": "added",
        "broken.pdf": "failed",
        "photo.pdf": "failed",
        "empty.txt": "failed",
    }
    assert job["counts"]["added"] == 4
    assert job["counts"]["failed"] == 3
    assert job["counts"]["queued"] == 0
    assert job["counts"]["embedded"] == job["counts"]["chunks"] > 4
    reasons = {item["document_id"]: item["reason"] for item in job["failures"]}
    assert set(reasons) == {"broken.pdf", "photo.pdf", "empty.txt"}
    assert all(reasons.values())
    assert "empty" in reasons["empty.txt"]
    assert job["created_at"] <= job["started_at"] <= job["finished_at"]


def test_the_spool_has_what_failed_alone_once_the_job_is_done(
    job: dict[str, Any], settings: Settings
) -> None:
    spool = settings.data_dir / "collections" / "life" / "spool"
    kept = [file[0] for _, file in files()].index("broken.pdf")
    end = time.monotonic() + 10
    while (left := sorted(p.name for p in spool.glob("*/*"))) != ["4", "5", "6"]:
        assert time.monotonic() < end, left
        time.sleep(0.02)
    assert kept == 4


def test_jobs_are_listed_newest_first_in_pages(client: httpx.Client, job: dict[str, Any]) -> None:
    found = client.get("/v1/collections/life/jobs").json()
    assert job["id"] in [item["id"] for item in found["jobs"]]
    address = "/v1/collections/life/jobs?limit=1"
    pages = []
    while address:
        page = client.get(address).json()
        pages += [item["id"] for item in page["jobs"]]
        address = page["next"]
    assert pages == [item["id"] for item in found["jobs"]]


def test_documents_are_listed_and_shown(client: httpx.Client, job: dict[str, Any]) -> None:
    wanted = sorted(["docs/handbook.md", "制度/差旅费.txt", "canteen.html", "report.pdf"])
    address = "/v1/collections/life/documents?limit=3"
    found: list[str] = []
    while address:
        page = client.get(address).json()
        found += [item["id"] for item in page["documents"]]
        address = page["next"]
    assert found == wanted
    for document_id in wanted:
        for shown in (document_id, quote(document_id, safe="")):
            one = client.get(f"/v1/collections/life/documents/{shown}")
            assert one.status_code == 200, shown
            assert one.json()["id"] == document_id
            assert one.json()["metadata"]["site"] == "鹿特丹"
    assert client.get("/v1/collections/life/documents/report.pdf").json()["page_count"] == 2
    problem(client.get("/v1/collections/life/documents/nothing/here"), 404)


def test_search_finds_in_both_languages_and_explains(
    client: httpx.Client, job: dict[str, Any]
) -> None:
    found = post(client, "/search", query="出差以后多久要报销", k=3, explain=True)
    hit = found["hits"][0]
    assert hit["document_id"] == "制度/差旅费.txt"
    assert "十五个工作日" in hit["text"]
    assert [item["rank"] for item in found["hits"]] == list(range(1, len(found["hits"]) + 1))
    judges = {"sparse", "translated", "dense", "graph", "late_interaction"}
    assert set(hit["legs"]) == judges
    assert hit["legs"]["sparse"]["rank"] == 1
    assert found["explanation"]["fusion"] == "default"
    assert set(found["explanation"]["weights"]) == judges
    assert all(isinstance(wordings, list) for wordings in found["explanation"]["translations"])
    assert found["explanation"]["timings_ms"]

    crossed = post(client, "/search", query="轴承加多少润滑脂", k=1, fusion="dense")["hits"][0]
    assert crossed["document_id"] == "docs/handbook.md"
    assert crossed["heading_path"][-1] == "Lubrication"
    assert crossed["legs"] is None, "only asked for with explain"


def test_a_hit_in_a_pdf_has_its_page_and_box(client: httpx.Client, job: dict[str, Any]) -> None:
    hit = post(client, "/search", query="revenue of the company", k=1)["hits"][0]
    assert hit["document_id"] == "report.pdf"
    assert hit["pages"][1] == 2
    box = next(box for box in hit["boxes"] if box["page"] == 2)
    assert 60 < box["x0"] < box["x1"] < 530


def test_filters_keep_to_what_they_say(client: httpx.Client, job: dict[str, Any]) -> None:
    def ids(expression: dict[str, Any]) -> set[str]:
        found = post(client, "/search", query="pump 差旅 revenue", k=50, filter=expression)
        return {hit["document_id"] for hit in found["hits"]}

    everything = {"docs/handbook.md", "制度/差旅费.txt", "canteen.html", "report.pdf"}
    assert ids({"year": {"$gte": 2024}}) == everything
    assert ids({"language": "zh"}) == {"制度/差旅费.txt"}
    assert ids({"media_type": {"$in": ["application/pdf"]}}) == {"report.pdf"}
    assert ids({"document_id": {"$ne": "report.pdf"}}) == everything - {"report.pdf"}
    assert ids({"$not": {"tags": "a"}}) == set()


def test_an_answer_cites_the_passage_it_comes_from(
    client: httpx.Client, job: dict[str, Any]
) -> None:
    question = "How long does the warranty of the AV-200 pump last?"
    found = post(client, "/query", query=question)
    assert found["known"] is True
    assert "24 months" in found["answer"]
    assert found["generator"]
    cited = [c for c in found["citations"] if c["document_id"] == "docs/handbook.md"]
    assert cited
    start, end = cited[0]["span"]
    assert found["answer"][start:end].strip()
    assert "24 months" in cited[0]["quote"]
    hits = {hit["chunk_id"]: hit["text"] for hit in found["hits"]}
    for citation in found["citations"]:
        assert citation["quote"] in hits[citation["chunk_id"]]
        assert 0 < citation["support"] <= 1


def events_of(response: httpx.Response) -> Iterator[tuple[str, dict[str, Any]]]:
    name = ""
    for line in response.iter_lines():
        if line.startswith("event: "):
            name = line.removeprefix("event: ")
        elif line.startswith("data: "):
            yield name, json.loads(line.removeprefix("data: "))


@pytest.mark.parametrize(
    ("body", "headers"), [({"stream": True}, {}), ({}, {"Accept": "text/event-stream"})]
)
def test_a_stream_has_hits_pieces_the_answer_and_an_end(
    client: httpx.Client, job: dict[str, Any], body: dict[str, Any], headers: dict[str, str]
) -> None:
    question = {"query": "一线城市的住宿标准是多少", "k": 4}
    path = "/v1/collections/life/query"
    with client.stream("POST", path, json={**question, **body}, headers=headers) as response:
        assert response.status_code == 200
        assert response.headers["Content-Type"].startswith("text/event-stream")
        events = list(events_of(response))
    names = [name for name, _ in events]
    assert names[0] == "hits"
    assert names[-2:] == ["answer", "done"]
    assert set(names[1:-2]) == {"delta"}
    data = dict(events)
    assert "六百五十" in data["answer"]["answer"]
    whole = post(client, "/query", **question)
    assert data["answer"]["answer"] == whole["answer"]
    assert data["hits"]["hits"] == whole["hits"]


def test_a_stream_that_cannot_begin_is_a_problem(client: httpx.Client, job: dict[str, Any]) -> None:
    body = {"query": "x", "stream": True, "filter": {"a": {"$near": 1}}}
    assert "$near" in problem(client.post("/v1/collections/life/query", json=body), 422)["detail"]


def test_the_same_upload_again_embeds_nothing(client: httpx.Client, job: dict[str, Any]) -> None:
    metadata = json.dumps({"site": "鹿特丹", "year": 2024, "tags": ["a", "b"]})
    taken = client.post(
        "/v1/collections/life/documents", files=files(), data={"metadata": metadata}
    )
    again = finished(client, taken.headers["Location"])
    assert again["counts"]["unchanged"] == 4
    assert again["counts"]["embedded"] == 0


def test_texts_are_taken_changed_and_deleted(client: httpx.Client) -> None:
    client.post("/v1/collections", json={"name": "texts"})
    base = "/v1/collections/texts"

    def hand_in(*documents: dict[str, Any]) -> dict[str, Any]:
        taken = client.post(f"{base}/documents/text", json={"documents": list(documents)})
        assert taken.status_code == 202, taken.text
        return finished(client, taken.headers["Location"])

    first = {"id": "note/晨会", "text": "水泵三月检修。", "title": "晨会", "metadata": {"n": 1}}
    second = {"id": "second", "text": "<html> is how web pages begin."}
    assert hand_in(first, second)["counts"]["added"] == 2
    assert client.get(f"{base}/documents/note/晨会").json()["title"] == "晨会"
    assert hand_in(first, second)["counts"]["unchanged"] == 2
    assert hand_in({**first, "title": "早会"})["counts"]["updated"] == 1
    assert client.get(f"{base}/documents/note/晨会").json()["title"] == "早会"
    assert hand_in({"id": "blank", "text": " \n "})["failures"][0]["document_id"] == "blank"

    receipt = client.post(f"{base}/documents/delete", json={"ids": ["second", "note/晨会", "x"]})
    assert receipt.json()["documents"] == 2
    assert client.get(base).json()["chunks"] == 0


def test_an_upload_takes_the_ids_that_it_is_given(client: httpx.Client) -> None:
    client.post("/v1/collections", json={"name": "named"})
    sent = [("files", ("../../etc/passwd", b"The first file.")), ("files", ("a.txt", b"Second."))]
    ids = json.dumps(["一/first.txt", "二/second.txt"])
    taken = client.post("/v1/collections/named/documents", files=sent, data={"ids": ids})
    assert finished(client, taken.headers["Location"])["counts"]["added"] == 2
    listed = client.get("/v1/collections/named/documents").json()["documents"]
    assert [item["id"] for item in listed] == ["一/first.txt", "二/second.txt"]
    assert client.delete("/v1/collections/named").status_code == 204
    problem(client.get("/v1/collections/named"), 404)


def test_deleting_every_document_leaves_zero_rows(client: httpx.Client, settings: Settings) -> None:
    client.post("/v1/collections", json={"name": "emptied"})
    base = "/v1/collections/emptied"
    sent = [("files", ("手册.md", HANDBOOK.encode())), ("files", ("b.txt", RULES.encode()))]
    finished(client, client.post(f"{base}/documents", files=sent).headers["Location"])
    before = client.get(base).json()
    assert before["documents"] == 2
    receipts = [client.delete(f"{base}/documents/{name}").json() for name in ("手册.md", "b.txt")]
    for store in ("documents", "chunks", "vectors", "sparse", "dense"):
        assert sum(receipt[store] for receipt in receipts) == before[store] > 0
        assert client.get(base).json()[store] == 0
    assert client.post(f"{base}/search", json={"query": "warranty"}).json()["hits"] == []
    answer = client.post(f"{base}/query", json={"query": "warranty?"}).json()
    assert (answer["known"], answer["citations"]) == (False, [])
    problem(client.delete(f"{base}/documents/b.txt"), 404)

    folder = settings.data_dir / "collections" / "emptied"
    with writer_lock(folder):
        held = problem(client.delete(base), 409)
        assert "process" in held["detail"]
    assert client.delete(base).status_code == 204
    assert not folder.exists()
    assert "emptied" not in [
        item["name"] for item in client.get("/v1/collections").json()["collections"]
    ]
