"""Sentences and paragraphs, composed from the lists of words by a seeded choice."""

from __future__ import annotations

import random
import re

from bench.truth import words_en, words_zh
from bench.truth.model import Para

_MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September",
    "October", "November", "December",
)  # fmt: skip


class Composer:
    """Writes for one document: no template comes twice before all of a subject have come."""

    def __init__(self, seed: str, language: str):
        self.random = random.Random(seed)
        self.language = language
        words = words_zh if language == "zh" else words_en
        self.slots = words.SLOTS
        self.pools = words.POOLS
        self.left: dict[str, list[str]] = {}

    def sentence(self, subject: str) -> str:
        """One sentence on the subject."""
        if not self.left.get(subject):
            pool = list(self.pools[subject])
            self.random.shuffle(pool)
            self.left[subject] = pool
        template = self.left[subject].pop()
        text = re.sub(r"\{(\w+)\}", lambda found: self.fill(found.group(1)), template)
        return text[0].upper() + text[1:]

    def text(self, subject: str, sentences: int) -> str:
        """Sentences in a row."""
        glue = "" if self.language == "zh" else " "
        return glue.join(self.sentence(subject) for _ in range(sentences))

    def paras(self, subject: str, count: int, low: int = 2, high: int = 4) -> list[Para]:
        """Paragraphs of `low` to `high` sentences."""
        return [Para(self.text(subject, self.random.randint(low, high))) for _ in range(count)]

    def fill(self, slot: str) -> str:
        """A value for a slot."""
        draw = self.random
        chinese = self.language == "zh"
        if slot in self.slots:
            return draw.choice(self.slots[slot])
        if slot == "month":
            return f"{draw.randint(1, 12)}月" if chinese else draw.choice(_MONTHS)
        if slot == "date":
            year, month, day = draw.randint(2021, 2027), draw.randint(1, 12), draw.randint(1, 28)
            if chinese:
                return f"{year}年{month}月{day}日"
            return f"{day} {_MONTHS[month - 1]} {year}"
        if slot == "pct":
            value = f"{draw.randint(2, 96)}.{draw.randint(0, 9)}"
            return f"{value}%" if chinese else f"{value} per cent"
        if slot == "money":
            return f"{draw.randint(12, 980)}.{draw.randint(0, 9)}"
        if slot == "big":
            return f"{draw.randint(1_100, 98_000):,}"
        if slot == "score":
            return f"{draw.randint(3, 97)}.{draw.randint(1, 9)}"
        low, high = {"n": (11, 99), "m": (2, 9), "days": (10, 60)}[slot]
        return str(draw.randint(low, high))

    def amount(self, low: int = 1_000, high: int = 900_000) -> str:
        """A whole number with separators."""
        return f"{self.random.randint(low, high):,}"

    def decimal(self) -> str:
        """A number with two decimals, sometimes negative."""
        sign = "-" if self.random.random() < 0.25 else ""
        return f"{sign}{self.random.randint(1, 99)}.{self.random.randint(10, 99)}"
