"""The script of every chunk, followed through any history."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from index_room import PIPELINE, fill, make_document, make_parts

from index.contract import HAN, LATIN
from index.scripts import Scripts

SCRIPTS = st.sampled_from(["", HAN, LATIN])


@given(
    steps=st.lists(
        st.tuples(st.dictionaries(st.integers(1, 40), SCRIPTS), st.sets(st.integers(1, 50)))
    ),
    asked=st.lists(st.integers(1, 60)),
    script=SCRIPTS,
)
def test_any_history_equals_a_dictionary(
    steps: list[tuple[dict[int, str], set[int]]], asked: list[int], script: str
) -> None:
    scripts, held = Scripts(), dict[int, str]()
    for generation, (added, deleted) in enumerate(steps):
        gone = sorted(deleted - set(added))
        scripts = scripts.changed(generation, sorted(added.items()), gone)
        held = {key: known for key, known in held.items() if key not in gone} | added
    foreign = {k for k, known in held.items() if script and known and known != script}
    keys = np.array(asked, dtype=np.int64)
    assert scripts.foreign(script, keys).tolist() == [key in foreign for key in asked]
    assert scripts.all_foreign(script).tolist() == sorted(foreign)


def test_snapshots_know_the_scripts_of_their_chunks(tmp_path: Path) -> None:
    documents = [make_document("a", ["全是中文的一段话", "An English paragraph", "123"])]
    collection = fill(tmp_path / "c", make_parts(), documents)
    before = collection.snapshot()
    chunks = {s.chunk.text: key for key, s in before.chunks(range(1, 10)).items()}
    assert before.scripts.all_foreign(HAN).tolist() == [chunks["An English paragraph"]]
    with collection.writer() as writer:
        writer.put([make_document("b", ["Another English one"])], PIPELINE)
        writer.delete(["a"])
    after = collection.snapshot()
    assert len(after.scripts.all_foreign(HAN)) == 1
    assert after.scripts.all_foreign(LATIN).tolist() == []
    assert before.scripts.all_foreign(LATIN).tolist() == [chunks["全是中文的一段话"]]
    collection.close()
