"""Work behind the requests: building anew, tuning, evaluation runs; backup and the doctor."""

from __future__ import annotations

import json
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import httpx
import pytest
from cli_fixtures import Braid
from rest_server import finished, problem

from api.service_store import ServiceStore
from api.settings import Settings
from api.tasks import MAX_ATTEMPTS, Progress, Tasks, TaskState, TaskWorker

BASE = "/v1/collections/tasked"
QUESTIONS = [
    {"id": "q1", "text": "How long is the warranty?", "document": "pump.md", "heading": "Warranty"},
    {"id": "q2", "text": "食堂几点开门？", "document": "食堂.md"},
    {"id": "q3", "text": "What does the lift cost?", "document": "lift.md"},
]
FILES = {
    "pump.md": "# Pump\n\n## Warranty\n\nThe warranty lasts 24 months from delivery.\n",
    "食堂.md": "# 食堂\n\n食堂十一点半开门，周四有面条。\n",
}


@pytest.fixture(scope="module")
def base(client: httpx.Client) -> str:
    client.post("/v1/collections", json={"name": "tasked"})
    sent = [("files", (name, text.encode())) for name, text in FILES.items()]
    job = client.post(f"{BASE}/documents", files=sent)
    assert finished(client, job.headers["Location"])["counts"]["added"] == 2
    return BASE


def done(client: httpx.Client, path: str, **body: Any) -> dict[str, Any]:
    """The task that a request begins, once it has ended."""
    begun = client.post(path, json=body)
    assert begun.status_code == 202, begun.text
    assert begun.headers["Location"] == f"/v1/tasks/{begun.json()['id']}"
    return finished(client, begun.headers["Location"])


def test_a_collection_is_built_anew_and_is_the_one_that_is_searched(
    client: httpx.Client, base: str
) -> None:
    task = done(client, f"{base}/reindex")
    assert (task["kind"], task["collection"], task["state"]) == ("reindex", "tasked", "done")
    assert task["result"]["documents"] == 2
    assert task["result"]["embedded"] == 0
    assert (task["done"], task["total"]) == (2, 2)
    hits = client.post(f"{base}/search", json={"query": "warranty", "k": 1}).json()["hits"]
    assert hits[0]["document_id"] == "pump.md"
    problem(client.post("/v1/collections/nothing/reindex"), 404)


def test_a_job_is_watched_across_the_building_anew(client: httpx.Client, base: str) -> None:
    texts = [{"id": f"more/{n}.txt", "text": f"Gate {n} opens at noon."} for n in range(3)]
    task = client.post(f"{base}/reindex").headers["Location"]
    job = client.post(f"{base}/documents/text", json={"documents": texts}).headers["Location"]
    with client.stream("GET", f"{job}/events") as response:
        events = [line for line in response.iter_lines() if line.startswith("data: ")]
    assert json.loads(events[-2].removeprefix("data: "))["state"] == "done"
    assert events[-1] == "data: {}"
    assert finished(client, task)["state"] == "done"
    client.post(f"{base}/documents/delete", json={"ids": [text["id"] for text in texts]})


def test_a_collection_is_tuned(client: httpx.Client, base: str) -> None:
    task = done(client, f"{base}/tune", dry_run=True)
    assert task["result"]["source"] == "size"
    assert task["result"]["kept"] is False
    judged = {"How long is the warranty?": {"pump.md": 1}}
    task = done(client, f"{base}/tune", source="judged", questions=judged)
    assert (task["result"]["source"], task["result"]["trials"]) == ("qrels", 1)
    problem(client.post(f"{base}/tune", json={"source": "judged"}), 422)
    problem(client.post(f"{base}/tune", json={"questions": judged}), 422)


def test_an_evaluation_run_measures_each_leg_and_question(client: httpx.Client, base: str) -> None:
    body = {"questions": QUESTIONS, "legs": ["sparse", "default"], "name": "three"}
    task = done(client, f"{base}/evaluations", **body)
    assert task["state"] == "done", task
    address = f"{base}/evaluations/{task['id']}"
    found = client.get(address).json()
    assert found["missing_documents"] == ["lift.md"]
    assert set(found["legs"]) == {"sparse", "default"}
    assert found["legs"]["default"]["Success@1"] == pytest.approx(2 / 3)
    assert found["per_query"]["default"]["RR@10"] == {"q1": 1.0, "q2": 1.0, "q3": 0.0}
    assert {miss["query_id"] for miss in found["misses"]} == {"q3"}
    report = client.get(found["report"])
    assert report.headers["Content-Type"].startswith("text/html")
    assert "What does the lift cost?" in report.text and "Success@1" in report.text
    assert '<html lang="en">' in report.text
    chinese = client.get(found["report"], params={"language": "zh"}).text
    assert '<html lang="zh-CN">' in chinese and "结论" in chinese
    problem(client.get(found["report"], params={"language": "fr"}), 422)
    listed = client.get(f"{base}/evaluations").json()["evaluations"]
    assert [(one["id"], one["name"], one["questions"]) for one in listed] == [
        (task["id"], "three", 3)
    ]
    assert listed[0]["legs"] == found["legs"]
    problem(client.get(f"{base}/evaluations/{'0' * 32}"), 404)


@pytest.mark.parametrize(
    "body",
    [
        {"questions": []},
        {"questions": [{"id": "q", "text": "x"}]},
        {"questions": [*QUESTIONS, QUESTIONS[0]]},
        {"questions": QUESTIONS, "legs": ["sparse", "magic"]},
        {"questions": QUESTIONS, "legs": ["sparse", "sparse"]},
        {"questions": QUESTIONS, "k": 5},
    ],
)
def test_a_wrong_evaluation_is_refused_at_once(
    client: httpx.Client, base: str, body: dict[str, Any]
) -> None:
    problem(client.post(f"{base}/evaluations", json=body), 422)


