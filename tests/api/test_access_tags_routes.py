"""What is hidden from a key that holds access tags shows nowhere: every route is asked."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Iterator, Mapping
from typing import Any

import httpx
import pytest
from rest_server import finished, problem, running

from api.access import EVERY, Role
from api.keys import KeyRing, NewKey
from api.service_store import ServiceStore
from api.settings import Settings
from retrieve.contract import MODES

PLACE = "/v1/collections/vault"
KEYS: dict[str | None, dict[str, str]] = {}
OPEN = (
    "Daniel Zhang founded Cainiao Network in Hangzhou in 1999. Cainiao Network delivers parcels. "
    "The project is led from Hangzhou. Every employee has 25 days of leave.\n\n"
    "Cainiao Network works for Alibaba Group. The head office of Alibaba Group is in Hangzhou."
)
HIDDEN = (
    "Project Zephyrine is led by Morwenna Tarrant at Quillfeather Ltd.\n\n"
    "Quillfeather Ltd acquired Cainiao Network from Daniel Zhang in 2031. Morwenna Tarrant is the "
    "head of Quillfeather Ltd.\n\n星槎计划由慕容雪在青鸾公司主持。慕容雪是青鸾公司的总经理。"
)
MEMBER = "The vexillology ledger of Brackenridge Systems: Ottoline Farquhar gets 77,341 euros."
COPIED = (
    "The canteen opens at noon and closes at two. Soup is served on Mondays, and fish on Fridays. "
    "Guests are welcome, and pay at the door. The menu hangs beside the lift."
)
SECRETS = (
    "zephyrine", "morwenna", "tarrant", "quillfeather", "慕容雪", "青鸾", "星槎",
    "vexillology", "brackenridge", "ottoline", "77,341", "hr/dossier", "hr/box.zip", "hr/canteen",
    "hr/broken", "hush",
)  # fmt: skip
NOT_THERE = "no-such-thing"


@pytest.fixture(scope="module")
def vault(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    """A server with a collection of which most is for `hr`, and some for `hr` and `law`."""
    folder = tmp_path_factory.mktemp("vault")
    server = {"auth": "required", "requests_per_minute": 0}
    ring = KeyRing(ServiceStore(folder))
    for tags in (None, "", "sales", "hr", "law", "sales,ops"):
        KEYS[tags] = header_of(ring, tags)
    with running(Settings.model_validate({"data_dir": folder, "server": server})) as client:
        client.headers.update(KEYS[None])
        client.post("/v1/collections", json={"name": "vault"}).raise_for_status()
        texts(client, [("hr/dossier.txt", HIDDEN, ["hr", "law"])], "Dossier Zephyrine")
        texts(client, [("hr/canteen.txt", COPIED, ["hr"])])
        texts(client, [("open/handbook.txt", OPEN, None), ("open/canteen.txt", COPIED, None)])
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w") as archive:
            archive.writestr("ledger.txt", MEMBER)
            archive.writestr("ledger.txt.meta.json", json.dumps({"access": [], "year": 2031}))
        upload(client, [("hr/box.zip", packed.getvalue())], ["hr"])
        upload(client, [("hr/broken.pdf", b"%PDF-1.7 broken zephyrine")], ["hr"])
        for names in (["Quillfeather Ltd", "青鸾公司"], ["Morwenna Tarrant", "慕容雪"]):
            body = {"kind": "merge", "names": names, "note": "hush"}
            client.post(f"{PLACE}/graph/decisions", json=body).raise_for_status()
        yield client


def texts(
    client: httpx.Client, given: list[tuple[str, str, list[str] | None]], title: str = ""
) -> dict[str, Any]:
    documents = [
        {"id": name, "text": text, "title": title} | ({} if access is None else {"access": access})
        for name, text, access in given
    ]
    response = client.post(f"{PLACE}/documents/text", json={"documents": documents})
    assert response.status_code == 202, response.text
    return finished(client, response.headers["Location"])


def upload(
    client: httpx.Client, files: list[tuple[str, bytes]], access: list[str] | None, **more: Any
) -> dict[str, Any]:
    fields = {"ids": json.dumps([name for name, _ in files])}
    if access is not None:
        fields["access"] = json.dumps(access)
    parts = [("files", (name.rpartition("/")[2], data)) for name, data in files]
    response = client.post(f"{PLACE}/documents", data=fields, files=parts, **more)
    assert response.status_code == 202, response.text
    return finished(client, response.headers["Location"])


def header_of(ring: KeyRing, tags: str | None) -> dict[str, str]:
    """Of a new key that may do everything, with what it may see."""
    held = None if tags is None else frozenset(tags.split(",")) - {""}
    return {"Authorization": f"Bearer {ring.create(NewKey('k', {EVERY: Role.ADMIN}, held))[1]}"}


def as_reader(tags: str) -> dict[str, str]:
    return KEYS[tags]


def assert_silent(response: httpx.Response, *asked: str) -> None:
    """Nothing hidden is in a response, but for what was asked."""
    text = response.text.lower()
    for known in asked:
        text = text.replace(known.lower(), "")
    if response.headers["Content-Type"].startswith("application/json"):
        text = json.dumps(response.json(), ensure_ascii=False).lower()
        for known in asked:
            text = text.replace(known.lower(), "")
    assert not [secret for secret in SECRETS if secret in text], text[:2000]


def documents(client: httpx.Client, tags: str | None) -> dict[str, dict[str, Any]]:
    headers = {} if tags is None else as_reader(tags)
    found = client.get(f"{PLACE}/documents", headers=headers).json()["documents"]
    return {one["id"]: one for one in found}


def test_lists_and_counts_are_of_what_is_seen(vault: httpx.Client) -> None:
    every = documents(vault, None)
    assert {"hr/dossier.txt", "hr/box.zip/ledger.txt", "hr/canteen.txt"} < every.keys()
    assert every["hr/box.zip/ledger.txt"]["metadata"]["access"] == ["hr"]
    assert every["hr/box.zip/ledger.txt"]["metadata"]["year"] == 2031
    assert every["open/canteen.txt"]["metadata"]["duplicate_of"] == "hr/canteen.txt"
    seen = documents(vault, "sales")
    assert sorted(seen) == ["open/canteen.txt", "open/handbook.txt"]
    assert (
        not {"duplicate_of", "duplicate_similarity"} & seen["open/canteen.txt"]["metadata"].keys()
    )
    assert documents(vault, "law").keys() == {*seen, "hr/dossier.txt"}
    assert documents(vault, "hr").keys() == every.keys()
    assert documents(vault, "law")["hr/dossier.txt"]["metadata"]["access"] == ["law"]
    failed = vault.get(f"{PLACE}/documents", params={"state": "failed"}).json()["documents"]
    assert [one["id"] for one in failed] == ["hr/broken.pdf"]
    hidden = vault.get(
        f"{PLACE}/documents", params={"state": "failed"}, headers=as_reader("sales")
    ).json()
    assert hidden == {"documents": [], "next": None}
    stats = vault.get(PLACE, headers=as_reader("sales")).json()
    counted = {name: stats[name] for name in ("documents", "chunks", "vectors", "sparse", "dense")}
    chunks = sum(one["chunk_count"] for one in seen.values())
    assert counted == {"documents": 2} | dict.fromkeys(list(counted)[1:], chunks)
    pages = vault.get(f"{PLACE}/documents", params={"limit": 1}, headers=as_reader("sales")).json()
    after = vault.get(pages["next"], headers=as_reader("sales")).json()
    assert [pages["documents"][0]["id"], after["documents"][0]["id"]] == sorted(seen)
    assert after["next"] is None


def routes(vault: httpx.Client) -> list[tuple[str, str]]:
    """Every address of the service with its methods, from its own description."""
    paths = vault.get("/openapi.json").json()["paths"]
    return [(method, path) for path, ways in paths.items() for method in ways]


def filled(path: str, values: Mapping[str, str]) -> str:
    for name, value in values.items():
        path = path.replace(f"{{{name}}}", value)
    return path


@pytest.mark.parametrize("tags", ["", "sales"])
def test_no_address_shows_what_is_hidden(vault: httpx.Client, tags: str) -> None:
    reader = as_reader(tags)
    jobs = vault.get(f"{PLACE}/jobs").json()["jobs"]
    hidden_jobs = [one["id"] for one in jobs]
    hidden_jobs.remove(
        next(
            job["id"]
            for job in (vault.get(f"/v1/jobs/{name}").json() for name in hidden_jobs)
            if job["documents"][0]["document_id"] == "open/handbook.txt"
        )
    )
    assert [one["id"] for one in vault.get(f"{PLACE}/jobs", headers=reader).json()["jobs"]] == [
        one["id"] for one in jobs if one["id"] not in hidden_jobs
    ]
    entity = vault.get(f"{PLACE}/graph/entities", params={"query": "morwenna"}).json()
    merge = vault.get(f"{PLACE}/graph/merges", params={"query": "quillfeather"}).json()
    hidden = {
        "document_id": ("hr/dossier.txt", "hr/box.zip", "hr/broken.pdf", "hr/box.zip/ledger.txt"),
        "entity_id": (entity["entities"][0]["id"],),
        "job_id": hidden_jobs,
        "merge_id": (merge["merges"][0]["id"],),
        "number": ("1",),
    }
    looked_at = 0
    for method, path in routes(vault):
        names = [name.strip("{}") for name in path.split("/") if name.startswith("{")]
        own = [name for name in names if name != "collection"]
        if method not in ("get", "delete") or path == "/openapi.json":
            continue
        if method == "delete" and not own:
            continue  # of the whole collection, its words: no thing is named
        values = [
            {"collection": "vault", name: value}
            for name in own[:1]
            for value in hidden.get(name, ())
        ] or [{"collection": "vault"} | dict.fromkeys(own, NOT_THERE)]
        for value in values:
            rest = dict.fromkeys(own[1:], "1")
            asked = filled(path, value | rest)
            if path.endswith("/events"):
                continue
            response = vault.request(method, asked, headers=reader)
            assert_silent(response, *value.values(), asked)
            looked_at += 1
            if own and own[0] in hidden and response.status_code != 403:
                assert response.status_code == 404, f"{method} {asked}: {response.text}"
                other = dict.fromkeys(own[:1], "1234567" if own[0] == "number" else NOT_THERE)
                nothing = vault.request(
                    method, filled(path, {"collection": "vault"} | other | rest), headers=reader
                )
                if nothing.status_code == 404:
                    assert same_but_for(response, value[own[0]]) == same_but_for(
                        nothing, *other.values()
                    )
    assert looked_at > 25
    assert documents(vault, None).keys() >= {"hr/dossier.txt", "hr/box.zip/ledger.txt"}


def same_but_for(response: httpx.Response, *names: str) -> str:
    """A problem without what is each request's own."""
    found = response.json()
    text = json.dumps([found[name] for name in ("type", "title", "status", "detail")])
    for name in names:
        text = text.replace(json.dumps(name)[1:-1], "?")
    return text


