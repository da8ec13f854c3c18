"""Systems out of settings that are varied: all combinations, or one at a time."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from eval.contract import System
from ingest.contract import Json

LEG = "leg"
"""Varied like a setting: what searches."""

PRODUCT, ONE = WAYS = ("product", "one")
"""All combinations of all values; or, as in an ablation, one setting at a time."""


def grid(base: System, varied: Mapping[str, Sequence[Json]], way: str) -> Iterator[System]:
    """The base with every combination of the values (`way` "product"), or with each value by
    itself ("one"), the last setting changing fastest. Each is named for what is different, as
    briefly as the settings can be told apart: "wide depth=50 translate=false"."""
    names = _short_names(list(varied))
    for changed in _combinations(varied, way):
        settings = {key: value for key, value in changed.items() if key != LEG}
        said = " ".join(f"{names[key]}={_said(value)}" for key, value in changed.items())
        yield replace(
            base,
            name=f"{base.name} {said}",
            settings={**base.settings, **settings},
            leg=str(changed.get(LEG, base.leg)),
        )


def _combinations(varied: Mapping[str, Sequence[Json]], way: str) -> Iterator[dict[str, Json]]:
    if way == PRODUCT:
        for values in itertools.product(*varied.values()):
            yield dict(zip(varied, values, strict=True))
        return
    for key, tried in varied.items():
        for value in tried:
            yield {key: value}


def _short_names(keys: Sequence[str]) -> dict[str, str]:
    """The last part of each dotted name, and as much before it as tells them apart."""
    names = {}
    for key in keys:
        parts = key.split(".")
        for count in range(1, len(parts) + 1):
            short = ".".join(parts[-count:])
            if sum(f".{other}".endswith(f".{short}") for other in keys) == 1:
                break
        names[key] = short
    return names


def _said(value: Json) -> str:
    """A value in a name: a text and a list of texts without their quotes."""
    if isinstance(value, str):
        return value
    if isinstance(value, Sequence):
        return "+".join(_said(one) for one in value) or "none"
    return json.dumps(value, ensure_ascii=False)
