"""Characters that stand for others: what fonts, layout and old encodings leave in a text, and
the ordinary characters that a reader sees there.

Sources: the Unicode Character Database (decompositions; EquivalentUnifiedIdeograph.txt for the
CJK radicals supplement), and Adobe's encoding of the Symbol font as PDF and Word place it in the
private-use area.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from functools import lru_cache

_RADICALS = (
    "2e81厂2e82乛2e83乚2e84乙2e85亻2e86冂2e88刀2e89刂2e8a卜2e8c小2e8d小2e8e兀2e8f尣2e90尢"
    "2e92巳2e93幺2e94彑2e95彐2e96忄2e98扌2e99攵2e9b旡2e9c日2e9d月2e9e歺2e9f母2ea0民2ea1氵"
    "2ea2氺2ea3灬2ea4爫2ea5爫2ea6丬2ea7牛2ea8犭2ea9王2eab目2eac示2ead礻2eae竹2eaf糹2eb0纟"
    "2eb1罓2eb2罒2eb3㓁2eb6羊2eb9耂2eba肀2ebb聿2ebc月2ebd臼2ebe艹2ebf艹2ec0艹2ec1虎2ec2衤"
    "2ec3覀2ec4西2ec5见2ec6角2ec8讠2ec9贝2ecb车2ecc辶2ecd辶2ece辶2ecf阝2ed0钅2ed1長2ed2镸"
    "2ed3长2ed4门2ed5阝2ed6阝2ed7雨2ed8青2ed9韦2eda页2edb风2edc飞2edd食2edf飠2ee0饣2ee2马"
    "2ee3骨2ee4鬼2ee5鱼2ee6鸟2ee7卤2ee8麦2ee9黄2eea黾2eeb斉2eec齐2eed歯2eee齿2eef竜2ef0龙"
    "2ef1龜2ef2亀2ef3龟"
)
_LIGATURES = {
    "\ufb00": "ff", "\ufb01": "fi", "\ufb02": "fl", "\ufb03": "ffi", "\ufb04": "ffl",
    "\ufb05": "st", "\ufb06": "st",
}  # fmt: skip
_VERTICAL = {
    "\ufe10": "，", "\ufe11": "、", "\ufe12": "。", "\ufe13": "：", "\ufe14": "；",
    "\ufe15": "！", "\ufe16": "？", "\ufe17": "〖", "\ufe18": "〗", "\ufe19": "…",
    "\ufe31": "—", "\ufe32": "–", "\ufe35": "（", "\ufe36": "）",
    "\ufe37": "｛", "\ufe38": "｝", "\ufe39": "〔", "\ufe3a": "〕", "\ufe3b": "【",
    "\ufe3c": "】", "\ufe3d": "《", "\ufe3e": "》", "\ufe3f": "〈", "\ufe40": "〉",
    "\ufe41": "「", "\ufe42": "」", "\ufe43": "『", "\ufe44": "』",
}  # fmt: skip

BULLETS = {
    "\uf0b7": "•", "\uf0a7": "▪", "\uf06c": "●", "\uf06e": "■", "\uf0d8": "➢", "\uf076": "❖",
    "\uf075": "◆", "\uf0a8": "◻", "\uf071": "❑", "\uf06f": "□", "\uf0fc": "✓", "\uf0fe": "☑",
    "\uf0e0": "→", "\uf0d2": "➢", "\uf09f": "•", "\uf0a1": "○", "\uf0b2": "❖", "\uf077": "◆",
}  # fmt: skip
"""What stands at the head of a list item, in Symbol or Wingdings."""

OPERATORS = {
    "\uf02b": "+", "\uf02d": "\u2212", "\uf03c": "<", "\uf03d": "=", "\uf03e": ">",
    "\uf0a3": "≤", "\uf0b1": "±", "\uf0b3": "≥", "\uf0b4": "×", "\uf0b8": "÷", "\uf0b9": "≠",
    "\uf0bb": "≈",
}  # fmt: skip
"""What stands before a number, in Symbol."""


@lru_cache(maxsize=1)
def lookalikes() -> dict[int, str]:
    """Ligatures, Kangxi radicals, radicals of the supplement, compatibility ideographs and
    vertical marks, each with its ordinary form, for `str.translate`."""
    table = {ord(char): text for char, text in {**_LIGATURES, **_VERTICAL}.items()}
    table.update(
        (int(_RADICALS[at : at + 4], 16), _RADICALS[at + 4]) for at in range(0, len(_RADICALS), 5)
    )
    for code in _ideographs():
        plain = unicodedata.normalize("NFKC", chr(code))
        if plain != chr(code):
            table[code] = plain
    return table


def _ideographs() -> Iterator[int]:
    yield from range(0x2F00, 0x2FD6)
    yield from range(0xF900, 0xFADA)
    yield from range(0x2F800, 0x2FA1E)
