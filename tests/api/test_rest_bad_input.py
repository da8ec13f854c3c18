"""Whatever a client sends, it gets a clear problem or a sensible result."""

from __future__ import annotations

import io
import json
import socket
from typing import Any
from urllib.parse import quote

import httpx
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from rest_server import finished, problem

from api.settings import Settings
from ingest.contract import BadInput, Conflict

BASE = "/v1/collections/bad"
ODD_NAMES = ["", " ", "..", ".", "../x", "a/b", "a\\b", "-a", ".hidden", "x" * 65, "a\x00b", "a\nb"]
ODD_IDS = ["", " ", "/etc/passwd", "../x", "a/../b", "..", ".", "a//b", "a/", "C:\\x", "a\x00b",
           "a\nb", "x" * 513, "a\\..\\b"]  # fmt: skip


@pytest.fixture(scope="module", autouse=True)
def collection(client: httpx.Client) -> None:
    created = client.post("/v1/collections", json={"name": "bad"})
    assert created.status_code == 201
    document = {"id": "one", "text": "Bearings are greased yearly.", "metadata": {"year": 2024}}
    taken = client.post(f"{BASE}/documents/text", json={"documents": [document]})
    assert finished(client, taken.headers["Location"])["counts"]["added"] == 1


def sent(client: httpx.Client, path: str, content: bytes, kind: str | None) -> httpx.Response:
    headers = {"Content-Type": kind} if kind is not None else {}
    return client.post(path, content=content, headers=headers)


def test_what_is_not_there_is_not_found(client: httpx.Client) -> None:
    body = {"query": "x"}
    for path in ("/search", "/query", "/documents/delete"):
        given_body = {"ids": ["x"]} if path.endswith("delete") else body
        found = problem(client.post(f"/v1/collections/nowhere{path}", json=given_body), 404)
        assert "nowhere" in found["detail"] and "bad" in found["detail"]
    files = {"files": ("a.txt", b"text")}
    problem(client.post("/v1/collections/nowhere/documents", files=files), 404)
    for path in ("", "/documents", "/documents/a", "/jobs"):
        problem(client.get(f"/v1/collections/nowhere{path}"), 404)
    problem(client.delete("/v1/collections/nowhere"), 404)
    problem(client.get("/v1/jobs/" + "0" * 32), 404)
    problem(client.get("/v1/nothing"), 404)
    problem(client.get("/v1/collections/"), 404)


def test_a_wrong_method_is_refused_before_its_if_match(client: httpx.Client) -> None:
    refused = client.put(f"{BASE}/documents/one", headers={"If-Match": '"another"'})
    problem(refused, 405)
    refused = client.options(f"{BASE}/documents/delete")
    assert refused.headers["Allow"] == "POST"
    problem(client.delete(f"{BASE}/documents/one", headers={"If-Match": '"another"'}), 412)


def test_a_moment_is_no_number(client: httpx.Client) -> None:
    problem(client.get("/v1/audit", params={"until": "0.5"}), 422)
    taken = client.get("/v1/audit", params={"until": "2026-03-01T08:00:00Z"})
    assert taken.json()["entries"] == []
    key = {"name": "a", "grants": {"bad": "read"}, "expires_at": 4e9}
    problem(client.post("/v1/keys", json=key), 422)


def test_a_wrong_method_is_told_the_right_ones(client: httpx.Client) -> None:
    refused = client.put("/v1/collections", json={})
    problem(refused, 405)
    assert refused.headers["Allow"] == "GET, POST"
    refused = client.put(f"{BASE}/documents/a/b")
    problem(refused, 405)
    assert refused.headers["Allow"] == "DELETE, GET, PATCH"


@pytest.mark.parametrize("name", ODD_NAMES)
def test_names_of_collections(client: httpx.Client, name: str, settings: Settings) -> None:
    problem(client.post("/v1/collections", json={"name": name}), 422)
    for method in ("GET", "DELETE"):
        answer = client.request(method, f"/v1/collections/{quote(name, safe='')}")
        # httpx resolves dots itself, so that these reach the list of collections.
        assert answer.status_code in (404, 405, 422) or (name in (".", "..") and method == "GET")
    made = {path.name for path in settings.data_dir.iterdir()}
    assert {name for name in made if not name.startswith(("service.", "tasks."))} == {"collections"}


