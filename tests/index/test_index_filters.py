"""Filters mean what a plain reading in Python says, and nothing gets through to SQL."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from index_room import DIMENSION, PIPELINE, make_document

from index import rows
from index.catalog import Catalog
from index.contract import DocumentRecord
from index.filters import compile_filter
from index.soundness import catalog_faults
from ingest.contract import BadInput

ORDER = {"$gt": operator.gt, "$gte": operator.ge, "$lt": operator.lt, "$lte": operator.le}
WITHIN: Mapping[str, Callable[[Any, Any], bool]] = {
    "$contains": operator.contains,
    "$startswith": str.startswith,
    "$endswith": str.endswith,
}
MISSING = object()
KEYS = ["year", "tags", "a.b", "a", "o'k", "名字", "a.b.c", ""]
TEXT = st.sampled_from(
    ["", "x", "xX中x", "X", "2", "中", "'; DROP TABLE documents; --", "%", "\x00z", "é"]
)
NUMBER = st.integers(-3, 3) | st.sampled_from([0.5, -0.0, 1.0, 1e300, 2**63, 2**62 + 1, -(10**25)])
SCALAR = st.none() | st.booleans() | NUMBER | TEXT
VALUE = st.recursive(
    SCALAR,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["b", "c", "o'k"]), inner, max_size=2)
    ),
    max_leaves=5,
)
METADATA = st.dictionaries(
    st.sampled_from(["year", "tags", "a", "o'k", "名字", ""]), VALUE, max_size=4
)


def _condition(depth: int) -> st.SearchStrategy[Any]:
    plain = st.one_of(
        st.fixed_dictionaries({"$eq": SCALAR}),
        st.fixed_dictionaries({"$ne": SCALAR}),
        st.dictionaries(st.sampled_from(sorted(ORDER)), NUMBER | TEXT, min_size=1, max_size=2),
        st.fixed_dictionaries({"$in": st.lists(SCALAR, max_size=4)}),
        st.fixed_dictionaries({"$nin": st.lists(SCALAR, max_size=4)}),
        st.fixed_dictionaries({"$exists": st.booleans()}),
        st.dictionaries(st.sampled_from(sorted(WITHIN)), TEXT.filter(bool), min_size=1, max_size=2),
        SCALAR,
    )
    if not depth:
        return plain
    return plain | st.fixed_dictionaries({"$not": _condition(depth - 1)})


FIELD = st.sampled_from([*KEYS, "document_id", "title", "page_count"])
EXPRESSION: st.SearchStrategy[dict[str, Any]] = st.recursive(
    st.dictionaries(FIELD, _condition(2), max_size=2),
    lambda inner: st.one_of(
        st.fixed_dictionaries({"$and": st.lists(inner, min_size=1, max_size=4)}),
        st.fixed_dictionaries({"$or": st.lists(inner, min_size=1, max_size=4)}),
        st.fixed_dictionaries({"$not": inner}),
    ),
    max_leaves=6,
)


def matches(expression: Mapping[str, Any], record: DocumentRecord) -> bool:
    """The documented meaning of a filter, read literally."""
    for key, value in expression.items():
        if key == "$and":
            held = all(matches(item, record) for item in value)
        elif key == "$or":
            held = any(matches(item, record) for item in value)
        elif key == "$not":
            held = not matches(value, record)
        else:
            held = _field(_value(record, key), value)
        if not held:
            return False
    return True


def _value(record: DocumentRecord, name: str) -> Any:
    columns = {
        "document_id": record.id,
        "title": record.title,
        "media_type": record.media_type,
        "page_count": record.page_count,
    }
    if name in columns:
        return columns[name]
    found: Any = record.metadata
    for part in name.split("."):
        if not isinstance(found, Mapping) or part not in found:
            return MISSING
        found = found[part]
    return found


def _field(found: Any, condition: Any) -> bool:
    if not isinstance(condition, Mapping):
        condition = {"$eq": condition}
    return all(_holds(found, name, operand) for name, operand in condition.items())


def _holds(found: Any, name: str, operand: Any) -> bool:
    items = found if isinstance(found, list | tuple) else [found]
    if name == "$not":
        return not _field(found, operand)
    if name == "$exists":
        return bool((found is not MISSING) == operand)
    if name in ORDER:
        return any(_kind(i) == _kind(operand) and ORDER[name](i, operand) for i in items)
    if name in WITHIN:
        return any(isinstance(i, str) and WITHIN[name](i, operand) for i in items)
    wanted = operand if name in ("$in", "$nin") else [operand]
    held = any(_equal(item, value) for value in wanted for item in items)
    return bool(held != (name in ("$ne", "$nin")))


def _equal(found: Any, wanted: Any) -> bool:
    if wanted is None:
        return found is None or found is MISSING
    if isinstance(found, int | float) and not isinstance(found, bool) and abs(found) >= 2**63:
        found = float(found)
    return _kind(found) == _kind(wanted) and bool(found == wanted)


def _kind(value: Any) -> str:
    if isinstance(value, bool):
        return "truth"
    if isinstance(value, int | float):
        return "number"
    return type(value).__name__


@pytest.fixture(scope="module")
def catalog(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Catalog]:
    catalog = Catalog(tmp_path_factory.mktemp("filters") / "catalog.sqlite", create=True)
    yield catalog
    catalog.close()


def store(catalog: Catalog, metadata: Sequence[Mapping[str, Any]]) -> dict[int, DocumentRecord]:
    """Holds exactly one document, of one chunk, for each; records by key."""
    catalog.delete([record.id for record in catalog.records()])
    for number, item in enumerate(metadata):
        document, chunks = make_document(
            f"d{number}", ["x"], title=f"t{number % 2}", metadata=dict(item)
        )
        catalog.put(document, chunks, _Zeros(), PIPELINE)
    everything = catalog.matching(compile_filter({})).tolist()
    return {
        key: catalog.record(stored.chunk.document_id) or pytest.fail("no record")
        for key, stored in catalog.chunks(everything).items()
    }


class _Zeros(dict[bytes, rows.StoredVectors]):
    def __missing__(self, mark: bytes) -> rows.StoredVectors:
        return bytes(4 * DIMENSION), b""


@settings(max_examples=100, deadline=None)
@given(metadata=st.lists(METADATA, min_size=1, max_size=4), expressions=st.lists(EXPRESSION))
def test_filters_mean_what_they_say(
    catalog: Catalog, metadata: list[dict[str, Any]], expressions: list[dict[str, Any]]
) -> None:
    records = store(catalog, metadata)
    for expression in expressions:
        found = catalog.matching(compile_filter(expression)).tolist()
        wanted = sorted(key for key, record in records.items() if matches(expression, record))
        assert found == wanted, expression


EXAMPLES: list[tuple[dict[str, Any], list[str]]] = [
    ({}, ["d0", "d1", "d2", "d3"]),
    ({"year": 2021}, ["d0"]),
    ({"year": "2021"}, ["d2"]),
    ({"year": {"$gte": 2021, "$lt": 2023}}, ["d0"]),
    ({"year": {"$gt": 2021}}, ["d1"]),
    ({"year": {"$ne": 2021}}, ["d1", "d2", "d3"]),
    ({"year": {"$nin": [2021, 2024]}}, ["d2", "d3"]),
    ({"year": {"$exists": False}}, ["d3"]),
    ({"year": None}, ["d3"]),
    ({"tags": "a"}, ["d0"]),
    ({"tags": {"$in": ["b", "z"]}}, ["d0", "d1"]),
    ({"tags": None}, ["d2", "d3"]),
    ({"author.name": "李"}, ["d1"]),
    ({"author": {"$exists": True}}, ["d1"]),
    ({"author": "李"}, []),
    ({"done": True}, ["d0"]),
    ({"done": 1}, ["d1"]),
    ({"$or": [{"year": 2021}, {"done": 1}], "title": "t0"}, ["d0"]),
    ({"$not": {"$or": [{"year": 2021}, {"done": 1}]}}, ["d2", "d3"]),
    ({"document_id": {"$in": ["d3", "d2"]}}, ["d2", "d3"]),
    ({"year": {"$not": {"$gt": 2000}}}, ["d2", "d3"]),
]


@pytest.fixture
def sample(catalog: Catalog) -> Catalog:
    store(
        catalog,
        [
            {"year": 2021, "tags": ["a", "b"], "done": True},
            {"year": 2024, "tags": "b", "author": {"name": "李"}, "done": 1},
            {"year": "2021", "tags": [None, 3]},
            {},
        ],
    )
    return catalog


@pytest.mark.parametrize(("expression", "wanted"), EXAMPLES)
def test_examples(sample: Catalog, expression: dict[str, Any], wanted: list[str]) -> None:
    assert ids(sample, expression) == wanted


def ids(catalog: Catalog, expression: Mapping[str, Any]) -> list[str]:
    keys = catalog.matching(compile_filter(expression)).tolist()
    return sorted(stored.chunk.document_id for stored in catalog.chunks(keys).values())


def nested(word: str, depth: int) -> dict[str, Any]:
    expression: dict[str, Any] = {"year": 1}
    for _ in range(depth):
        expression = {word: [expression]} if word in ("$and", "$or") else {word: expression}
    return expression


WRONG: list[tuple[Any, str]] = [
    ({"$where": "1"}, r"filter: unknown operator '\$where'"),
    ({"year": {"$near": 1}}, r"filter\.year\.\$near: unknown operator"),
    ({"year": {"$gt": None}}, r"filter\.year\.\$gt: expected a number or a string"),
    ({"year": {"$gt": True}}, r"filter\.year\.\$gt"),
    ({"year": {"$in": "abc"}}, r"filter\.year\.\$in: expected a list"),
    ({"year": {"$in": [[1]]}}, r"filter\.year\.\$in: expected a string, a number"),
    ({"year": {"$in": list(range(10_001))}}, r"10001 values; 10000 at the most"),
    ({"year": [1]}, r"filter\.year"),
    ({"year": {}}, r"filter\.year: an empty object"),
    ({"year": {"name": 1}}, r"unknown operator 'name'"),
    ({"year": {"$exists": 1}}, r"filter\.year\.\$exists: expected true or false"),
    ({"$and": []}, r"filter\.\$and: expected a list"),
    ({"$or": {"a": 1}}, r"filter\.\$or: expected a list"),
    ({"$or": [{"a": 1}, 5]}, r"filter\.\$or\[1\]: expected an object"),
    ({"$not": 5}, r"filter\.\$not: expected an object"),
    (5, "filter: expected an object"),
    ({'a"b': 1}, "quotation mark"),
    ({"\ud800": 1}, "surrogate"),
    ({"a": "\udfff"}, r"filter\.a\.?.*surrogate"),
    ({"a": {"$in": ["\udfff"]}}, "surrogate"),
    ({"a": {"$gt": "\udfff"}}, "surrogate"),
    ({"a": 10**400}, "too large"),
    ({"a": {"$lt": -(10**400)}}, "too large"),
    (nested("$and", 40), "nested deeper than 16"),
    (nested("$not", 4_000), "nested deeper than 16"),
    ({"a": nested("$not", 4_000)}, "nested deeper than 16"),
    ({"$or": [{"a": {"$in": list(range(9_000))}} for _ in range(4)]}, "30000 at the most"),
]


@pytest.mark.parametrize(("expression", "message"), WRONG, ids=range(len(WRONG)))
def test_wrong_filters_name_the_place(expression: Any, message: str) -> None:
    with pytest.raises(BadInput, match=message) as caught:
        compile_filter(expression)
    str(caught.value).encode()


INJECTIONS = [
    "'; DROP TABLE documents; --",
    "') OR 1=1 --",
    "\\'); DELETE FROM chunks; --",
    "x.$[*]",
    "*",
    "[0]",
    "a[0]",
    "#",
    "a' || (SELECT 1) || '",
    "\\",
    "\\u0022",
    "\n",
    "?",
    ":x",
    "..",
    ".",
    "a\x00b",
]


@pytest.mark.parametrize("text", INJECTIONS)
def test_injections_find_nothing_and_harm_nothing(sample: Catalog, text: str) -> None:
    before = sample.counts()
    for found in (
        ids(sample, {text: 1}),
        ids(sample, {"year": text}),
        ids(sample, {"title": {"$gte": text, "$in": [text]}}),
        ids(sample, {f"tags.{text}": {"$in": [1, text]}}),
    ):
        assert found == []
    assert ids(sample, {text: {"$exists": False}}) == ["d0", "d1", "d2", "d3"]
    assert sample.counts() == before
    assert catalog_faults(sample) == []


def test_large_filters_work(sample: Catalog) -> None:
    assert ids(sample, {"year": {"$in": list(range(10_000))}}) == ["d0", "d1"]
    assert ids(sample, {"year": {"$nin": list(range(10_000))}}) == ["d2", "d3"]
    assert ids(sample, {"$or": [{"year": i} for i in range(2_500)]}) == ["d0", "d1"]
    assert ids(sample, {"$and": [{"year": {"$ne": i}} for i in range(2_500)]}) == ["d2", "d3"]
    for word in ("$and", "$or", "$not"):
        assert ids(sample, nested(word, 16)) == []
    assert ids(sample, {"$or": [nested("$not", 15)] * 50}) == ["d0", "d1", "d2", "d3"]


@pytest.mark.parametrize("width", [2, 30, 31, 91])
@pytest.mark.parametrize("place", [0, -1])
def test_filters_of_any_shape_work_or_are_refused(sample: Catalog, width: int, place: int) -> None:
    """As deep as SQLite's parser takes them: the answer is right, or BadInput, nothing else."""
    expression: dict[str, Any] = {"year": {"$in": [2021, "x", True, None]}}
    for depth in range(16):
        word = ("$or", "$and")[depth % 2]
        filler: dict[str, Any] = {"year": {"$exists": False}} if word == "$or" else {}
        parts = [filler] * (width - 1)
        parts.insert(len(parts) if place else 0, expression)
        expression = {word: parts}
        try:
            assert ids(sample, expression) == ["d0", "d3"]
        except BadInput as error:
            assert "split it" in str(error)
            assert depth > 4
            break


def test_metadata_that_is_no_json_is_refused(catalog: Catalog) -> None:
    document, chunks = make_document("nan", ["x"], metadata={"x": float("nan")})
    with pytest.raises(ValueError, match="JSON"):
        catalog.put(document, chunks, _Zeros(), PIPELINE)
    assert catalog.record("nan") is None
