"""An answer's words beside those of right answers. Where there are several right answers, the one
that is nearest counts. All values lie between 0 and 1.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from functools import cache
from typing import TYPE_CHECKING

from eval.answers.text import is_chinese, tokens, words

if TYPE_CHECKING:
    from sacrebleu.metrics.bleu import BLEU


def exact_match(text: str, right: Sequence[str]) -> float:
    """1 where the answer has the tokens of a right one, and no others (SQuAD's EM)."""
    return float(any(tokens(text) == tokens(one) for one in right))


def token_f1(text: str, right: Sequence[str]) -> float:
    """The harmonic mean of precision and recall over tokens, whatever their order (SQuAD's F1).
    CMRC 2018 counts the longest common run of characters in their place, which answers in whole
    sentences cannot have."""
    return max((_f1(tokens(text), tokens(one)) for one in right), default=0.0)


def _f1(said: Sequence[str], right: Sequence[str]) -> float:
    return _harmonic((Counter(said) & Counter(right)).total(), len(said), len(right))


def rouge_l(text: str, right: Sequence[str]) -> float:
    """The same over the longest common subsequence of words, or characters in Chinese (C.-Y. Lin,
    "ROUGE: A Package for Automatic Evaluation of Summaries", 2004; beta 1, without stemming)."""
    from rapidfuzz.distance import LCSseq

    said = words(text)
    return max(
        (
            _harmonic(LCSseq.similarity(said, words(one)), len(said), len(words(one)))
            for one in right
        ),
        default=0.0,
    )


def _harmonic(shared: int, said: int, right: int) -> float:
    if not said or not right:
        return float(said == right)
    return 2.0 * shared / (said + right)


def bleu(text: str, right: Sequence[str]) -> float:
    """BLEU of one sentence by sacrebleu (M. Post, "A Call for Clarity in Reporting BLEU Scores",
    2018), exponentially smoothed, over the orders that are short enough; Chinese is cut into
    characters (`tokenize="zh"`), other text as mteval-v13a does. The mean over questions is not
    the BLEU of the whole, which weighs long answers more."""
    if not text.strip():
        return 0.0
    metric = _bleu("zh" if is_chinese(right[0]) else "13a")
    return min(1.0, float(metric.sentence_score(text, list(right)).score) / 100.0)


@cache
def _bleu(tokenize: str) -> BLEU:
    from sacrebleu.metrics.bleu import BLEU

    return BLEU(lowercase=True, tokenize=tokenize, effective_order=True)
