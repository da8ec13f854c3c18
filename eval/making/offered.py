"""What other rooms use of the making of test sets: `eval.pipeline.making`."""

from __future__ import annotations

from eval.making.asking import Asked, Asking, ask_better
from eval.making.choosing import Library
from eval.making.make import Made, Making, make_questions
from eval.making.material import Reader
from eval.making.review import Reviewed, read_review, review_text

__all__ = [
    "Asked",
    "Asking",
    "Library",
    "Made",
    "Making",
    "Reader",
    "Reviewed",
    "ask_better",
    "make_questions",
    "read_review",
    "review_text",
]