def test_a_collection_is_made_once(client: httpx.Client) -> None:
    problem(client.post("/v1/collections", json={"name": "bad"}), 409)


@pytest.mark.parametrize("document_id", ODD_IDS)
def test_ids_of_documents(client: httpx.Client, document_id: str) -> None:
    body = {"documents": [{"id": document_id, "text": "x"}]}
    problem(client.post(f"{BASE}/documents/text", json=body), 422)
    files = {"files": ("a.txt", b"text")}
    ids = {"ids": json.dumps([document_id])}
    problem(client.post(f"{BASE}/documents", files=files, data=ids), 422)
    shown = client.get(f"{BASE}/documents/{quote(document_id, safe='')}")
    assert shown.status_code == 404 or document_id in (".", "..", "a/..")  # resolved by httpx


def test_file_names_lead_nowhere(client: httpx.Client, settings: Settings) -> None:
    for name in ("../../evil.txt", "/etc/evil.txt", "..\\evil.txt", "a/../../evil.txt"):
        files = {"files": (name, b"text")}
        problem(client.post(f"{BASE}/documents", files=files), 422)
    assert not list(settings.data_dir.parent.rglob("*evil*"))
    spool = settings.data_dir / "collections" / "bad" / "spool"
    assert [path for path in spool.iterdir() if path.is_dir()] == []


WRONG_SEARCHES: list[dict[str, Any]] = [
    {},
    {"query": ""},
    {"query": " \n"},
    {"query": "汉" * 100_000},
    {"query": 7},
    {"query": None},
    {"query": ["x"]},
    {"query": "x", "k": 0},
    {"query": "x", "k": -1},
    {"query": "x", "k": 10**9},
    {"query": "x", "k": 10**30},
    {"query": "x", "k": "ten"},
    {"query": "x", "k": 1.5},
    {"query": "x", "k": True},
    {"query": "x", "fusion": "nope"},
    {"query": "x", "fusion": 3},
    {"query": "x", "explain": "yes"},
    {"query": "x", "unknown": 1},
    {"query": "x", "filter": []},
    {"query": "x", "filter": "year"},
    {"query": "x", "filter": {"year": {"$near": 1}}},
    {"query": "x", "filter": {"$where": "1"}},
    {"query": "x", "filter": {"$and": {}}},
    {"query": "x", "filter": {"year": {}}},
    {"query": "x", "filter": {"year": {"$in": 3}}},
    {"query": "x", "filter": {"year": {"$gt": [1]}}},
    {"query": "x", "filter": {"year": 10**30}},
    {"query": "x", "filter": {"$or": [{"year": n} for n in range(3_000)]}},
    {"query": "x", "filter": {"year": {"$in": list(range(15_000))}}},
]


@pytest.mark.parametrize("path", ["/search", "/query"])
@pytest.mark.parametrize("body", WRONG_SEARCHES, ids=lambda body: json.dumps(body)[:40])
def test_searches(client: httpx.Client, path: str, body: dict[str, Any]) -> None:
    found = problem(client.post(BASE + path, json=body), 422)
    assert len(found["detail"]) < 2_000


def test_a_fault_names_its_field(client: httpx.Client) -> None:
    found = problem(client.post(f"{BASE}/search", json={"query": "x", "k": "ten"}), 422)
    assert found["errors"][0]["field"] == "body.k"
    found = problem(client.post(f"{BASE}/search", json={"query": "x", "k": 10**9}), 422)
    assert "1000" in found["detail"]
    found = problem(client.get(f"{BASE}/documents?limit=many"), 422)
    assert found["errors"][0]["field"] == "query.limit"


