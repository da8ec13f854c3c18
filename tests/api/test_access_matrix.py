"""Every route of the application, asked by everyone who may not, and by one who may.

The routes are taken from the application itself, so that a new one is in here as soon as it exists;
one that a wrong key could reach without the path naming a collection has to say in SAMPLES how.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
import pytest
from fastapi.routing import APIRoute
from rest_server import finished, running
from starlette.routing import BaseRoute

from api.access import EVERY, Role
from api.keys import KeyRing, NewKey
from api.rest.app import create_app
from api.rest.entry import is_open
from api.rest.guard import Needs, needs_of, routes_of
from api.service_store import ServiceStore
from api.settings import Settings

OURS, OTHERS, MISSING = "papers", "drafts", "nothing-here"
PUBLIC, HIDDEN = "public.txt", "hidden-file.txt"
SECRET = "xylophone-code"
QUESTION = f"What is the {SECRET} of the safe?"
TEXTS = {
    PUBLIC: "The canteen opens at noon and serves noodles on Thursdays.",
    HIDDEN: f"The {SECRET} of the safe in room twelve is seven seven four one.",
}
ANSWER = "seven seven four one"

SAMPLES: dict[tuple[str, str], dict[str, Any]] = {
    ("POST", "/v1/collections/{collection}/search"): {"query": QUESTION},
    ("POST", "/v1/collections/{collection}/query"): {"query": QUESTION},
    ("POST", "/v1/collections/{collection}/feedback"): {
        "query": QUESTION, "kind": "answer", "rating": 1, "answer": "x",
    },
    ("POST", "/v1/chat/completions"): {
        "model": OURS, "messages": [{"role": "user", "content": QUESTION}],
    },
    ("POST", "/retrieval"): {
        "knowledge_id": OURS, "query": QUESTION,
        "retrieval_setting": {"top_k": 5, "score_threshold": 0.0},
    },
    ("POST", "/v1/rerank"): {"model": "cosine", "query": QUESTION, "documents": ["a", "b"]},
    ("POST", "/v2/rerank"): {"model": "cosine", "query": QUESTION, "documents": ["a", "b"]},
}  # fmt: skip
"""What is sent to routes that read by POST, so that they would give something away."""

SHOWS_NO_COLLECTION = frozenset({"/v1/me", "/v1/rerank", "/v2/rerank"})
"""Routes for keys of any collection that show nothing of one."""


@dataclass(frozen=True)
class Guarded:
    """A route with one of its methods, and what it needs."""

    method: str
    path: str
    needs: Needs

    @property
    def names_collection(self) -> bool:
        return "{collection}" in self.path

    def address(self, collection: str, values: dict[str, str]) -> str:
        """The path with its parameters filled in; what has no value is something that is not
        there."""
        parts = []
        for part in self.path.split("/"):
            if part.startswith("{") and part.endswith("}"):
                name = part.strip("{}").partition(":")[0]
                part = collection if name in ("collection", "model") else values.get(name, "9")
            parts.append(quote(part, safe=""))
        return "/".join(parts)

    def body(self) -> dict[str, Any]:
        """What is sent with it."""
        return SAMPLES.get((self.method, self.path), {})


@dataclass(frozen=True)
class Scene:
    """A server with a collection, and keys for it."""

    client: httpx.Client
    ring: KeyRing
    admin: dict[str, str]
    job: str
    chunk: str
    """Of the hidden document."""

    def key(self, new: NewKey) -> dict[str, str]:
        """The header of a new key."""
        return {"Authorization": f"Bearer {self.ring.create(new)[1]}"}

    def ask(
        self, route: Guarded, headers: dict[str, str], collection: str, **values: str
    ) -> httpx.Response:
        """The answer of a route."""
        address = route.address(collection, values)
        has_body = route.method in ("POST", "PUT", "PATCH")
        return self.client.request(
            route.method,
            address,
            headers=headers,
            params=None if has_body else {"document": HIDDEN, "page": "1"},
            json=route.body() if has_body else None,
        )

    def state(self) -> str:
        """All that a wrong request could change."""
        base = f"/v1/collections/{OURS}"
        paths = (
            "/v1/collections", base, f"{base}/documents", f"{base}/synonyms", f"{base}/words",
            f"{base}/jobs", f"{base}/graph/decisions", "/v1/keys",
        )  # fmt: skip
        found = [self.client.get(path, headers=self.admin) for path in paths]
        assert all(answer.status_code == 200 for answer in found)
        keys = [(key["id"], key["state"]) for key in found.pop().json()["keys"]]
        return json.dumps([*(answer.json() for answer in found), keys])


def routes() -> list[Guarded]:
    """Every method of every route that needs something."""
    app = create_app(Settings())
    found = [
        Guarded(method, route.path, need)
        for route in routes_of(app)
        if isinstance(route, APIRoute) and (need := needs_of(route)) is not None
        for method in sorted(route.methods or ())
    ]
    assert len(found) > 50
    return found


def others() -> list[BaseRoute]:
    """Routes and mounted applications that FastAPI knows nothing of, but open ones."""
    app = create_app(Settings())
    return [
        route
        for route in routes_of(app)
        if not isinstance(route, APIRoute) and not is_open(getattr(route, "path", ""))
    ]


ROUTES = routes()


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    folder: Path = tmp_path_factory.mktemp("matrix")
    server = {"auth": "required", "failures_per_minute": 0, "requests_per_minute": 0}
    ring = KeyRing(ServiceStore(folder))
    admin = {"Authorization": f"Bearer {ring.create(NewKey('a', {EVERY: Role.ADMIN}))[1]}"}
    with running(Settings.model_validate({"data_dir": folder, "server": server})) as client:
        for name in (OURS, OTHERS):
            made = client.post("/v1/collections", json={"name": name}, headers=admin)
            assert made.status_code == 201
        documents = [
            {"id": name, "text": text, **({"access": ["hr"]} if name == HIDDEN else {})}
            for name, text in TEXTS.items()
        ]
        address = f"/v1/collections/{OURS}/documents/text"
        taken = client.post(address, json={"documents": documents}, headers=admin)
        assert taken.status_code == 202, taken.text
        with httpx.Client(base_url=client.base_url, headers=admin) as keyed:
            job = finished(keyed, taken.headers["Location"])
        assert job["counts"]["added"] == len(TEXTS)
        search = {"query": QUESTION, "k": 1}
        found = client.post(f"/v1/collections/{OURS}/search", json=search, headers=admin).json()
        assert ANSWER in found["hits"][0]["text"]
        yield Scene(client, ring, admin, job["id"], found["hits"][0]["chunk_id"])


def refused(answer: httpx.Response, status: int) -> str:
    """What is wrong with a refusal; "" where nothing is."""
    if answer.status_code != status:
        return f"{answer.status_code} in place of {status}: {answer.text[:200]}"
    if "json" not in answer.headers["Content-Type"]:
        return f"no problem, but {answer.headers['Content-Type']}"
    if any(word in answer.text for word in (SECRET, ANSWER, PUBLIC)):
        return f"it tells what is in there: {answer.text[:200]}"
    return ""


def without_a_key(scene: Scene) -> dict[str, dict[str, str]]:
    """Headers that let nobody in."""
    soon = datetime.now(UTC) + timedelta(seconds=0.2)
    expired = scene.key(NewKey("expired", {EVERY: Role.ADMIN}, expires_at=soon))
    key, token = scene.ring.create(NewKey("revoked", {EVERY: Role.ADMIN}))
    assert scene.client.get("/v1/me", headers={"Authorization": f"Bearer {token}"}).is_success
    answer = scene.client.delete(f"/v1/keys/{key.id}", headers=scene.admin)
    assert answer.status_code == 204
    while scene.client.get("/v1/me", headers=expired).is_success:
        assert datetime.now(UTC) <= soon + timedelta(seconds=30)
    right = scene.admin["Authorization"].removeprefix("Bearer ")
    return {
        "no key": {},
        "malformed": {"Authorization": f"Bearer {right[:-4]}"},
        "expired": expired,
        "revoked": {"Authorization": f"Bearer {token}"},
    }


def test_nobody_gets_anywhere_without_a_right_key(scene: Scene) -> None:
    headers = without_a_key(scene)
    before = scene.state()
    faults = [
        f"{route.method} {route.path}, {name}: {fault}"
        for route in ROUTES
        for name, given in headers.items()
        if (fault := refused(scene.ask(route, given, OURS, job_id=scene.job), 401))
    ]
    for path in {route.path for route in ROUTES} | {getattr(one, "path", "") for one in others()}:
        address = Guarded("", path, Needs(Role.READ)).address(OURS, {})
        for method, under in (("OPTIONS", ""), ("HEAD", ""), ("GET", "/"), ("POST", "/x")):
            answer = scene.client.request(method, address + under)
            if answer.status_code != 401:
                faults.append(f"{method} {path}{under}: {answer.status_code}")
    assert faults == []
    assert scene.state() == before


def test_a_key_is_a_bearer_token_and_nothing_else(scene: Scene) -> None:
    right = scene.admin["Authorization"].removeprefix("Bearer ")
    for headers in (
        {"Authorization": right},
        {"Authorization": f"Basic {right}"},
        {"Authorization": f"Bearer {right[:-4]}0000"},
        {"Authorization": f"Bearer {right} x"},
        {"Authorization": f"Bearer Bearer {right}"},
        {"X-API-Key": right},
        {"Cookie": f"token={right}"},
    ):
        answer = scene.client.get("/v1/me", params={"token": right}, headers=headers)
        assert refused(answer, 401) == "", headers


def test_a_lesser_role_is_denied(scene: Scene) -> None:
    roles = list(Role)
    keys = {role: scene.key(NewKey(f"{role} on all", {EVERY: role})) for role in roles}
    near = {role: scene.key(NewKey(f"{role} on ours", {OURS: role})) for role in roles}
    before = scene.state()
    faults = []
    for route in ROUTES:
        lesser = [role for role in roles if not role.covers(route.needs.role)]
        for role in lesser:
            for headers in (keys[role], near[role]):
                fault = refused(scene.ask(route, headers, OURS, job_id=scene.job), 403)
                if fault:
                    faults.append(f"{route.method} {route.path}, {role}: {fault}")
    assert faults == []
    assert scene.state() == before


def test_a_role_on_another_collection_gives_nothing(scene: Scene) -> None:
    other = scene.key(NewKey("admin elsewhere", {OTHERS: Role.ADMIN}))
    before = scene.state()
    faults = []
    for route in ROUTES:
        answer = scene.ask(route, other, OURS, job_id=scene.job)
        if not route.needs.anywhere:
            fault = refused(answer, 403)
        elif route.path in SHOWS_NO_COLLECTION:
            fault = refused(answer, 200) if answer.status_code != 200 else ""
        else:  # the handler looks closer: it lists what the key may read, or refuses the rest
            has_sample = route.method == "GET" or "{" in route.path or bool(route.body())
            told = [word for word in (SECRET, ANSWER, PUBLIC) if word in answer.text]
            is_list = answer.status_code == 200 and "{" not in route.path
            is_list = is_list and OURS not in answer.text
            is_refused = answer.status_code in (403, 404)
            fault = "" if has_sample and not told and (is_list or is_refused) else answer.text[:200]
        if fault:
            faults.append(f"{route.method} {route.path}: {answer.status_code} {fault}")
    assert faults == []
    assert scene.state() == before


def test_the_right_role_is_let_in(scene: Scene) -> None:
    exact = {role: scene.key(NewKey(f"{role}", {MISSING: role})) for role in Role}
    every = {role: scene.key(NewKey(f"{role} on all", {EVERY: role})) for role in Role}
    before = scene.state()
    faults = []
    for route in ROUTES:
        keys = [every[route.needs.role]]
        if route.names_collection or route.needs.anywhere:
            keys.append(exact[route.needs.role])
        for headers in keys:
            answer = scene.ask(route, headers, MISSING)
            # Doors whose bodies name a collection name ours, which the exact key may not read.
            is_named = route.needs.anywhere and OURS in json.dumps(route.body())
            wanted = (401,) if is_named and headers is not keys[0] else (401, 403)
            if answer.status_code in wanted or answer.status_code >= 500:
                faults.append(f"{route.method} {route.path}: {answer.status_code} {answer.text}")
            if route.names_collection and answer.status_code not in (400, 404, 415, 422):
                faults.append(f"{route.method} {route.path}: {answer.status_code}, of what is not")
    assert faults == []
    made = json.loads(scene.state())
    assert made[:-1] == json.loads(before)[:-1]


@pytest.mark.parametrize("tags", [frozenset({"it"}), frozenset()], ids=["another tag", "no tag"])
def test_a_wrong_tag_shows_nothing_of_a_document(scene: Scene, tags: frozenset[str]) -> None:
    wrong = scene.key(NewKey("wrong tag", {OURS: Role.WRITE}, tags))
    right = scene.key(NewKey("right tag", {OURS: Role.WRITE}, frozenset({"hr"})))
    before = scene.state()
    asked, faults, shown = 0, [], []
    values = {"document_id": HIDDEN, "chunk_id": scene.chunk, "job_id": scene.job, "page": "1"}
    for route in ROUTES:
        works_on_ours = route.names_collection or route.needs.anywhere
        if not works_on_ours or not Role.WRITE.covers(route.needs.role):
            continue
        names_document = "{document_id" in route.path or "{chunk_id" in route.path
        # What is not about one document could change what everyone may.
        if route.needs.role is Role.WRITE and not names_document:
            continue
        if route.method == "POST" and not names_document:
            assert route.body(), f"{route.path}: add what is sent to it to SAMPLES"
        answer = scene.ask(route, wrong, OURS, **values)
        asked += 1
        text = answer.text.replace(QUESTION, "").replace(json.dumps(QUESTION)[1:-1], "")
        if names_document and answer.status_code != 404:
            faults.append(f"{route.method} {route.path}: {answer.status_code} {answer.text[:200]}")
        told = [word for word in (SECRET, ANSWER) if word in text]
        if told or (HIDDEN in text and answer.status_code != 404):
            faults.append(f"{route.method} {route.path} tells: {text[:400]}")
        if route.needs.role is Role.READ:
            answer = scene.ask(route, right, OURS, **values)
            if ANSWER in answer.text or HIDDEN in answer.text:
                shown.append(route.path)
    assert faults == []
    assert asked > 25
    assert len(set(shown)) >= 6, f"with the right tag it is shown: {shown}"
    assert scene.state() == before
