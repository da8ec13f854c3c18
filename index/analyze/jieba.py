"""Chinese words by jieba."""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from threading import Lock
from typing import Any, ClassVar

from index.mixed_text import MixedTextAnalyzer
from ingest.contract import cached_property


@dataclass(frozen=True, eq=False)
class JiebaAnalyzer(MixedTextAnalyzer):
    """By the most probable way through jieba's dictionary and the user's words."""

    engine: ClassVar[str] = "jieba"
    _lock: Lock = field(default_factory=Lock, init=False, repr=False, compare=False)

    @cached_property
    def _segmenter(self) -> Any:
        import jieba

        jieba.setLogLevel(logging.WARNING)
        with self._lock:
            jieba.dt.initialize()
        if not self.words:
            return jieba.dt
        segmenter = jieba.Tokenizer()
        segmenter.FREQ, segmenter.total = dict(jieba.dt.FREQ), jieba.dt.total
        segmenter.initialized = True
        for word, frequency in self.lexicon.han.items():
            segmenter.add_word(word, frequency)
        return segmenter

    def cut(self, han: str) -> list[str]:
        return list(self._segmenter.cut(han, HMM=False))
