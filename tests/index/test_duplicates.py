"""Documents that repeat another: what is marked, what is not, and that marks follow changes."""

from __future__ import annotations

import hashlib
import random
import re
import tempfile
from itertools import combinations
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from index_room import make_document, make_parts

from index.catalog import Catalog
from index.collection import Collection
from index.duplicates import THRESHOLD
from index.minhash import PLACES, bands, shingles, signature, similarity
from ingest.contract import Block, BlockKind, Document, Json

_WORDS = re.compile(r"[\u3400-\u9fff]|[A-Za-z]+|\d+")
_EN = ["pump", "valve", "iron", "bearing", "gear", "oil", "north", "south", "river", "stone"]
_ZH = "水泵阀门轴承齿轮钢铁电缆传感器北方南方河流石材玻璃轻型重纸张机油车轮灯具桌椅"


def text_of(seed: int, language: str, length: int = 300) -> str:
    rng = random.Random(seed)
    if language == "zh":
        return "".join(rng.choice(_ZH) + ("。" if n % 20 == 19 else "") for n in range(length))
    return " ".join(rng.choice(_EN) + str(rng.randrange(90)) for _ in range(length))


def edited(text: str, share: float, seed: int = 1) -> str:
    """The text with that share of its words (Han characters) replaced by others of it."""
    rng = random.Random(seed)
    words = _WORDS.findall(text)
    return _WORDS.sub(
        lambda match: rng.choice(words) if rng.random() < share else match.group(), text
    )


def contract(seed: int, language: str) -> str:
    """A short contract: one template, every name, date and number its own."""
    rng = random.Random(seed)

    def word(n: int) -> str:
        if language == "zh":
            return "".join(rng.choice(_ZH) for _ in range(2 * n))
        return " ".join(rng.choice(_EN) for _ in range(n))

    def number() -> int:
        return rng.randrange(10, 99_999)

    if language == "zh":
        return (
            f"服务合同，编号{number()}。本合同由{word(3)}与{word(3)}签订。供方应将{word(4)}送达"
            f"{word(3)}。合同价款为{number()}元，分{number()}期支付。保修期自交付之日起{number()}日。"
            f"双方对所知悉的对方信息负有保密义务，期限为{number()}日。任何一方可提前{number()}日书面"
            f"通知对方解除合同。争议由{word(2)}仲裁。联系人为{word(2)}。特别约定：{word(12)}。"
        )
    return (
        f"SERVICE AGREEMENT No. {number()} between {word(3)} and {word(3)}. The supplier shall "
        f"deliver {word(4)} to {word(3)}. The price is {number()} dollars in {number()} parts. The "
        f"warranty is {number()} days from delivery. Each party keeps the information of the other "
        f"for {number()} days. Either may end the agreement by notice of {number()} days. Disputes "
        f"are settled in {word(1)}. The contact is {word(2)}. Special terms: {word(12)}."
    )


# --- signatures -------------------------------------------------------------------------------


@pytest.mark.parametrize("language", ["zh", "en"])
def test_copies_are_told_from_other_documents_of_the_same_template(language: str) -> None:
    """Of copies with one word in a hundred replaced all are found, and none of 60 contracts
    that were made of one template is taken for another."""
    texts = [text_of(seed, language) for seed in range(20)]
    for text in texts:
        assert similarity(signature(text), signature(edited(text, 0.01))) >= THRESHOLD
    contracts = [signature(contract(seed, language)) for seed in range(60)]
    assert all(contracts)
    assert max(similarity(a, b) for a, b in combinations(contracts, 2)) < THRESHOLD


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 99), st.sampled_from(["zh", "en"]), st.floats(0, 0.2))
def test_the_estimate_is_near_the_similarity(seed: int, language: str, share: float) -> None:
    one = text_of(seed, language)
    two = edited(one, share, seed)
    mine, theirs = shingles(one), shingles(two)
    exact = len(mine & theirs) / len(mine | theirs)
    estimate = similarity(signature(one), signature(two))
    assert abs(estimate - exact) < 0.2  # over four standard errors
    if estimate >= THRESHOLD:
        assert set(bands(signature(one))) & set(bands(signature(two)))


def test_layout_case_and_width_do_not_count() -> None:
    text = text_of(3, "en") + text_of(3, "zh")
    wide = "".join(chr(ord(c) + 0xFEE0) if c.isdigit() else c for c in text)
    assert signature(text) == signature(wide.upper().replace(" ", "\n  "))


def test_a_signature_is_the_same_on_every_machine() -> None:
    made = signature(" ".join(f"word{n} 第{n}章" for n in range(100)))
    assert len(made) == 4 * PLACES
    assert hashlib.sha256(made).hexdigest().startswith("3e6182122e15a04d")


def test_a_short_text_has_no_signature() -> None:
    assert signature("质保期为两年。") == b"" == signature("")
    assert similarity(b"", b"") == 0.0 and bands(b"") == []


# --- marks in the catalog ---------------------------------------------------------------------


def document_of(name: str, text: str, **metadata: Json) -> Document:
    content = hashlib.sha256(text.encode()).hexdigest()
    block = Block(BlockKind.PARAGRAPH, text)
    return Document(name, name, "text/plain", content, (block,), metadata=metadata)


def put(catalog: Catalog, name: str, text: str, **metadata: Json) -> None:
    catalog.put(document_of(name, text, **metadata), [], {}, "test")


