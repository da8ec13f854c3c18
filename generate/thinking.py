"""Leaving out what a reasoning model thinks aloud: `<think> ... </think>`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

_OPEN, _CLOSE = "<think>", "</think>"


def spoken(deltas: Iterable[str]) -> Iterator[str]:
    """The pieces without what stands between the tags, which may be parted over pieces."""
    held = ""
    thinking = False
    for delta in deltas:
        held += delta
        while True:
            tag = _CLOSE if thinking else _OPEN
            at = held.find(tag)
            if at < 0:
                break
            if not thinking and held[:at]:
                yield held[:at]
            held = held[at + len(tag) :]
            thinking = not thinking
        keep = _possible_tag(held, _CLOSE if thinking else _OPEN)
        ready, held = held[: len(held) - keep], held[len(held) - keep :]
        if ready and not thinking:
            yield ready
    if held and not thinking:
        yield held


def _possible_tag(text: str, tag: str) -> int:
    """How many characters at the end of the text may be the beginning of the tag."""
    for size in range(min(len(tag) - 1, len(text)), 0, -1):
        if text.endswith(tag[:size]):
            return size
    return 0
