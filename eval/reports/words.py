"""The words of a report in its language: every text stands in the catalogue once for each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from eval.reports.catalogue import TEXTS
from eval.reports.sentences import in_chinese
from ingest.contract import BadInput

LANGUAGES: Mapping[str, str] = {"en": "en", "zh": "zh-CN"}
"""Languages that reports are written in, with their tags in HTML."""


@dataclass(frozen=True)
class Words:
    """Texts in one language."""

    language: str = "en"

    def __post_init__(self) -> None:
        if self.language not in LANGUAGES:
            raise BadInput(
                f"no report is written in {self.language!r}; choose one of: {', '.join(LANGUAGES)}"
            )

    def __call__(self, key: str, **values: object) -> str:
        """The text of that key. A text with two forms, "{n} query|{n} queries", has the first
        where `n` is 1."""
        one, _, several = TEXTS[key][self._column].partition("|")
        form = several if several and values.get("n") != 1 else one
        return form.format(**values)

    def named(self, family: str, name: str) -> str:
        """The word for a name of a family ("stage", "parsing"); the name where there is none."""
        key = f"{family}.{name}"
        return self(key) if key in TEXTS else name

    def sentence(self, text: str) -> str:
        """What a study says in English, in this language as far as it is known."""
        return in_chinese(text) if self.language == "zh" else text

    def listed(self, names: Sequence[str]) -> str:
        """Names one after the other: "a, b and c"."""
        if len(names) < 2:
            return "".join(names)
        return self("list.last", a=self("list.comma").join(names[:-1]), b=names[-1])

    def sentences(self, texts: Sequence[str]) -> str:
        """Sentences one after the other."""
        return self("list.sentence").join(text for text in texts if text)

    @property
    def tag(self) -> str:
        """The tag of the language in HTML."""
        return LANGUAGES[self.language]

    @property
    def _column(self) -> int:
        return list(LANGUAGES).index(self.language)