@pytest.mark.parametrize(
    ("content", "status"),
    [
        (b"", 422),
        (b"{", 400),
        (b'{"query": "x",}', 400),
        (b"\xff\xfe\x00", 400),
        (b"null", 422),
        (b"[]", 422),
        (b'"x"', 422),
        (b'{"query": "\\ud800"}', 422),
        (b'{"query": "x", "filter": {"\\ud800": 1}}', 422),
        (b'{"query": "x", "filter": {"a": "\\ud800"}}', 422),
        (b'{"query": "x", "filter": {"a": NaN}}', 422),
        (b'{"query": "x", "filter": {"a": 1e999}}', 422),
        (b'{"\\ud800": 1, "query": "x"}', 422),
        (b"[" * 200_000, 400),
        (b'{"query": "x", "k": ' + b"9" * 5_000 + b"}", 400),
        (b'{"query": "x", "filter": ' + b'{"$not": ' * 500 + b"{}" + b"}" * 501, 422),
    ],
)
def test_bodies_that_are_not_what_they_should_be(
    client: httpx.Client, content: bytes, status: int
) -> None:
    for path in ("/search", "/query"):
        problem(sent(client, BASE + path, content, "application/json"), status)


@pytest.mark.parametrize("kind", [None, "", "text/plain", "application/xml", "nonsense"])
def test_bodies_of_other_types(client: httpx.Client, kind: str | None) -> None:
    for path in ("/search", "/query", "/documents/text", "/documents/delete", "/documents"):
        problem(sent(client, BASE + path, b'{"query": "x"}', kind), 415)
    found = problem(sent(client, f"{BASE}/documents", b"{}", "application/json"), 415)
    assert "/documents/text" in found["detail"]


def test_huge_bodies(client: httpx.Client) -> None:
    huge = json.dumps({"query": "x" * 11 * 2**20}).encode()
    problem(sent(client, f"{BASE}/search", huge, "application/json"), 413)

    def pieces() -> Any:
        for start in range(0, len(huge), 2**16):
            yield huge[start : start + 2**16]

    headers = {"Content-Type": "application/json"}
    problem(client.post(f"{BASE}/search", content=pieces(), headers=headers), 413)


MULTIPART = "multipart/form-data; boundary=b"


@pytest.mark.parametrize(
    ("kind", "content", "status"),
    [
        ("multipart/form-data", b"--b\r\n\r\n--b--\r\n", 400),
        (MULTIPART, b"", 400),
        (MULTIPART, b"nonsense", 400),
        (MULTIPART, b"--b--\r\n", 422),
        (MULTIPART, b'--b\r\nContent-Disposition: form-data; name="x"\r\n\r\n1\r\n--b--\r\n', 422),
        (
            MULTIPART,
            b'--b\r\nContent-Disposition: form-data; name="files"; filename=""\r\n\r\n'
            b"\r\n--b--\r\n",
            422,
        ),
        (
            MULTIPART,
            b'--b\r\nContent-Disposition: form-data; name="files"; filename="a.txt"\r\n\r\ncut of',
            400,
        ),
    ],
)
def test_broken_uploads(client: httpx.Client, kind: str, content: bytes, status: int) -> None:
    problem(sent(client, f"{BASE}/documents", content, kind), status)


@pytest.mark.parametrize(
    "data",
    [
        {"metadata": "{"},
        {"metadata": "[]"},
        {"metadata": '{"a": NaN}'},
        {"metadata": '{"a": ' + "9" * 25 + "}"},
        {"ids": "a.txt"},
        {"ids": "[1]"},
        {"ids": '["a", "b"]'},
        {"other": "x"},
    ],
)
def test_fields_of_uploads(client: httpx.Client, data: dict[str, str]) -> None:
    files = {"files": ("a.txt", b"text")}
    problem(client.post(f"{BASE}/documents", files=files, data=data), 422)


def test_one_upload_names_a_document_once(client: httpx.Client) -> None:
    files = [("files", ("a.txt", b"1")), ("files", ("a.txt", b"2"))]
    assert "a.txt" in problem(client.post(f"{BASE}/documents", files=files), 422)["detail"]
    documents = [{"id": "a", "text": "1"}, {"id": "a", "text": "2"}]
    problem(client.post(f"{BASE}/documents/text", json={"documents": documents}), 422)


