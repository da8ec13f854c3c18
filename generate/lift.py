"""Similarity on a scale that does not depend on the embedder.

The cosine of two unrelated texts is 0.75 with one model and 0.05 with another. What can be
compared is how far a cosine lies above that of texts that have nothing to do with each other,
so every call measures a few such texts along.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from generate.contract import Similarity
from generate.language import Language, language

# Everyday sentences on subjects far apart. An embedder puts texts of one language closer
# together than their meaning warrants, so a text is compared with those of its own language.
ANCHORS: dict[Language, tuple[str, ...]] = {
    "en": (
        "The soup needs a little more salt before it is served.",
        "She tied her shoes and ran down the stairs.",
        "Light rain is expected along the coast tomorrow morning.",
        "He practised the violin for an hour every evening.",
        "The old bridge was painted green last summer.",
        "Please remember to water the plants in the hall.",
    ),
    "zh": (
        "汤在上桌之前还需要再加一点盐。",
        "她系好鞋带，跑下了楼梯。",
        "预计明天早晨沿海地区有小雨。",
        "他每天晚上练习一个小时的小提琴。",
        "那座旧桥去年夏天被漆成了绿色。",
        "请记得给走廊里的植物浇水。",
    ),
}


def lifts(similarity: Similarity, text: str, candidates: Sequence[str]) -> npt.NDArray[np.float32]:
    """How much nearer each candidate is to the text than unrelated text is: 0 for no nearer,
    1 for the same meaning. Shape (len(candidates),).
    """
    if not candidates:
        return np.zeros(0, dtype=np.float32)
    languages = [language(candidate) for candidate in candidates]
    used = sorted(set(languages))
    anchors = [anchor for name in used for anchor in ANCHORS[name]]
    scores = np.asarray(similarity(text, [*anchors, *candidates]), dtype=np.float32)
    base: dict[str, float] = {}
    for at, name in enumerate(used):
        size = len(ANCHORS[name])
        base[name] = min(float(np.mean(scores[at * size : (at + 1) * size])), 0.99)
    floor = np.array([base[name] for name in languages], dtype=np.float32)
    lifted: npt.NDArray[np.float32] = (scores[len(anchors) :] - floor) / (1 - floor)
    clipped: npt.NDArray[np.float32] = np.clip(lifted, 0.0, 1.0, dtype=np.float32)
    return clipped
