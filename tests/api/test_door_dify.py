"""Dify's door, by a client written from the documentation of its External Knowledge API."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import httpx
import pytest
from door_fixtures import KEY, Door


@dataclass(frozen=True)
class Dify:
    """What Dify does with an endpoint and a key that were registered: it appends /retrieval, sends
    the key as a bearer token, and takes anything but 200 for an error."""

    endpoint: str
    api_key: str

    def retrieve(self, knowledge_id: str, query: str, **setting: Any) -> list[dict[str, Any]]:
        condition = setting.pop("metadata_condition", None)
        body = {
            "knowledge_id": knowledge_id,
            "query": query,
            "retrieval_setting": {"top_k": 3, "score_threshold": 0.0, **setting},
        }
        if condition is not None:
            body["metadata_condition"] = condition
        response = httpx.post(
            f"{self.endpoint}/retrieval",
            json=body,
            headers={"Authorization": f"Bearer {self.api_key}"},
            timeout=60,
        )
        if response.status_code != 200:
            raise RuntimeError(f"{response.status_code}: {response.json()}")
        records: list[dict[str, Any]] = response.json()["records"]
        for record in records:
            assert isinstance(record["content"], str) and record["content"]
            assert 0.0 <= record["score"] <= 1.0
            assert isinstance(record["title"], str)
            assert isinstance(record["metadata"], dict)
        return records


@pytest.fixture
def dify(door: Door) -> Dify:
    return Dify(door.base_url, KEY)


def documents(records: list[dict[str, Any]]) -> set[str]:
    return {str(record["metadata"]["document_id"]) for record in records}


def test_passages_come_as_records_best_first(dify: Dify) -> None:
    records = dify.retrieve("manuals", "How long does the warranty last?")
    assert "24 months" in records[0]["content"]
    assert records[0]["title"] == "AV-200 pump"
    assert records[0]["metadata"]["year"] == 2023
    scores = [record["score"] for record in records]
    assert scores == sorted(scores, reverse=True)
    assert len(dify.retrieve("manuals", "warranty", top_k=1)) == 1


def test_a_threshold_leaves_what_is_near_enough(dify: Dify) -> None:
    query = "How long does the warranty last?"
    every = dify.retrieve("manuals", query)
    middle = (every[0]["score"] + every[-1]["score"]) / 2
    assert every[0]["score"] > every[-1]["score"]
    left = dify.retrieve("manuals", query, score_threshold=middle)
    assert left == [record for record in every if record["score"] >= middle]
    assert 0 < len(left) < len(every)
    assert dify.retrieve("manuals", query, score_threshold=1.0) == []


POLICY, MANUAL = "差旅费.md", "manual.md"


@pytest.mark.parametrize(
    ("name", "operator", "value", "found"),
    [
        ("author", "contains", "Wei", {MANUAL}),
        ("author", "not contains", "Wei", {POLICY}),
        ("author", "start with", "财务", {POLICY}),
        ("author", "end with", "Wei", {MANUAL}),
        ("author", "is", "Li Wei", {MANUAL}),
        ("author", "is not", "Li Wei", {POLICY}),
        ("author", "in", ["Li Wei", "nobody"], {MANUAL}),
        ("author", "not in", "Li Wei,nobody", {POLICY}),
        ("tags", "contains", "wat", {MANUAL}),
        ("issued", "empty", None, {MANUAL}),
        ("issued", "not empty", None, {POLICY}),
        ("year", "=", 2023, {MANUAL}),
        ("year", "=", "2023", {MANUAL}),
        ("year", "≠", "2023", {POLICY}),
        ("year", ">", "2021", {MANUAL}),
        ("year", "<", 2023, {POLICY}),
        ("year", "≥", 2021, {MANUAL, POLICY}),
        ("year", "≤", "2021", {POLICY}),
        ("issued", "before", "2022-01-01", {POLICY}),
        ("issued", "after", "2022-01-01", set()),
        (["author", "title"], "contains", "pump", {MANUAL}),
    ],
)
def test_every_operator_restricts_the_documents(
    dify: Dify, name: Any, operator: str, value: Any, found: set[str]
) -> None:
    condition = {"name": name, "comparison_operator": operator}
    if value is not None:
        condition["value"] = value
    records = dify.retrieve(
        "manuals", "warranty 住宿费", top_k=10, metadata_condition={"conditions": [condition]}
    )
    assert documents(records) == found


def test_conditions_are_joined_as_is_said(dify: Dify) -> None:
    conditions = [
        {"name": "year", "comparison_operator": "=", "value": "2023"},
        {"name": "author", "comparison_operator": "is", "value": "财务部"},
    ]
    both = {"logical_operator": "and", "conditions": conditions}
    either = {"logical_operator": "or", "conditions": conditions}
    assert dify.retrieve("manuals", "warranty", metadata_condition=both) == []
    found = dify.retrieve("manuals", "warranty", top_k=10, metadata_condition=either)
    assert documents(found) == {MANUAL, POLICY}


BODY = {
    "knowledge_id": "manuals",
    "query": "warranty",
    "retrieval_setting": {"top_k": 2, "score_threshold": 0.5},
}


@pytest.mark.parametrize(
    ("authorization", "changed", "status", "code"),
    [
        (None, {}, 401, 1001),
        (KEY, {}, 401, 1001),
        ("Bearer wrong", {}, 401, 1002),
        (f"Bearer {KEY}", {"knowledge_id": "nowhere"}, 404, 2001),
        (f"Bearer {KEY}", {"query": ""}, 400, 400),
        (f"Bearer {KEY}", {"retrieval_setting": {"top_k": 0, "score_threshold": 0}}, 400, 400),
    ],
)
def test_errors_have_difys_codes(
    door: Door, authorization: str | None, changed: dict[str, Any], status: int, code: int
) -> None:
    headers = {"Authorization": authorization} if authorization else {}
    address = f"{door.base_url}/retrieval"
    response = httpx.post(address, json={**BODY, **changed}, headers=headers, timeout=60)
    assert response.status_code == status
    assert response.json()["error_code"] == code
    assert response.json()["error_msg"]