QUESTIONS = (
    "who leads the project",
    "zephyrin",
    "morwena tarant",
    "Who is the head of Cainiao Network?",
    "Daniel Zhang and Cainiao Network in Hangzhou",
    "慕容学 青峦公司",
    "What are the main topics of this collection?",
    "这些文件主要讲了什么？",
    "when does the canteen open",
    '"acquired Cainiao Network"',
    "what happened after 2030",
)


@pytest.mark.parametrize("question", QUESTIONS)
def test_searches_and_answers_say_nothing_of_it(vault: httpx.Client, question: str) -> None:
    reader = as_reader("sales")
    for mode in MODES:
        body: dict[str, Any] = {
            "query": question, "k": 50, "mode": mode, "chains": 3, "explain": True,
            "context_tokens": 300,
        }  # fmt: skip
        found = vault.post(f"{PLACE}/search", json=body, headers=reader)
        assert found.status_code == 200, found.text
        assert_silent(found)
        assert {hit["document_id"] for hit in found.json()["hits"]} <= {
            "open/canteen.txt", "open/handbook.txt",
        }  # fmt: skip
    for body in (
        {"query": question, "explain": True, "chains": 2},
        {"query": question, "stream": True, "mode": "hybrid"},
        {"query": question, "filter": {"duplicate_of": {"$exists": True}}},
        {"query": question, "filter": {"access": {"$in": ["hr", "sales"]}}, "fusion": "rrf"},
        {"query": question, "fusion": "sparse", "history": [{"question": "Who is it?"}]},
    ):
        answered = vault.post(f"{PLACE}/query", json=body, headers=reader)
        assert answered.status_code == 200, answered.text
        assert_silent(answered, "hr")
        if "filter" in body:
            assert answered.json()["hits"] == []
    shown = vault.post(
        f"{PLACE}/search", json={"query": "Morwenna Tarrant"}, headers=as_reader("law")
    )
    assert "hr/dossier.txt" in {hit["document_id"] for hit in shown.json()["hits"]}


