"""BEIR folders: what is read, what is said, and what is refused."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest

from eval.contract import BadDataset, DatasetDocument
from eval.datasets import load_dataset

CORPUS = [
    {"_id": "d1", "title": "甲", "text": "第一段"},
    {"_id": "a file #2", "text": "second", "metadata": {}},
    {"_id": 3, "title": None, "text": "third"},
]
QUERIES = [
    {"_id": "q2", "text": "第二个问题", "answer": "x"},
    {"_id": "q1", "text": "the first question"},
    {"_id": "q9", "text": "never judged"},
]
HEADER = "query-id\tcorpus-id\tscore\n"
QRELS = "q1\td1\t1\nq1\ta file #2\t0\nq2\t3\t2\n"


def write(
    folder: Path, corpus: str | None = None, queries: str | None = None, **qrels: str
) -> Path:
    """A dataset folder; what is not given is sound."""
    (folder / "qrels").mkdir(exist_ok=True)
    lines = "".join(json.dumps(record, ensure_ascii=False) + "\n" for record in CORPUS)
    (folder / "corpus.jsonl").write_text(corpus if corpus is not None else lines, "utf-8")
    lines = "".join(json.dumps(record, ensure_ascii=False) + "\n" for record in QUERIES)
    (folder / "queries.jsonl").write_text(queries if queries is not None else lines, "utf-8")
    for split, text in (qrels or {"test": HEADER + QRELS}).items():
        (folder / "qrels" / f"{split}.tsv").write_text(text, "utf-8")
    return folder


def test_reads_a_folder(tmp_path: Path) -> None:
    dataset = load_dataset(write(tmp_path))
    assert dataset.name == tmp_path.name
    assert list(dataset.documents) == [
        DatasetDocument("d1", "甲", "第一段"),
        DatasetDocument("a file #2", "", "second"),
        DatasetDocument("3", "", "third"),
    ]
    assert list(dataset.queries) == ["q2", "q1"]
    assert dataset.qrels == {"q2": {"3": 2}, "q1": {"d1": 1, "a file #2": 0}}
    assert dataset.notes == ("queries without judgements, left out: 1 (q9)",)
    assert dataset.sources == {
        name: hashlib.sha256((tmp_path / name).read_bytes()).hexdigest()
        for name in ("corpus.jsonl", "queries.jsonl", "qrels/test.tsv")
    }


@pytest.mark.parametrize(
    "qrels",
    [
        QRELS,
        HEADER + QRELS.replace("\n", "\r\n"),
        "\ufeff" + HEADER + "\n" + QRELS,
        "q1\t0\td1\t1\nq1\t0\ta file #2\t0\nq2\tQ0\t3\t2.0\n",
    ],
    ids=["no header", "windows", "byte order mark", "four columns"],
)
def test_forms_of_qrels(tmp_path: Path, qrels: str) -> None:
    dataset = load_dataset(write(tmp_path, test=qrels))
    assert dataset.qrels == {"q2": {"3": 2}, "q1": {"d1": 1, "a file #2": 0}}


def test_splits(tmp_path: Path) -> None:
    write(tmp_path, dev=HEADER + QRELS, train="q1\td1\t1\n")
    assert list(load_dataset(tmp_path, "train").queries) == ["q1"]
    with pytest.raises(BadDataset, match=r"test\.tsv is missing: choose a split of: dev, train"):
        load_dataset(tmp_path)


def test_judgements_on_what_is_not_there_are_said(tmp_path: Path) -> None:
    write(tmp_path, test="q1\td1\t1\nq1\tgone\t1\nlost\td1\t1\n")
    dataset = load_dataset(tmp_path)
    assert dataset.qrels == {"q1": {"d1": 1, "gone": 1}}
    assert dataset.notes[:2] == (
        "judged queries without a text, left out: 1 (lost)",
        "judged documents that the corpus lacks, counted as not found: 1 (gone)",
    )


def test_blank_documents_are_said(tmp_path: Path) -> None:
    corpus = '{"_id": "d1", "text": ""}\n\n{"_id": "d2", "title": "", "text": " "}\n'
    dataset = load_dataset(write(tmp_path, corpus=corpus))
    assert "documents with neither title nor text: 2 (d1, d2)" in dataset.notes


def test_missing_files(tmp_path: Path) -> None:
    with pytest.raises(BadDataset, match=r"nowhere is not a folder: a BEIR folder holds"):
        load_dataset(tmp_path / "nowhere")
    with pytest.raises(BadDataset, match=r"corpus\.jsonl is missing"):
        load_dataset(tmp_path)
    write(tmp_path)
    (tmp_path / "qrels" / "test.tsv").unlink()
    with pytest.raises(BadDataset, match=r"test\.tsv is missing: a BEIR folder holds"):
        load_dataset(tmp_path)


@pytest.mark.parametrize(
    ("corpus", "message"),
    [
        ('{"_id": "a", "text": "x"}\n{"_id": "b"\n', r"corpus\.jsonl, line 2: not JSON"),
        ('["a"]\n', r"line 1: a list: put one JSON object"),
        ('{"text": "x"}\n', r'line 1: give "_id" as a string'),
        ('{"_id": "", "text": "x"}\n', r'line 1: give "_id"'),
        ('{"_id": true, "text": "x"}\n', r'line 1: give "_id"'),
        ('{"_id": "a", "text": "x"}\n\n{"_id": "a", "text": "y"}\n', r"line 3: .* on line 1"),
        ('{"_id": "a"}\n', r'line 1: give "text" as a string, not None'),
        ('{"_id": "a", "title": 1, "text": "x"}\n', r'line 1: give "title" as a string'),
        ("[" * 100_000, r"line 1: not JSON"),
        ("\n", r"holds no document"),
        ('{"_id": "z", "text": "x"}\n', r"no document judged in .* is in the corpus"),
    ],
)
def test_bad_corpus(tmp_path: Path, corpus: str, message: str) -> None:
    with pytest.raises(BadDataset, match=message):
        load_dataset(write(tmp_path, corpus=corpus))


@pytest.mark.parametrize(
    ("queries", "message"),
    [
        (
            '{"_id": "q1", "text": " "}\n',
            r"queries\.jsonl, line 1: the text of .* is empty",
        ),
        ('{"_id": "q1", "text": ["a"]}\n', r'line 1: give "text" as a string'),
        ("", r"holds no query"),
        ('{"_id": "other", "text": "x"}\n', r"no query of .* is judged"),
    ],
)
def test_bad_queries(tmp_path: Path, queries: str, message: str) -> None:
    with pytest.raises(BadDataset, match=message):
        load_dataset(write(tmp_path, queries=queries))


@pytest.mark.parametrize(
    ("qrels", "message"),
    [
        (HEADER + "q1 d1 1\n", r"test\.tsv, line 2: 1 column"),
        (HEADER + "q1\td1\thigh\n", r"line 2: the grade 'high' is not a whole number"),
        (HEADER + "q1\td1\t0.5\n", r"line 2: the grade '0.5'"),
        (HEADER + HEADER, r"line 2: the grade 'score'"),
        (HEADER + "\td1\t1\n", r"line 2: an id is empty"),
        (HEADER + "q1\td1\t1\nq1\td1\t2\n", r"line 3: document 'd1' has grade 1 .* and 2 here"),
        (HEADER, r"holds no judgement"),
    ],
)
def test_bad_qrels(tmp_path: Path, qrels: str, message: str) -> None:
    with pytest.raises(BadDataset, match=message):
        load_dataset(write(tmp_path, test=qrels))


def test_not_utf8(tmp_path: Path) -> None:
    write(tmp_path)
    (tmp_path / "corpus.jsonl").write_bytes('{"_id": "d1", "text": "中文"}\n'.encode("gb18030"))
    with pytest.raises(BadDataset, match=r"corpus\.jsonl, line 1: not UTF-8 .* save the file"):
        load_dataset(tmp_path)