def test_tasks_are_listed_followed_and_forgotten(client: httpx.Client, base: str) -> None:
    first, second = (done(client, f"{base}/tune", dry_run=True)["id"] for _ in range(2))
    page = client.get("/v1/tasks?limit=1").json()
    assert [task["id"] for task in page["tasks"]] == [second]
    assert client.get(page["next"]).json()["tasks"][0]["id"] == first
    assert all(t["kind"] == "tune" for t in client.get("/v1/tasks?kind=tune").json()["tasks"])
    text = client.get(f"/v1/tasks/{first}/events").text
    events = [part.split("\n") for part in text.strip().split("\n\n")]
    assert [event[0] for event in events] == ["event: task", "event: done"]
    assert json.loads(events[0][1].removeprefix("data: "))["state"] == "done"
    problem(client.post(f"/v1/tasks/{first}/cancel"), 409)
    for method, path in (("GET", ""), ("GET", "/events"), ("POST", "/cancel")):
        problem(client.request(method, f"/v1/tasks/nothing{path}"), 404)
    assert client.delete("/v1/tasks?older_than_days=1").json() == {"tasks": 0}
    assert client.delete("/v1/tasks?older_than_days=0").json()["tasks"] >= 2
    problem(client.get(f"/v1/tasks/{first}"), 404)


def test_a_backup_comes_as_a_file_and_leaves_nothing(
    client: httpx.Client, base: str, settings: Settings, braid: Braid, tmp_path: Path
) -> None:
    got = client.get(f"{base}/backup")
    assert got.status_code == 200
    assert got.headers["Content-Type"] == "application/zip"
    assert "tasked-" in got.headers["Content-Disposition"]
    file = tmp_path / "tasked.braid"
    file.write_bytes(got.content)
    assert braid("restore", file, "--as", "back").code == 0
    assert braid("list", "-c", "back", "--json").json["documents"]
    until_gone(settings.data_dir / "backups")
    problem(client.get("/v1/collections/nothing/backup"), 404)


def until_gone(folder: Path) -> None:
    for _ in range(200):
        if not list(folder.iterdir()):
            return
        threading.Event().wait(0.02)
    raise AssertionError(f"{list(folder.iterdir())} was left")


def test_the_doctor_looks_at_every_collection(client: httpx.Client, base: str) -> None:
    found = client.get("/v1/doctor").json()
    subjects = {one["subject"]: one["fault"] for one in found["findings"]}
    assert subjects["collection tasked"] is False
    assert found["ok"] is not any(subjects.values())


@pytest.fixture
def tasks(tmp_path: Path) -> Tasks:
    return Tasks(ServiceStore(tmp_path))


def test_a_task_whose_process_died_is_begun_again_but_not_for_ever(tasks: Tasks) -> None:
    task = tasks.submit("work", "some", {"n": 1})
    for attempt in range(1, MAX_ATTEMPTS + 1):
        taken = tasks.take()
        assert taken is not None and (taken.id, taken.attempts) == (task.id, attempt)
        assert tasks.take() is None
        tasks.recover()  # as who comes after the dead one does
        assert tasks.get(task.id).note
    assert tasks.get(task.id).state is TaskState.FAILED
    assert "died" in tasks.get(task.id).note


def test_one_worker_at_a_time_goes_on_where_a_stopped_one_left(tasks: Tasks) -> None:
    begun, freed, runs = threading.Event(), threading.Event(), []

    def work(name: str, given: Mapping[str, Any], progress: Progress) -> Mapping[str, Any]:
        runs.append(given["n"])
        begun.set()
        while not freed.wait(0.01):
            progress(1, 2)
        return {"n": given["n"]}

    task = tasks.submit("work", "some", {"n": 7})
    first, second = (TaskWorker(tasks, {"work": work}, poll_s=0.02) for _ in range(2))
    first.start()
    assert begun.wait(10)
    begun.clear()
    second.start()
    first.stop()
    assert begun.wait(10)
    freed.set()
    while tasks.get(task.id).state is not TaskState.DONE:
        threading.Event().wait(0.01)
    second.stop()
    assert (tasks.get(task.id).result, runs) == ({"n": 7}, [7, 7])


def test_a_task_that_runs_is_cancelled_and_one_that_fails_says_why(tasks: Tasks) -> None:
    begun = threading.Event()

    def endless(name: str, given: Mapping[str, Any], progress: Progress) -> Mapping[str, Any]:
        begun.set()
        while True:
            progress(1, 1)

    def broken(name: str, given: Mapping[str, Any], progress: Progress) -> Mapping[str, Any]:
        raise ZeroDivisionError

    worker = TaskWorker(tasks, {"endless": endless, "broken": broken}, poll_s=0.02)
    running = tasks.submit("endless", "some", {})
    waiting, failing = tasks.submit("endless", "some", {}), tasks.submit("broken", "some", {})
    worker.start()
    assert begun.wait(10)
    assert tasks.cancel(waiting.id).state is TaskState.CANCELLED
    tasks.cancel(running.id)
    while tasks.get(failing.id).state is not TaskState.FAILED:
        threading.Event().wait(0.01)
    worker.stop()
    assert tasks.get(running.id).state is TaskState.CANCELLED
    assert "defect" in tasks.get(failing.id).note
