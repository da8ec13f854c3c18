"""What `braid bench index` measures is measured rightly: its vectors, its texts, its truth."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
import pytest
from cli_fixtures import Braid
from hypothesis import given, settings
from hypothesis import strategies as st

import api.benchmark_index
from api.benchmark_index import IndexSpeed, allowed_keys, kth_score, recall, variant_options
from api.benchmark_report import growth, points
from api.benchmark_sparse import overlap
from api.benchmark_texts import documents, halves, passages
from api.benchmark_vectors import Topics
from ingest.contract import BadInput

SENTENCES = st.lists(
    st.text("泵阀轴承密封压力", min_size=14, max_size=40).map(lambda s: s + "。"),
    min_size=1,
    max_size=8,
    unique=True,
)


@settings(max_examples=20, deadline=None)
@given(count=st.integers(1, 300), more=st.integers(0, 300), seed=st.integers(0, 2**31))
def test_vectors_are_units_and_do_not_depend_on_how_many_are_asked_for(
    count: int, more: int, seed: int
) -> None:
    topics = Topics(24, seed, topics=5, subtopics=5, directions=6)
    rows = topics.vectors(count)
    np.testing.assert_allclose(np.linalg.norm(rows, axis=1), 1.0, rtol=1e-5)
    np.testing.assert_array_equal(rows, topics.vectors(count + more)[:count])
    assert not (rows[:, None] == topics.queries(5)[None]).all(axis=2).any()


def test_blocks_are_the_same_vectors() -> None:
    topics = Topics(16, topics=3, subtopics=3, directions=4)
    np.testing.assert_array_equal(
        np.concatenate(list(topics.blocks(25_001))), topics.vectors(25_001)
    )


@settings(max_examples=30, deadline=None)
@given(rows=st.integers(1, 60), k=st.integers(1, 12), block=st.integers(1, 25))
def test_exact_neighbours_come_out_of_blocks(rows: int, k: int, block: int) -> None:
    topics = Topics(16, topics=3, subtopics=3, directions=4)
    held, queries = topics.vectors(rows), topics.queries(4)
    wanted = -np.sort(-(queries @ held.T), axis=1)[:, min(k, rows) - 1]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(api.benchmark_index, "_BLOCK", block)
        np.testing.assert_allclose(kth_score(held, queries, k), wanted, atol=1e-6)


@given(size=st.integers(1, 5_000), share=st.floats(0.0001, 1))
def test_a_filter_leaves_its_share(size: int, share: float) -> None:
    keys = allowed_keys(size, share)
    assert len(keys) == max(1, round(size * share))
    assert (np.diff(keys) > 0).all()
    assert 1 <= keys[0] <= keys[-1] <= size


@given(power=st.floats(-2, 3), factor=st.floats(0.01, 100))
def test_growth_is_the_power(power: float, factor: float) -> None:
    rows = [IndexSpeed("flat", size, build_s=factor * size**power) for size in (900, 10, 100)]
    curve = points([*rows, IndexSpeed("flat", 50, reason="it broke")], "build_s")["flat"]
    assert [x for x, _ in curve] == [10, 100, 900]
    assert growth(curve) == pytest.approx(power, abs=1e-6)
    assert growth(curve[:1]) is None


def test_a_variant_is_a_kind_with_codes_and_options() -> None:
    assert variant_options("hnsw-sq8:hnsw_neighbours=64:recall=0.5") == {
        "kind": "hnsw", "codes": "sq8", "hnsw_neighbours": 64, "recall": 0.5
    }  # fmt: skip
    with pytest.raises(BadInput, match="name=number"):
        variant_options("hnsw:breadth")


def test_recall_counts_what_is_as_near_as_the_last() -> None:
    rows = np.eye(4, dtype=np.float32)
    rows[3] = rows[1]
    query = np.array([0.8, 0.6, 0.0, 0.0], dtype=np.float32)
    kth = kth_score(rows, query[None], 2)
    shares = {(1, 2): 1.0, (1, 4): 1.0, (2, 4): 1.0, (1, 3): 0.5, (3,): 0.0}
    for keys, share in shares.items():
        found = [np.array(keys, dtype=np.int64)]
        assert recall(found, rows, query[None], kth.tolist(), 2) == share


def test_overlap_is_over_the_queries_that_have_results() -> None:
    assert overlap([[1, 2], [9], [3]], [[2, 4], [], [3]]) == 0.75


@settings(max_examples=50, deadline=None)
@given(texts=st.lists(SENTENCES, min_size=1, max_size=5), count=st.integers(1, 90))
def test_passages_are_read_first_and_mixed_of_the_same_sentences_then(
    texts: list[list[str]], count: int
) -> None:
    whole = ["".join(sentences) for sentences in texts]
    made = passages(whole, count)
    assert len(made.texts) == count
    assert made == passages(whole, count)
    assert all(any(text in source for source in whole) for text in made.texts[: made.read])
    every = {sentence for sentences in texts for sentence in sentences}
    for text in made.texts:
        assert {part + "。" for part in text.split("。") if part} <= every


def test_documents_hold_every_passage_once() -> None:
    texts = [f"第{number}段。" for number in range(45)]
    made = list(documents(texts, read=20))
    assert [chunk.text for _, chunks in made for chunk in chunks] == texts
    assert [document.metadata["corpus"] for document, _ in made] == ["read", "mixed", "mixed"]
    for document, chunks in made:
        for chunk in chunks:
            assert document.text[slice(*chunk.span)] == chunk.text


def test_queries_are_halves_of_sentences() -> None:
    text = "The pump is to be filled before it starts. 离心泵在启动前必须灌满液体。"
    found = halves([text], 5)
    assert len(found) == 2
    assert all(query in text and len(query) < 30 for query in found)


def test_bench_index(braid: Braid, tmp_path: Path) -> None:
    (tmp_path / "text.md").write_text(
        "".join(f"第{n}号泵的压力是{n + 3}巴。The valve {n} opens at {n} bar. " for n in range(90))
    )
    arguments: list[str | Path] = [
        "bench", "index", "--sizes", "300,1500", "--variants", "flat:recall=0.9",
        "--dimension", "32", "--count", "30", "--selectivity", "0.5,0.01", "--sparse", "40",
        "--text", tmp_path / "text.md",
    ]  # fmt: skip
    for suffix in ("html", "csv", "json"):
        arguments += ["--report", tmp_path / f"report.{suffix}"]
    said = braid(*arguments, "--json")
    assert said.code == 0, said
    found = said.json
    assert json.loads((tmp_path / "report.json").read_text()) == found
    flat = found["dense"]
    assert [(row["variant"], row["size"]) for row in flat] == [
        ("flat:recall=0.9", 300), ("flat:recall=0.9", 1500)
    ]  # fmt: skip
    for row in flat:
        assert row["recall"] == 1.0
        assert [one["recall"] for one in row["filtered"]] == [1.0, 1.0]
    assert flat[1]["disk_bytes"] == pytest.approx(4 * 32 + 8, rel=0.02)
    impacts, tantivy, reference = found["sparse"]
    assert (reference["overlap"], reference["speed_ratio"]) == (1.0, 1.0)
    assert tantivy["overlap"] > 0.9
    assert impacts["overlap"] > 0.9
    assert found["settings"]["CPU"]
    lines = csv.DictReader((tmp_path / "report.csv").read_text().splitlines())
    recalls = [line["value"] for line in lines if line["measure"] == "recall"]
    assert recalls == ["1.0"] * 6
    page = (tmp_path / "report.html").read_text()
    assert "http" not in page
    assert page.count("<figure>") == 23


@pytest.mark.parametrize(
    ("flag", "value", "words"),
    [
        ("--variants", "pyramid", "unknown kind 'pyramid'"),
        ("--sizes", "10,many", "whole numbers"),
        ("--selectivity", "0", "over 0"),
        ("--report", "report.pdf", ".html"),
        ("--sparse", "10", "no collection"),
    ],
)
def test_bench_index_refuses(braid: Braid, flag: str, value: str, words: str) -> None:
    code = 1 if words == "no collection" else 2
    assert words in braid.refused("bench", "index", "--sizes", "300", flag, value, code=code)


def test_bench_index_refuses_other_vectors(braid: Braid, tmp_path: Path) -> None:
    np.save(tmp_path / "few.npy", np.ones((50, 384), dtype=np.float32))
    (tmp_path / "none.npy").write_text("no vectors")
    for name, words in (("few.npy", "(50, 384)"), ("none.npy", "no file of vectors")):
        said = braid.refused(
            "bench", "index", "--sizes", "300", "--vectors", tmp_path / name, code=2
        )
        assert words in said