def marks(catalog: Catalog) -> dict[str, Json]:
    """What each document is marked as a duplicate of."""
    return {r.id: r.metadata.get("duplicate_of") for r in catalog.records()}


@pytest.fixture
def catalog(tmp_path: Path) -> Catalog:
    return Catalog(tmp_path / "catalog.sqlite", create=True)


def test_copies_are_marked_with_the_first(catalog: Catalog) -> None:
    text = text_of(1, "zh")
    put(catalog, "z", text)
    put(catalog, "a", text, author="李明")
    put(catalog, "b", edited(text, 0.01), year=2024)
    put(catalog, "c", text_of(2, "zh"))
    assert marks(catalog) == {"a": "z", "b": "z", "c": None, "z": None}
    exact, near = catalog.record("a"), catalog.record("b")
    assert exact is not None and near is not None
    assert exact.metadata == {"author": "李明", "duplicate_of": "z", "duplicate_similarity": 1.0}
    assert near.metadata["year"] == 2024
    assert 0.8 <= float(str(near.metadata["duplicate_similarity"])) < 1.0


def test_short_documents_are_duplicates_where_they_are_the_same(catalog: Catalog) -> None:
    put(catalog, "a", "质保期为两年。")
    put(catalog, "b", "质保期为两年。")
    put(catalog, "c", "质保期为三年。")
    assert marks(catalog) == {"a": None, "b": "a", "c": None}


def test_the_next_one_takes_the_place_of_an_original_that_goes(catalog: Catalog) -> None:
    text = text_of(1, "en")
    for name in ("c", "b", "a"):
        put(catalog, name, text)
    catalog.delete(["c"])
    assert marks(catalog) == {"a": "b", "b": None}
    catalog.delete(["b"])
    assert marks(catalog) == {"a": None}


def test_marks_follow_an_original_that_changes(catalog: Catalog) -> None:
    text = text_of(1, "en")
    put(catalog, "a", text)
    put(catalog, "b", text)
    put(catalog, "c", edited(text, 0.01))
    put(catalog, "a", text_of(2, "en"))
    assert marks(catalog) == {"a": None, "b": None, "c": "b"}
    put(catalog, "b", text_of(2, "en"))
    assert marks(catalog) == {"a": None, "b": "a", "c": None}


def test_marks_cannot_be_handed_in(catalog: Catalog) -> None:
    put(catalog, "a", text_of(1, "en"), duplicate_of="nobody", duplicate_similarity=7)
    assert marks(catalog) == {"a": None}


_VARIANTS = [
    edited(text_of(base, language), share, seed)
    for base, language in ((1, "zh"), (2, "en"))
    for share, seed in ((0.0, 0), (0.01, 1), (0.02, 2), (0.03, 3), (0.2, 4))
] + ["短文。", "Short."]
_STEPS = st.lists(
    st.one_of(
        st.tuples(st.sampled_from("abcdef"), st.sampled_from(_VARIANTS)),
        st.lists(st.sampled_from("abcdef"), min_size=1, max_size=3),
    ),
    max_size=14,
)


@settings(max_examples=25, deadline=None)
@given(_STEPS)
def test_every_mark_points_to_an_original_that_is_there(
    steps: list[tuple[str, str] | list[str]],
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        catalog = Catalog(Path(folder) / "catalog.sqlite", create=True)
        texts: dict[str, str] = {}
        for step in steps:
            if isinstance(step, tuple):
                put(catalog, *step)
                texts[step[0]] = step[1]
            else:
                catalog.delete(step)
                texts = {name: text for name, text in texts.items() if name not in step}
            check(catalog, texts)
        catalog.delete(sorted(texts))
        assert catalog.read("SELECT * FROM signatures") == []
        assert catalog.read("SELECT * FROM signature_bands") == []
        catalog.close()


def check(catalog: Catalog, texts: dict[str, str]) -> None:
    made = {name: signature(text) for name, text in texts.items()}
    found = marks(catalog)
    assert found.keys() == texts.keys()
    originals = [name for name, mark in found.items() if mark is None]

    def repeats(one: str, two: str) -> bool:
        return texts[one] == texts[two] or similarity(made[one], made[two]) >= THRESHOLD

    for name, mark in found.items():
        assert mark is None or (mark in originals and repeats(name, str(mark)))
    assert not any(repeats(one, two) for one, two in combinations(originals, 2))
    wanted = {(band, name) for name in originals for band in bands(made[name])}
    rows = catalog.read("SELECT band, document_id FROM signature_bands")
    assert {tuple(row) for row in rows} == wanted


def test_marks_are_seen_by_filters_and_follow_a_deletion(tmp_path: Path) -> None:
    text = text_of(1, "zh")
    items = [make_document(name, [text, "另一段。"]) for name in ("a", "b")]
    collection = Collection.create(tmp_path / "c", make_parts())
    with collection.writer() as writer:
        writer.put(items, "test")
        snapshot = collection.snapshot()
        first = snapshot.allowed({"duplicate_of": {"$exists": False}})
        second = snapshot.allowed({"duplicate_of": "a"})
        assert len(first) == len(second) == 2 and set(first).isdisjoint(second)
        assert len(snapshot.allowed({"duplicate_similarity": {"$gte": 0.8}})) == 2
        stored = snapshot.chunks([int(second[0])])[int(second[0])]
        assert stored.metadata["duplicate_of"] == "a"
        writer.delete(["a"])
        assert len(collection.snapshot().allowed({"duplicate_of": {"$exists": False}})) == 2
    collection.close()