def test_uploads_over_the_limits(client: httpx.Client) -> None:
    files = [("files", ("0.txt", b"x"))]
    large = {"files": ("large.txt", io.BytesIO(bytes(200 * 2**20 + 1)))}
    found = problem(client.post(f"{BASE}/documents", files=large), 413)
    assert "large.txt" in found["detail"] and "200 MB" in found["detail"]
    field = {"metadata": json.dumps({"a": "x" * 2**21})}
    problem(client.post(f"{BASE}/documents", files=files, data=field), 413)


def test_a_request_id_that_fits_is_kept(client: httpx.Client) -> None:
    for given_id, kept in (("abc-1.2", True), ("a" * 65, False), ("a b", False), ("<x>", False)):
        answer = client.get("/health", headers={"X-Request-Id": given_id})
        assert (answer.headers["X-Request-Id"] == given_id) is kept
        assert answer.headers["X-Request-Id"]


def test_what_is_said_is_documented(client: httpx.Client) -> None:
    front = client.get("/")
    assert front.status_code == 200 and front.headers["Content-Type"].startswith("text/html")
    assert client.get("/docs").status_code == 200
    schema = client.get("/openapi.json").json()
    text = json.dumps(schema)
    assert "HTTPValidationError" not in text
    names = set(schema["components"]["schemas"])
    refs = {part.split('"')[0] for part in text.split("#/components/schemas/")[1:]}
    assert refs <= names
    for path, operations in schema["paths"].items():
        for operation in operations.values():
            statuses = set(operation["responses"])
            wrong = "400" if operation["tags"][0] in ("OpenAI", "Dify", "Cohere") else "422"
            assert path in ("/health", "/ready") or {"401", wrong, "500", "503"} <= statuses, path
            assert "{collection}" not in path or "404" in statuses


_SETTINGS = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@_SETTINGS
@given(
    text=st.text(max_size=200),
    expression=st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(
                    ["year", "a.b", '"', "$and", "$or", "$not", "$in", "$gt", "$exists"]
                )
                | st.text(max_size=4),
                inner,
                max_size=3,
            )
        ),
        max_leaves=12,
    ),
)
@example(text="a\x00b", expression={})
@example(text="x", expression={"a": {"$in": []}})
def test_no_search_is_a_defect(client: httpx.Client, text: str, expression: Any) -> None:
    body = json.dumps({"query": text, "filter": expression, "fusion": "sparse"}).encode()
    answer = sent(client, f"{BASE}/search", body, "application/json")
    assert answer.status_code == 200 or problem(answer, 422)


@_SETTINGS
@given(name=st.text(max_size=60), data=st.binary(max_size=80))
def test_no_upload_is_a_defect(client: httpx.Client, name: str, data: bytes) -> None:
    encoded = name.encode("utf-8", "replace").replace(b'"', b"%22").replace(b"\r", b"")
    head = b'--b\r\nContent-Disposition: form-data; name="files"; filename="' + encoded + b'"'
    answer = sent(
        client, f"{BASE}/documents", head + b"\r\n\r\n" + data + b"\r\n--b--\r\n", MULTIPART
    )
    assert answer.status_code == 202 or problem(answer, answer.status_code)
    assert answer.status_code in (202, 400, 422)


def test_where_it_may_listen() -> None:
    from api.rest.entry import is_loopback
    from api.rest.server import listen

    def server(host: str, port: int, key: str = "") -> Settings:
        return Settings.model_validate({"server": {"host": host, "port": port, "api_key": key}})

    assert is_loopback("127.0.0.5") and is_loopback("::1") and not is_loopback("0.0.0.0")
    with pytest.raises(BadInput, match="key"):
        listen(server("0.0.0.0", 0))
    with pytest.raises(BadInput, match="no address"):
        listen(server("no.such.host.invalid", 0))
    listen(server("0.0.0.0", 0, "key")).close()
    with listen(server("127.0.0.1", 0)) as taken:
        assert isinstance(taken, socket.socket)
        with pytest.raises(Conflict, match="cannot listen"):
            listen(server("127.0.0.1", taken.getsockname()[1]))
