"""Bytes to text: byte order marks, UTF-8, UTF-16 without a mark, then the legacy encodings.

General detectors are poor on short Chinese text, where GBK, Big5 and Shift_JIS all decode one
another's bytes. Here every candidate decodes the text and the readings are compared: real text
is made of common characters, a wrong reading scatters over the rare ones.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from ingest.contract import UnreadableFile

_MARKS: tuple[tuple[bytes, str, str], ...] = (
    (codecs.BOM_UTF32_LE, "utf-32-le", "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be", "utf-32-be"),
    (codecs.BOM_UTF8, "utf-8", "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16-le", "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be", "utf-16-be"),
)
_LEGACY = ("gb18030", "cp950", "cp932", "euc_jp", "cp949", "cp1252", "cp1251", "cp1250", "cp1253")
_NAMES = {
    "cp950": "big5",
    "cp932": "shift_jis",
    "cp949": "euc-kr",
    "euc_jp": "euc-jp",
    **{f"cp125{n}": f"windows-125{n}" for n in range(4)},
}
_IN_PRACTICE = {
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "gb-2312": "gb18030",
    "gb-18030": "gb18030",
    "cp936": "gb18030",
    "x-gbk": "gb18030",
    "x-cp936": "gb18030",
    "chinese": "gb18030",
    "iso-8859-1": "cp1252",
    "latin1": "cp1252",
    "us-ascii": "ascii",
    "x-sjis": "cp932",
    "shift-jis": "cp932",
    "ks-c-5601-1987": "cp949",
    "euc-kr": "cp949",
    "utf8": "utf-8",
    "unicode-1-1-utf-7": "utf-7",
}
"""Charsets as they are named, and what is meant in practice."""

_SAMPLE_BYTES = 48_000
_LEAST_TEXT = 32

# The most frequent characters of modern Chinese, simplified, then traditional forms of them.
_COMMON = frozenset(
    "的一是在不了有和人这中大为上个国我以要他时来用们生到作地于出就分对成会可主发年动同工也能下过子说产"
    "种面而方后多定行学法所民得经十三之进着等部度家电力里如水化高自二理起小物现实加量都两体制机当使点从"
    "业本去把性好应开它合还因由其些然前外天政四日那社义事平形相全表间样与关各重新线内数正心反你明看原又"
    "么利比或但质气第向道命此变条只没结解问意建月公无系军很情者最立代想已通并提直题党程展五果料象员革位"
    "入常文总次品式活设及管特件长求老头基资边流路级少图山统接知较将组见计别她手角期根论运农指几九区强放"
    "决西被干做必战先回则任取据处队南给色光门即保治北造百规热领七海口东导器压志世金增争济阶油思术极交受"
    "联什认六共权收证改清己美再采转更单风切打白教速花带安场身车例真务具万每目至达走积示议声报斗完类八离"
    "华名确才科张信马节话米整空元况今集温传土许步群广石记需段研界拉林律叫且究观越织装影算低持音众书布复"
    "容儿须际商非验连断深难近矿千周委素技备半办青省列习响约支般史感劳便团往酸历市克何除消构府称太准精值"
    "号率族维划选标写存候毛亲快效斯院查江型眼王按格养易置派层片始却专状育厂京识适属圆包火住调满县局照参"
    "红细引听该铁价严本司股份投融募债券银您请谢吗呢章款项税额店购买客户服系络网版权限款责款章节附录项"
    "這國們來為會時對學發動經產種麼後過說開關還個實現點業應當問與樣數線義東車門長見貝頁風馬魚鳥齊"
    "電體機無變條沒結題軍總質氣員設較將組計別運農幾區強戰則據處隊給導壓爭濟術極聯認權證轉單"
    "場務萬達積議聲報類離華確張節話況傳許廣記觀織裝眾書復兒須際驗連斷難備辦習響約歷構稱準號維選標寫"
    "親養層狀廠識適屬圓滿縣紅細聽該鐵價嚴請謝買賣額購網絡責錄臺灣麼邊級圖統論規領熱進於裡間從兩"
)
_KANA = re.compile("[\u3041-\u3096\u30a1-\u30fa\u30fc]")
_HAN = re.compile("[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003134f]")
_CJK_POINT = re.compile("[，。、；：？！“”‘’（）《》「」『』—…·％]")
_ACCENTED_WORD = re.compile(
    r"(?<=[A-Za-z])[\u00c0-\u017f](?![\u0080-\u00bf])|[\u00c0-\u017f](?=[a-z])"
)
_CONTROL = re.compile("[\x00-\x08\x0b\x0e-\x1a\x1c-\x1f\x7f-\x84\x86-\x9f]")
_COOKIE = re.compile(
    rb"\A(?:\xef\xbb\xbf)?(?:[^\n]{0,200}\n)?[ \t]*(?:#|//|--|/\*)[^\n]{0,80}?coding[:=][ \t]*"
    rb"([A-Za-z0-9_.\-]{2,40})|\A@charset \"([A-Za-z0-9_.\-]{2,40})\";"
)
_META = re.compile(
    rb"<meta[^>]{0,200}?charset\s*=\s*[\"']?\s*([A-Za-z0-9_:.\-]{2,40})|"
    rb"<\?xml[^>]{0,100}?encoding\s*=\s*[\"']([A-Za-z0-9_:.\-]{2,40})[\"']",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Decoded:
    """Text and the encoding that it was read with; `replaced` counts the characters that had
    to be replaced because their bytes are not valid in it."""

    text: str
    encoding: str
    replaced: int = 0


def declared_charset(data: bytes) -> str | None:
    """The charset that an HTML or XML head states, or the first two lines of a program (PEP 263,
    `@charset` in CSS); None where none does."""
    match = _META.search(data[:4096]) or _COOKIE.match(data[:600])
    if not match:
        return None
    return known_charset((match.group(1) or match.group(2)).decode("ascii"))


def known_charset(name: str) -> str | None:
    """The codec for a charset as files and mails name it; None for an unknown one."""
    name = name.strip().strip("\"'").lower()
    # What calls itself GB2312 or GBK is GB18030 in practice, and Latin-1 is Windows-1252.
    name = _IN_PRACTICE.get(name.replace("_", "-"), name)
    try:
        found = codecs.lookup(name)
    except (LookupError, ValueError):
        return None
    # Python has codecs that are no charsets (base64, rot13, zlib).
    return found.name if getattr(found, "_is_text_encoding", True) else None


def decode(data: bytes, declared: str | None = None) -> Decoded:
    """The text of the bytes. `declared` is a charset that the file itself states: it is
    honoured where the bytes decode with it and the text is not plainly another's.

    Raises UnreadableFile where the bytes are not text in any encoding that is tried.
    """
    for mark, codec, name in _MARKS:
        if data.startswith(mark):
            return _forced(data[len(mark) :], codec, name)
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        pass
    else:
        text = text.rstrip("\x00") or text
        if _is_stray(text[:_SAMPLE_BYTES].count("\x00"), len(text)):
            return Decoded(text, "utf-8" if not text.isascii() else "ascii")
    if declared and not declared.replace("_", "-").startswith(("utf-16", "utf-32")):
        try:
            return Decoded(data.decode(declared), _public(declared))
        except (UnicodeDecodeError, LookupError):
            pass
    found = _best(data)
    if found is None:
        raise UnreadableFile(
            "the bytes are not text in any known encoding; save the file as UTF-8 and try again"
        )
    return _forced(data, found, _public(found))


def looks_binary(data: bytes) -> bool:
    """Whether the bytes are not text in any encoding that `decode` tries."""
    sample = data[:8192]
    padded = sample.rstrip(b"\x00")
    # What was being written to when it was cut off is filled up with NULs.
    sample = padded if len(padded) >= _LEAST_TEXT else sample
    if any(sample.startswith(mark) for mark, _, _ in _MARKS):
        return False
    if _is_stray(sample.count(b"\x00"), len(sample)):
        controls = len(_CONTROL.findall(sample.decode("latin-1").translate(_NO_C1)))
        if controls * 50 <= len(sample):
            return False
    # Chinese in UTF-16 has control bytes too, and NULs among its blanks and digits.
    best = _best(sample)
    return best is None or not best.startswith(("utf-16", "utf-32"))


def naturalness(data: bytes, codec: str) -> float:
    """How natural the bytes read in an encoding, from below 0 for a wrong one to about 2.5; 0
    where they are ASCII."""
    return _score(data[:_SAMPLE_BYTES], codec)


_NO_C1 = dict.fromkeys(range(0x7F, 0xA0), " ")


def _is_stray(nuls: int, length: int) -> bool:
    """Whether so few NULs are dirt in a text: one that has none, or one in 200 bytes."""
    return nuls * 200 <= length


def _public(codec: str) -> str:
    return _NAMES.get(codec.lower().replace("-", "_"), _NAMES.get(codec, codec))


def _forced(data: bytes, codec: str, name: str) -> Decoded:
    text = data.decode(codec, errors="replace")
    return Decoded(text, name, text.count("\ufffd") - _own_replacements(data, codec))


def _own_replacements(data: bytes, codec: str) -> int:
    """How often the text itself holds U+FFFD, which is not a fault of decoding."""
    try:
        return data.count("\ufffd".encode(codec))
    except UnicodeEncodeError:
        return 0


def _best(data: bytes) -> str | None:
    """The candidate with the best reading of a sample; earlier ones win ties."""
    sample = _sample(data)
    scores = {codec: _score(sample, codec) for codec in _candidates(data)}
    best = max(scores, key=lambda codec: scores[codec])
    # Noise still reads as some two-byte text: such a reading has to be a good one.
    least = 0.3 if best.startswith(("utf-16", "utf-32")) else -1.5
    return best if scores[best] > least else None


def _candidates(data: bytes) -> Iterable[str]:
    sample = data[:_SAMPLE_BYTES].rstrip(b"\x00")
    if not _is_stray(sample.count(b"\x00"), len(sample)):
        yield from ("utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be")
        return
    yield "utf-8"
    yield from _LEGACY
    if len(data) % 2 == 0:
        yield from ("utf-16-le", "utf-16-be")


def _sample(data: bytes) -> bytes:
    """Up to _SAMPLE_BYTES from where the first bytes above ASCII are, cut at an even place."""
    if len(data) <= _SAMPLE_BYTES:
        return data
    first = re.search(rb"[\x00\x80-\xff]", data)
    start = max(0, (first.start() if first else 0) - 200) & ~3
    return data[start : start + _SAMPLE_BYTES]


def _score(sample: bytes, codec: str) -> float:
    """How natural the text reads in this encoding: the mean over the characters above ASCII
    (over all of them for the two-byte encodings), near 2 for real text, below 0 for a wrong one."""
    text = sample.decode(codec, errors="replace")
    wide = codec.startswith("utf-")
    high = text if wide else re.sub(r"[\x20-\x7e\s]+", "", text)
    if not high:
        return 0.0
    total = -4.0 * len(_CONTROL.findall(high)) - 12.0 * high.count("\ufffd")
    if wide:
        total += 1.0 * len(re.findall(r"[\x20-\x7e\r\n\t]", high))
    total += _score_cjk(high, codec)
    if codec.startswith("cp125"):
        total += _score_alphabet(text, high, codec)
    elif codec == "cp949":
        total += 1.0 * len(re.findall("[\uac00-\ud7a3]", high))
    elif codec == "utf-8":
        total += 2.5 * len(re.findall("[\u0080-\ufffc]", high))
    return total / len(high)


def _score_cjk(high: str, codec: str) -> float:
    total = 0.0
    for char in _HAN.findall(high):
        total += 2.6 if char in _COMMON else _rarity(char)
    total += 1.5 * len(_CJK_POINT.findall(high))
    if codec in ("cp932", "euc_jp"):
        total += 2.0 * len(_KANA.findall(high))
        total -= 1.5 * len(re.findall("[\uff61-\uff9f]", high))
    else:
        total += 0.3 * len(_KANA.findall(high))
        total -= 0.5 * len(re.findall("[\uff61-\uff9f]", high))
    total -= 4.0 * len(re.findall("[\ue000-\uf8ff]", high))
    if codec != "cp949":
        total -= 1.0 * len(re.findall("[\u1100-\u11ff\uac00-\ud7a3]", high))
    return total


@lru_cache(maxsize=20_000)
def _rarity(char: str) -> float:
    """What an uncommon Han character counts: the first level of GB 2312 and of Big5 hold the
    characters in use, sorted by sound and by strokes; the rest are rare."""
    levels = (("gb2312", 0xB0, 0xD7), ("big5", 0xA4, 0xC6))
    for codec, low, high in levels:
        try:
            if low <= char.encode(codec)[0] <= high:
                return 0.6
        except UnicodeEncodeError:
            continue
    return -1.2


def _score_alphabet(text: str, high: str, codec: str) -> float:
    """Letters above ASCII are natural inside words of their own script, not in a row."""
    if codec == "cp1251":
        words = re.findall("[А-ЯЁа-яё]+", text)
        natural = [w for w in words if len(w) > 1 and (w[1:].islower() or w.isupper())]
        return 1.3 * sum(map(len, natural)) - 1.0 * (len(high) - sum(map(len, natural)))
    if codec == "cp1253":
        words = re.findall("[Ά-ώ]+", text)
        natural = [w for w in words if len(w) > 1 and w[1:].islower()]
        return 1.2 * sum(map(len, natural)) - 1.2 * (len(high) - sum(map(len, natural)))
    accented = len(_ACCENTED_WORD.findall(text))
    marks = len(re.findall("[‘’“”–—…•€£©®°§«»¿¡·]", high))
    lean = 1.2 if codec == "cp1252" else 1.1
    rest = len(high) - accented - marks
    return lean * accented + 0.9 * marks - 1.6 * rest
