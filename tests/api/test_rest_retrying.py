"""A request that begins on a collection which is replaced by one built anew before it writes."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any

import pytest
from fastapi import Depends, FastAPI
from starlette.testclient import TestClient

from api.compose import Braid
from api.reindexing import reindex
from api.rest.app import create_app
from api.rest.guard import CallerDep, routes_of
from api.rest.retrying import RetryingRoute
from api.rest.service import CollectionName, braid_of, collection_of
from api.settings import Settings
from index.pipeline import View

FILES = [("files", ("c.txt", b"The crane is red."))]


def detail(answer: Any, status: int) -> str:
    assert answer.status_code == status, answer.text
    return str(answer.json()["detail"])


@dataclass
class Replacing:
    """Stands before the routes: the first `times` requests are given a collection that another
    takes the place of (or that is deleted) before they go on."""

    times: int = 1
    deletes: bool = False
    given: list[View] = field(default_factory=list)

    def __call__(
        self,
        collection: CollectionName,
        braid: Annotated[Braid, Depends(braid_of)],
        caller: CallerDep,
    ) -> View:
        view = collection_of(collection, braid, caller)
        self.given.append(view)
        if len(self.given) > self.times:
            return view
        if self.deletes:
            braid.store.delete(collection)
        else:
            reindex(braid, collection, lambda done, total: None, lambda line: None)
        return view


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> FastAPI:
    return create_app(
        Settings.model_validate(
            {
                "data_dir": tmp_path_factory.mktemp("retrying"),
                "server": {"fetch_hosts": ["files.test"]},
            }
        )
    )


@pytest.fixture(scope="module")
def client(app: FastAPI) -> Iterator[TestClient]:
    with TestClient(app, "http://127.0.0.1") as client:
        yield client


@dataclass(frozen=True)
class Here:
    """A collection of two documents of its own for each test, since jobs go on in it."""

    braid: Braid
    name: str

    @property
    def base(self) -> str:
        return f"/v1/collections/{self.name}"

    def now(self) -> View:
        return self.braid.store.get(self.name).view()


@pytest.fixture
def here(app: FastAPI, client: TestClient, tmp_path: Path) -> Iterator[Here]:
    braid: Braid = app.state.service.braid()
    collection = braid.store.create(f"c{len(braid.store.names())}")
    (tmp_path / "a.txt").write_text("The anchor is black.")
    (tmp_path / "b.txt").write_text("The bridge is blue.")
    assert len([*braid.ingest_paths(collection, [tmp_path])]) == 2
    yield Here(braid, collection.name)
    app.dependency_overrides.clear()


def ids(view: View) -> set[str]:
    return {record.id for record in view.records()}


def words(view: View) -> list[str]:
    return [word.word for word in view.unrestricted.ledger.dictionary.words()]


def rules(view: View) -> int:
    return len(view.unrestricted.ledger.synonyms.rules().rules)


def handed_in(view: View) -> list[str]:
    return [one.document_id for job in view.newest_jobs() for one in view.job(job.id).documents]


def said_of_a(view: View) -> Any:
    return view.record("a.txt").metadata.get("year")


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "look", "wanted"),
    [
        (
            "POST",
            "documents/text",
            {"documents": [{"id": "n.txt", "text": "New."}]},
            202,
            handed_in,
            ["n.txt"],
        ),
        (
            "POST",
            "documents/url",
            {"documents": [{"url": "https://files.test/n.txt"}]},
            202,
            handed_in,
            ["files.test/n.txt"],
        ),
        ("DELETE", "documents/a.txt", None, 200, ids, {"b.txt"}),
        ("POST", "documents/delete", {"ids": ["a.txt", "b.txt"]}, 200, ids, set()),
        ("PATCH", "documents/a.txt", {"metadata": {"year": 2025}}, 200, said_of_a, 2025),
        ("PUT", "words", {"words": ["石墨烯"]}, 200, words, ["石墨烯"]),
        ("DELETE", "words", None, 200, words, []),
        ("PUT", "synonyms", {"synonyms": ["anchor, mooring"]}, 200, rules, 1),
    ],
)
def test_it_is_carried_out_on_the_one_that_lies_there_now(
    app: FastAPI,
    client: TestClient,
    here: Here,
    method: str,
    path: str,
    body: Any,
    status: int,
    look: Callable[[View], Any],
    wanted: Any,
) -> None:
    replacing = app.dependency_overrides[collection_of] = Replacing()
    answer = client.request(method, f"{here.base}/{path}", json=body)
    assert answer.status_code == status, answer.text
    old, new = (view.unrestricted for view in replacing.given)
    assert here.now().unrestricted is new is not old
    assert look(here.now()) == wanted


def test_files_are_asked_for_again(app: FastAPI, client: TestClient, here: Here) -> None:
    """Their bytes lay with the one that is gone."""
    replacing = app.dependency_overrides[collection_of] = Replacing()
    refused = client.post(f"{here.base}/documents", files=FILES)
    assert "replaced" in detail(refused, 409)
    assert refused.headers["Retry-After"]
    assert (len(replacing.given), handed_in(here.now())) == (1, [])
    assert client.post(f"{here.base}/documents", files=FILES).status_code == 202
    assert handed_in(here.now()) == ["c.txt"]


def test_one_that_is_replaced_each_time_is_given_up(
    app: FastAPI, client: TestClient, here: Here
) -> None:
    replacing = app.dependency_overrides[collection_of] = Replacing(times=99)
    assert "replaced" in detail(client.request("DELETE", f"{here.base}/documents/a.txt"), 409)
    assert len(replacing.given) == 3
    assert ids(here.now()) == {"a.txt", "b.txt"}


def test_one_that_was_deleted_is_not_there(app: FastAPI, client: TestClient, here: Here) -> None:
    app.dependency_overrides[collection_of] = Replacing(deletes=True)
    answer = client.post(
        f"{here.base}/documents/text", json={"documents": [{"id": "n.txt", "text": "New."}]}
    )
    assert f"no collection {here.name!r}" in detail(answer, 404)


def test_a_disk_that_refuses_is_no_replacement(
    app: FastAPI, client: TestClient, here: Here
) -> None:
    spool = Path(app.state.service.settings.data_dir) / "collections" / here.name / "spool"
    shutil.rmtree(spool, ignore_errors=True)
    spool.write_bytes(b"")
    answer = client.post(
        f"{here.base}/documents/text", json={"documents": [{"id": "n.txt", "text": "New."}]}
    )
    assert "no upload can be stored" in detail(answer, 503)


def test_every_route_about_a_collection_does_so(app: FastAPI) -> None:
    about = [
        route
        for route in routes_of(app)
        if "{collection}" in (path := str(getattr(route, "path", ""))) or "/jobs/" in path
    ]
    assert len(about) > 40
    assert [route for route in about if not isinstance(route, RetryingRoute)] == []
