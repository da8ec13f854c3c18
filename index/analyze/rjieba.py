"""Chinese words by rjieba: jieba's dictionary and cutting in Rust, over ten times as fast."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from index.mixed_text import MixedTextAnalyzer
from ingest.contract import cached_property


@dataclass(frozen=True, eq=False)
class RjiebaAnalyzer(MixedTextAnalyzer):
    """By the most probable way through jieba's dictionary and the user's words."""

    engine: ClassVar[str] = "rjieba"

    @cached_property
    def _segmenter(self) -> Any:
        import rjieba

        segmenter = rjieba.Jieba()
        for word, frequency in self.lexicon.han.items():
            segmenter.add_word(word, frequency, None)
        return segmenter

    def cut(self, han: str) -> list[str]:
        words: list[str] = self._segmenter.cut(han, hmm=False)
        return words