def test_what_cannot_be_narrowed_needs_a_key_that_sees_all(vault: httpx.Client) -> None:
    for address in ("/v1/audit", "/v1/doctor", f"{PLACE}/backup", f"{PLACE}/evaluations"):
        assert vault.get(address).status_code == 200, address
        problem(vault.get(address, headers=as_reader("hr")), 403)


def test_the_graph_is_that_of_what_is_seen(vault: httpx.Client) -> None:
    reader = as_reader("sales")
    place = f"{PLACE}/graph"
    entities = vault.get(f"{place}/entities", headers=reader).json()["entities"]
    assert "Cainiao Network" in {one["name"] for one in entities}
    whole = vault.get(f"{place}/stats").json()
    seen = vault.get(f"{place}/stats", headers=reader).json()
    assert seen["entities"] == len(entities) < whole["entities"]
    assert seen["decisions"] == 0 and whole["decisions"] == 2
    for form in ("json", "graphml", "csv"):
        export = vault.get(f"{place}/export", params={"format": form}, headers=reader)
        assert export.status_code == 200
        if form == "csv":
            with zipfile.ZipFile(io.BytesIO(export.content)) as archive:
                text = b"".join(map(archive.read, archive.namelist())).decode().lower()
            assert not [secret for secret in SECRETS if secret in text]
        else:
            assert_silent(export)
    for one in entities:
        for what in ("", "/neighbours", "/drawing.svg", "/drawing.html"):
            address = httpx.URL(f"{place}/entities/").join(
                httpx.URL(path=f"{place}/entities/{one['id']}{what}")
            )
            shown = vault.get(address, headers=reader)
            assert shown.status_code == 200
            assert_silent(shown)
    ends = {"from": "Cainiao Network", "to": "Morwenna Tarrant"}
    assert vault.get(f"{place}/path", params=ends).json()["paths"]
    problem(vault.get(f"{place}/path", params=ends, headers=reader), 404)
    body = {"kind": "merge", "names": ["Cainiao Network", "Quillfeather Ltd"]}
    problem(vault.post(f"{place}/decisions", json=body, headers=reader), 404)
    problem(vault.put(f"{place}/aliases", json={"aliases": []}, headers=reader), 403)


