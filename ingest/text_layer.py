"""Whether the text layer of a page can be believed: statistics of its characters.

Fonts without a true map to Unicode leave letters that are shifted, private characters, or rare
Han characters at random. Bounds are wide: a table of codes is no garbage.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Sequence

_LEAST = 20
_PAIRS = (  # the most frequent pairs of letters of English: six in ten of those in a text
    "thheineranreonatenndtiesorteofedisitalarsttontngsehaasouiole"
    "vecomedehiriroicneearacelichllbemasiomurcaeltalansdifohopeec"
)
_BIGRAMS = frozenset(_PAIRS[i : i + 2] for i in range(0, len(_PAIRS), 2))
_HAN_COMMON = frozenset(
    "的一是不了在人有我他这个们中来上大为和国地到以说时要就出会可也你对生能而子那得于着下自之年过"
    "发后作里用道行所然家种事成方多经么去法学如都同现当没动面起看定天分还进好小部其些主样理心她本"
    "前开但因只从想实日军者意无力它与长把机十民第公此已工使情明性知全三又关点正业外将两高间由问很"
    "最重并物手应战向头文体政美相见被利什二等产或新己制身果加西斯月话合回特代内信表化老给世位次度"
    "门任常先海通教儿原东声提立及比员解水名真论处走义各入几口认条平系气题活尔更别打女变四神总何电"
    "数安少报才结反受目太量再感建务做接必场件计管期市直德资命山金指克许统区保至队形社便空决治展马"
    "科司五基眼书非则听白却界达光放强即像难且权思王象完设式色路记南品住告类求据程北边死张该交规万"
    "取拉格望觉术领共确传师观清今切院让识候带导争运笔究支持近限元单号按费价税股债券投融险责款账额"
    "時個們來國說會對於過發後裡種經麼動還進樣實軍從長機業關點間問將應戰體見產話內門論處走義條氣題"
    "爾變總電數報結務場計書則聽卻達強難權設記類張該規萬術領確傳師觀讓識帶導爭運選證請單號費價稅帳"
    "李刘陈杨黄赵周吴徐孙朱胡郭何林罗郑梁谢宋唐项目省县镇村街企证银贷率增减收支付合计备注序编姓"
)
_SPECIAL = re.compile(r"\(cid:\d+\)")


def is_garbage(text: str) -> bool:
    """Whether the characters of a text make no text of any language. Short texts are garbage
    only where hardly a character can be right."""
    stripped = _SPECIAL.sub("\ufffd", text)
    chars = [char for char in stripped if not char.isspace()]
    if not chars:
        return False
    lost = sum(map(_is_lost, chars))
    if len(chars) < _LEAST:
        return lost * 2 > len(chars)
    if lost * 5 > len(chars):
        return True
    return _is_noise(chars) or _is_no_latin(stripped) or _is_no_han(chars)


def _is_lost(char: str) -> bool:
    """Replacement, private, unassigned and control characters."""
    if char == "\ufffd":
        return True
    return unicodedata.category(char) in ("Co", "Cn", "Cc", "Cs")


def _is_noise(chars: Sequence[str]) -> bool:
    """Signs without letters, letters with accents that pile up, scripts in a jumble."""
    counted = Counter(unicodedata.category(char)[0] for char in chars if char not in ".-_|—–…·=*")
    total = counted.total()
    if total >= 50 and (counted["P"] + counted["S"]) * 3 > 2 * total:
        return True
    letters = [char for char in chars if char.isalpha()]
    if len(letters) < 40:
        return False
    accented = sum("\u00c0" <= char <= "\u024f" for char in letters)
    latin = sum(char.isascii() for char in letters) + accented
    if accented * 5 > 2 * len(letters):
        return True
    scripts = Counter(map(_script, letters))
    frequent = [name for name, count in scripts.items() if count * 20 >= len(letters)]
    return len(frequent) >= 4 and latin * 2 < len(letters)


def _script(char: str) -> str:
    if char.isascii():
        return "LATIN"
    return unicodedata.name(char, "NONE").split(" ")[0].split("-")[0]


def _is_no_latin(text: str) -> bool:
    """Latin letters whose pairs are those of no language."""
    words = re.findall(r"(?<![\w-])[A-Za-z]{4,}(?![\w-])", text)  # codes are no words
    letters = sum(map(len, words))
    if letters < 80 or letters * 2 < sum(char.isalpha() for char in text):
        return False
    pairs = [word[i : i + 2].lower() for word in words for i in range(len(word) - 1)]
    usual = sum(pair in _BIGRAMS for pair in pairs)
    vowels = sum(char in "aeiouyAEIOUY" for word in words for char in word)
    return usual * 100 < 18 * len(pairs) or vowels * 100 < 8 * letters


def _is_no_han(chars: Sequence[str]) -> bool:
    """Han characters of which hardly one is common."""
    han = [char for char in chars if "\u3400" <= char <= "\u9fff" or "\uf900" <= char <= "\ufaff"]
    if len(han) < 60 or len(han) * 3 < len(chars):
        return False
    return sum(char in _HAN_COMMON for char in han) * 100 < 5 * len(han)


def is_stamp(characters: int, covered: float) -> bool:
    """Whether a page's text is little beside a picture that covers `covered` (0 to 1) of it: a
    stamp on a scan, or a title on a photograph."""
    return covered >= 0.6 and characters < 250
