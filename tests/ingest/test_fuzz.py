"""A short run of the fuzzer with a fixed seed; `python tests/ingest/fuzz.py` makes a long one."""

from __future__ import annotations

import random

from fuzz import cases, fuzz, mutated
from seeds import good_files

from ingest.workers import Limits

LIMITS = Limits(timeout_s=240, memory_mb=2000)


def test_mutated_files_end_as_documents_or_reasons() -> None:
    found = fuzz(good_files(), 300, seed=7, workers=2, limits=LIMITS)
    assert found.count == 300
    assert found.failed == []
    # Neither all refused nor all unharmed: the mutations reach the parsers.
    assert 60 < found.read < 290


def test_a_case_can_be_made_again() -> None:
    files = good_files()
    first, second = list(cases(files, 60, seed=3)), list(cases(files, 60, seed=3))
    assert first == second
    assert [case.data for case in first] == [case.data for case in second]
    assert sum(case.data != files[case.name] for case in first) >= 50
    other = [case.data for case in cases(files, 60, seed=4)]
    assert [case.data for case in first] != other
    assert mutated(b"", random.Random(1), files) is not None
