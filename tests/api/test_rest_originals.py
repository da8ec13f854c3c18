"""Files given back, pages drawn with a passage marked, and chunks with what stands around them."""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pymupdf
import pytest
from PIL import Image
from rest_server import finished, problem

from api.settings import Settings

BASE = "/v1/collections/originals"
YELLOW = np.array([255, 224, 94])


def pdf(*texts: str, rotation: int = 0) -> bytes:
    with pymupdf.open() as document:  # type: ignore[no-untyped-call]
        for text in texts:
            page = document.new_page(width=420, height=600)
            page.insert_textbox((60, 60, 380, 540), text, fontsize=14)
            page.set_rotation(rotation)
        data: bytes = document.tobytes()
    return data


def packed(**members: bytes) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        for name, data in members.items():
            archive.writestr(name.replace("_", "."), data)
    return made.getvalue()


REPORT = pdf("The cover of the report.", "Revenue was 41.7 million euro in Rotterdam last year.")
TURNED = pdf("Pumps run at night to spare the grid in the daytime.", rotation=90)
PARTS = "\n\n".join(f"## Part {n}\n\n" + f"Valve {n} is checked by hand. " * 40 for n in range(6))
NOTES = f"# Notes\n\n{PARTS}".encode()
FILES = {
    "年报/report.pdf": REPORT,
    "turned.pdf": TURNED,
    "notes.md": NOTES,
    "制度.txt": "差旅费的报销期限是十五个工作日。".encode("gb18030"),
    "twin.pdf": REPORT,
    "p.zip": packed(inner_pdf=pdf("Bearings of the AV-240 take 20 g of grease."), c_txt=b"A cog."),
}


@pytest.fixture(scope="module")
def job(client: httpx.Client) -> dict[str, Any]:
    assert client.post("/v1/collections", json={"name": "originals"}).status_code == 201
    metadata = json.dumps([{"number": number} for number in range(len(FILES))])
    sent = [("files", (name, data)) for name, data in FILES.items()]
    taken = client.post(f"{BASE}/documents", files=sent, data={"metadata": metadata})
    assert taken.status_code == 202, taken.text
    return finished(client, taken.headers["Location"])


def original(client: httpx.Client, document: str, **headers: str) -> httpx.Response:
    return client.get(f"{BASE}/original", params={"document": document}, headers=headers)


def chunks(client: httpx.Client, document: str, **query: Any) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    address = str(httpx.URL(f"{BASE}/chunks", params={"document": document, **query}))
    while address:
        response = client.get(address)
        assert response.status_code == 200, response.text
        page = response.json()
        assert response.headers.get("Link") == (
            f'<{page["next"]}>; rel="next"' if page["next"] else None
        )
        found += page["chunks"]
        address = page["next"]
    return found


def picture(response: httpx.Response) -> Any:
    assert response.status_code == 200, response.text
    assert response.headers["Content-Type"] == "image/png"
    return np.asarray(Image.open(io.BytesIO(response.content)).convert("RGB")).astype(int)


def test_each_file_has_its_own_metadata(client: httpx.Client, job: dict[str, Any]) -> None:
    assert job["counts"]["failed"] == 0, job["failures"]
    for number, name in enumerate(FILES):
        if name != "p.zip":
            shown = client.get(f"{BASE}/documents/{name}").json()
            assert shown["metadata"]["number"] == number
    found = client.get(f"{BASE}/documents", params={"prefix": "p.zip/"}).json()["documents"]
    assert {row["metadata"]["number"] for row in found} == {5}