def test_a_writer_gives_no_tags_but_its_own(vault: httpx.Client) -> None:
    writer = as_reader("sales,ops")

    def hand_in(name: str, access: Any = None, status: int = 202) -> httpx.Response:
        one = {"id": name, "text": "Our plans for spring."}
        one |= {} if access is None else {"access": access}
        given = vault.post(f"{PLACE}/documents/text", json={"documents": [one]}, headers=writer)
        assert given.status_code == status, given.text
        if status == 202:
            finished(vault, given.headers["Location"])
        return given

    hand_in("sales/plan.txt")
    assert documents(vault, None)["sales/plan.txt"]["metadata"]["access"] == ["ops", "sales"]
    hand_in("sales/plan.txt", ["sales"])
    assert documents(vault, None)["sales/plan.txt"]["metadata"]["access"] == ["sales"]
    hand_in("sales/plan.txt")
    assert documents(vault, None)["sales/plan.txt"]["metadata"]["access"] == ["sales"]
    hand_in("sales/plan.txt", ["hr"], 403)
    hand_in("sales/plan.txt", [], 403)
    hand_in("sales/plan.txt", ["no space"], 422)
    hand_in("hr/dossier.txt", None, 403)
    one = {"id": "x.txt", "text": "x", "metadata": {"access": []}}
    problem(vault.post(f"{PLACE}/documents/text", json={"documents": [one]}, headers=writer), 422)
    for name, status in (("hr/dossier.txt", 404), ("hr/broken.pdf", 404), ("hr/box.zip", 404)):
        address = f"{PLACE}/documents/{name}"
        problem(vault.patch(address, json={"access": ["sales"]}, headers=writer), status)
        problem(vault.delete(address, headers=writer), status)
    gone = vault.post(
        f"{PLACE}/documents/delete", json={"ids": ["hr/dossier.txt"]}, headers=writer
    ).json()
    assert gone["documents"] == gone["chunks"] == 0
    assert vault.delete(f"{PLACE}/documents/sales/plan.txt", headers=writer).status_code == 200


def test_tags_change_at_once_and_go_with_what_is_packed(vault: httpx.Client) -> None:
    def seen(tags: str) -> set[str]:
        asked = {"query": "vexillology ledger of Ottoline Farquhar", "k": 20}
        hits = vault.post(f"{PLACE}/search", json=asked, headers=as_reader(tags)).json()["hits"]
        return {hit["document_id"] for hit in hits}

    member = "hr/box.zip/ledger.txt"
    assert member not in seen("sales")
    address = f"{PLACE}/documents/hr/box.zip"
    before = vault.get(PLACE).json()
    changed = vault.patch(address, json={"access": ["sales", "hr"]})
    assert changed.status_code == 200, changed.text
    assert member in seen("sales")
    assert vault.patch(address, json={"access": ["hr"]}).status_code == 200
    assert member not in seen("sales")
    after = vault.get(PLACE).json()
    assert after["generation"] == before["generation"] + 2
    assert {k: v for k, v in after.items() if k != "generation"} == {
        k: v for k, v in before.items() if k != "generation"
    }
    told = vault.patch(
        f"{PLACE}/documents/open/handbook.txt", json={"metadata": {"year": 2024, "source": None}}
    ).json()
    assert told["metadata"]["year"] == 2024 and "source" not in told["metadata"]
    refused: list[dict[str, Any]] = [
        {"access": "hr"}, {"metadata": {"access": []}}, {"metadata": {"duplicate_of": "x"}},
    ]  # fmt: skip
    for wrong in refused:
        response = vault.patch(f"{PLACE}/documents/open/handbook.txt", json=wrong)
        assert response.status_code in (400, 422), response.text