@pytest.mark.parametrize("name", FILES)
def test_a_file_comes_back_as_it_was(client: httpx.Client, job: dict[str, Any], name: str) -> None:
    given = original(client, name)
    assert given.status_code == 200
    assert given.content == FILES[name]
    assert given.headers["Content-Disposition"].startswith("attachment; filename")
    assert given.headers["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in given.headers["Content-Security-Policy"]
    assert "charset" not in given.headers["Content-Type"]
    again = original(client, name, **{"If-None-Match": given.headers["ETag"]})
    assert (again.status_code, again.content) == (304, b"")


def test_a_part_of_a_file(client: httpx.Client, job: dict[str, Any]) -> None:
    part = original(client, "notes.md", Range="bytes=2-6")
    assert (part.status_code, part.content) == (206, NOTES[2:7])
    assert part.headers["Content-Range"] == f"bytes 2-6/{len(NOTES)}"
    assert original(client, "notes.md", Range="bytes=-4").content == NOTES[-4:]
    for odd in ("bytes=5-3", "bytes=-", "lines=1-2", "bytes=0-1,4-5", "bytes=x"):
        assert original(client, "notes.md", Range=odd).status_code == 200, odd
    beyond = original(client, "notes.md", Range="bytes=99999-")
    problem(beyond, 416)
    assert beyond.headers["Content-Range"] == f"bytes */{len(NOTES)}"


def test_what_is_packed_is_taken_out(client: httpx.Client, job: dict[str, Any]) -> None:
    with zipfile.ZipFile(io.BytesIO(FILES["p.zip"])) as archive:
        for name in archive.namelist():
            given = original(client, f"p.zip/{name}")
            assert given.content == archive.read(name)
            assert f'filename="{name}"' in given.headers["Content-Disposition"]
    page = client.get(f"{BASE}/pages", params={"document": "p.zip/inner.pdf"})
    assert picture(page).shape == (800, 560, 3)


@pytest.mark.parametrize("name", ["年报/report.pdf", "turned.pdf"])
def test_the_passage_is_marked_where_it_stands(
    client: httpx.Client, job: dict[str, Any], name: str
) -> None:
    chunk = chunks(client, name)[-1]
    page = chunk["boxes"][-1]["page"]
    address = f"{BASE}/chunks/{chunk['id']}/pages/{page}"
    marked, plain = (
        picture(client.get(address, params={"dpi": 144, "highlight": highlight}))
        for highlight in (True, False)
    )
    wide = name == "turned.pdf"
    assert marked.shape == plain.shape == ((840, 1200, 3) if wide else (1200, 840, 3))
    changed = (marked != plain).any(axis=2)
    boxes = [box for box in chunk["boxes"] if box["page"] == page]
    inside = np.zeros(changed.shape, dtype=bool)
    for box in boxes:
        top, bottom = int(box["y0"] * 2), int(box["y1"] * 2)
        inside[top:bottom, int(box["x0"] * 2) : int(box["x1"] * 2)] = True
    near = np.zeros_like(inside)
    for rows, columns in [(slice(4, None), slice(4, None))]:
        near[:] = inside
        for shift in (-4, 4):
            near |= np.roll(inside, shift, axis=0) | np.roll(inside, shift, axis=1)
        near[rows, columns] |= inside[:-4, :-4]
    ink = plain.min(axis=2) < 100
    assert (ink & inside).sum() == ink.sum() > 100, "the boxes are where the text is"
    blank = inside & (plain.min(axis=2) == 255)
    assert (marked[blank] == YELLOW).all()
    assert not (changed & ~near & ~inside).sum() > 0.02 * inside.sum(), "nothing else is marked"


def test_pages_have_etags_limits_and_reasons(client: httpx.Client, job: dict[str, Any]) -> None:
    address = f"{BASE}/pages?document=turned.pdf"
    first = client.get(address)
    assert first.headers["Cache-Control"].startswith("private")
    unchanged = client.get(address, headers={"If-None-Match": first.headers["ETag"]})
    assert (unchanged.status_code, unchanged.content) == (304, b"")
    other = client.get(address + "&dpi=50", headers={"If-None-Match": first.headers["ETag"]})
    assert other.status_code == 200
    for wrong in ("&dpi=35", "&dpi=201", "&page=0", "&dpi=x"):
        problem(client.get(address + wrong), 422)
    problem(client.get(address + "&page=2"), 404)
    assert "show the text" in problem(client.get(f"{BASE}/pages?document=notes.md"), 404)["detail"]
    problem(client.get(f"{BASE}/pages?document=nothing"), 404)
    problem(client.get(f"{BASE}/chunks/{'0' * 32}/pages/1"), 404)
    links = client.get(f"{BASE}/documents/turned.pdf").json()["links"]
    assert client.get(links["pages"] + "&page=1").content == first.content
    assert client.get(links["original"]).content == TURNED
    assert client.get(links["chunks"]).json()["chunks"]
    assert client.get(f"{BASE}/documents/notes.md").json()["links"]["pages"] is None


def test_chunks_in_order_with_their_neighbours(client: httpx.Client, job: dict[str, Any]) -> None:
    found = chunks(client, "notes.md", limit=2)
    assert [one["ordinal"] for one in found] == list(range(len(found)))
    assert len(found) > 2
    middle = found[1]
    shown = client.get(f"{BASE}/chunks/{middle['id']}", params={"context": 2}).json()
    assert {key: shown[key] for key in middle} == middle
    assert [one["id"] for one in shown["before"]] == [found[0]["id"]]
    assert [one["id"] for one in shown["after"]] == [one["id"] for one in found[2:4]]
    assert shown["metadata"]["number"] == 2
    alone = client.get(f"{BASE}/chunks/{middle['id']}?context=0").json()
    assert (alone["before"], alone["after"]) == ([], [])
    last = chunks(client, "年报/report.pdf")[-1]
    detail = client.get(f"{BASE}/chunks/{last['id']}").json()
    for address in detail["page_images"]:
        assert client.get(address).status_code == 200
    assert detail["page_images"]
    problem(client.get(f"{BASE}/chunks/{'0' * 32}"), 404)
    problem(client.get(f"{BASE}/chunks?document=nothing"), 404)
    problem(client.get(f"{BASE}/chunks"), 422)


def test_lists_can_be_narrowed(client: httpx.Client, job: dict[str, Any]) -> None:
    def ids(**query: str) -> list[str]:
        found: list[str] = []
        address = str(httpx.URL(f"{BASE}/documents", params={"limit": "1", **query}))
        while address:
            page = client.get(address).json()
            found += [row["id"] for row in page["documents"]]
            address = page["next"]
        return found

    everything = ids()
    assert everything == sorted(everything) and len(everything) == 7
    assert ids(prefix="年报/") == ["年报/report.pdf"]
    assert ids(media_type="application/pdf", prefix="t") == ["turned.pdf", "twin.pdf"]
    assert ids(title="NOTES") == ["notes.md"]
    assert ids(state="ok", title="notes") == ["notes.md"]
    assert ids(state="unpacked", prefix="p.") == ["p.zip"]
    assert ids(title="%") == []


def test_a_broken_page_is_refused_and_the_server_goes_on(client: httpx.Client) -> None:
    """The catalog says that the document has a page; the file crashes or misleads the reader."""
    sent = {"files": ("odd.pdf", pdf("A page that is sound so far, with text."))}
    job = finished(client, client.post(f"{BASE}/documents", files=sent).headers["Location"])
    assert job["counts"]["added"] == 1
    shown = client.get(f"{BASE}/documents/odd.pdf").json()
    kept = _kept(client, shown["content_hash"])
    kept.write_bytes(kept.read_bytes()[:200])
    assert "changed" in problem(client.get(f"{BASE}/pages?document=odd.pdf"), 404)["detail"]
    assert client.get(f"{BASE}/pages?document=turned.pdf&dpi=40").status_code == 200
    assert client.delete(f"{BASE}/documents/odd.pdf").json()["originals"] == 1


@pytest.fixture(autouse=True)
def place(settings: Settings) -> None:
    _kept.folder = settings.data_dir / "collections" / "originals" / "originals"  # type: ignore[attr-defined]


def _kept(client: httpx.Client, digest: str) -> Path:
    folder: Path = _kept.folder  # type: ignore[attr-defined]
    return folder / digest


def test_deleting_deletes_the_file_with_the_last_document(
    client: httpx.Client, job: dict[str, Any]
) -> None:
    digest = hashlib.sha256(REPORT).hexdigest()
    kept = client.get(BASE).json()["originals"]
    assert _kept(client, digest).is_file()
    first = client.delete(f"{BASE}/documents/twin.pdf").json()
    assert (first["documents"], first["originals"]) == (1, 0)
    assert original(client, "年报/report.pdf").content == REPORT
    assert client.delete(f"{BASE}/documents/年报/report.pdf").json()["originals"] == 1
    assert not _kept(client, digest).exists()
    problem(original(client, "年报/report.pdf"), 404)
    changed = {"files": ("notes.md", b"# Notes\n\nOther words about valves.")}
    finished(client, client.post(f"{BASE}/documents", files=changed).headers["Location"])
    assert not _kept(client, hashlib.sha256(NOTES).hexdigest()).exists()
    assert original(client, "notes.md").content == changed["files"][1]
    assert client.get(BASE).json()["originals"] == kept - 1
