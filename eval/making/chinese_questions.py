"""Questions about Chinese statements: who, when, where, how many, why, what is, which."""

from __future__ import annotations

import re
from collections.abc import Iterator

from eval.making.chinese import Statement, statements
from eval.making.material import Draft, Named, Reader, Sentence
from index.graph.contract import EntityType

_NUMERAL = (
    "(?<![0-9０-９,，.．A-Za-z-])(?:[0-9０-９][0-9０-９,，.．]*|[一二三四五六七八九十百千两]+)"
)
_UNITS = (
    "平方公里|平方千米|平方米|立方米|公里|千米|英里|公斤|千克|公顷|毫米|厘米|海里|小时|分钟|人次|个月|美元|欧元|日元|港元|英镑"
    "|万元|亿元|元|米|吨|人|名|位|个|座|家|所|部|集|首|张|种|类|条|项|次|届|场|分|枚|辆|架|艘|站|层|号|岁|天|周|年|户|套|间|篇|页|度"
    "|支|只|头|匹|棵|株|本|册|幅|篇|件|台|门|颗|片|块|级|倍|亩|里|尺|寸|字"
)
_COUNT = re.compile(
    f"(?P<about>(?:约|大约|共|共有|近|超过|达|达到|逾|仅)?)(?P<number>{_NUMERAL}\\s?(?:[万亿千百]|多|余|余万|多万|万多|万余)?)\\s?"
    f"(?P<unit>(?:万|亿)?(?:{_UNITS}))(?![0-9一二三四五六七八九十])"
)
_PERCENT = re.compile(r"(?P<number>\d[\d.]*\s?[%％])")
_DATE = re.compile(
    r"(?P<date>(?>(?:公元前?)?\d{3,4}\s?年(?:\s?\d{1,2}\s?月份?(?:\s?\d{1,2}\s?[日号])?)?))"
    "(?!\\s?[0-9]{1,2}\\s?[时点:：]|\\s?[一二三四五六七八九十]{1,2}月|[代间以前后至到—–~-]|之|底|初|末|度|版|春|夏|秋|冬|级|起|开始|年)"
)
_RANK = re.compile("(?P<rank>第[一二三四五六七八九十0-9]+)(?P<unit>位|名|大|高|长|)?$")
_LASTS = re.compile(
    "(?:历时|耗时|为期|共|约|达|长达|用了|经过|期限为?|了|近|超过|仅|历经|至少|为)\\s?$"
)
_PERSON_NOUN = re.compile(
    "(?:人|家|者|员|长|王|帝|师|将|相|星|手|教授|总统|主席|将军|总理|首相|作者|导演|后|子|父|母|妻|夫|妃|士|客)$"
)
_STANDS = re.compile("[全总体身]长|[距高宽重占达为是]|面积")
_ONLY = frozenset("一两二")
_NO_ACTS = "和 与 及 、 是 为 却 也 并 先 还 又 再 都 则 将 因 当 于是 在其"
_NO_ACT = tuple(_NO_ACTS.split())
"""Behind a name, these say that it is no subject, or that more is told of it before."""
_AGENT = ("由", "被")
_NAMES = ("nr", "ns", "nt", "nz", "eng")
_AFTER_SUBJECT = ("v", "d", "p", "vshi", "c", "ad")
_INCLUDES = re.compile(
    "^(?P<what>.{2,24}?(?:主要)?(?:包括|包含|分为|涵盖)(?:了|有)?)(?P<items>[^，]{1,20}(?:、[^，、]{1,20})+(?:[和与及以及][^，、]{1,20})?)$"
)
_BECAUSE = re.compile("^(?:由于|因为?)(?P<cause>[^，]{4,40})，(?P<effect>.{6,40})$")
_FOR = re.compile("^(?P<what>.{4,30}?)(?:是)?(?P<why>为了[^，]{4,30})$")
_MEANS = re.compile(
    "^(?P<what>[^，是]{2,16}?)(?:（[^）]*）)?(?:，)?(?:即|就)?(?:是指|指的是|系指|意指)(?P<meaning>.{8,})$"
)
_IS = re.compile(
    "^(?P<what>[^，是]{2,20})是(?:一(?P<unit>[种個个类項项家位名款部座所条支场]))?(?P<meaning>.{6,})$"
)
_ORGANIZATIONS = (
    ("公司", "哪家公司"), ("集团", "哪家集团"), ("大学", "哪所大学"), ("学院", "哪所学院"),
    ("中学", "哪所中学"), ("学校", "哪所学校"), ("银行", "哪家银行"), ("医院", "哪家医院"),
    ("俱乐部", "哪个俱乐部"), ("队", "哪支队伍"), ("党", "哪个党派"), ("乐团", "哪个乐团"),
    ("部", "哪个部门"), ("局", "哪个部门"), ("委员会", "哪个委员会"), ("法院", "哪个法院"),
    ("政府", "哪个政府"), ("协会", "哪个协会"),
)  # fmt: skip
_IN_PLACE = ("位于", "在", "于", "来自", "前往", "迁至", "迁往", "抵达", "出生于", "到", "至")
_FEW = re.compile("(?:谁|哪|什么|多少).*(?:谁|哪|什么|多少)|[几怎]|如何|为何")
_SPACE = re.compile("(?<=[\u3400-\u9fff])\\s+|\\s+(?=[\u3400-\u9fff])")
_SHORTEST, _LONGEST = 8, 52


def chinese_drafts(sentence: Sentence, reader: Reader) -> Iterator[Draft]:
    """What can be asked of a Chinese sentence."""
    for statement in statements(sentence, reader):
        for rule in (_time, _number, _agent, _place, _list, _why, _meaning):
            for kind, text, answer, strength in rule(statement, reader):
                asked = f"{_SPACE.sub('', text).strip('，、 ')}？"
                if asked.startswith("的"):
                    continue
                if not _SHORTEST <= len(asked) <= _LONGEST or _FEW.search(asked):
                    continue
                if not _says(asked, reader):
                    continue
                yield Draft(
                    kind,
                    asked,
                    answer.strip(),
                    sentence.chunk,
                    sentence.passage,
                    reference=sentence.text,
                    points=(answer.strip(),),
                    needs_place=_is_open(statement, asked, reader),
                    strength=strength,
                )


Asked = tuple[str, str, str, float]


def _says(asked: str, reader: Reader) -> bool:
    """Whether a question has a verb, or what stands for one."""
    return _STANDS.search(asked) is not None or any(
        word.tag.startswith("v") for word in reader.chinese(asked)
    )


def _is_open(statement: Statement, asked: str, reader: Reader) -> bool:
    """Whether nothing that the question says has a name."""
    things = [*statement.named, *([statement.subject] if statement.subject else [])]
    return not any(thing.text in asked and _is_name(thing, reader) for thing in things)


def _is_name(thing: Named, reader: Reader) -> bool:
    """Whether a thing is called by a name; a term is, that has one in it ("广茂铁路")."""
    if thing.type == EntityType.TERM:
        return any(word.tag.startswith(_NAMES) for word in reader.chinese(thing.text))
    return thing.type not in (EntityType.DATE, EntityType.AMOUNT)


def _put(statement: Statement, start: int, end: int, word: str) -> str:
    return statement.text[:start] + word + statement.text[end:]


def _in_name(statement: Statement, start: int, end: int) -> bool:
    """Whether a span is part of a name."""
    return any(
        named.start < end
        and start < named.end
        and named.type not in (EntityType.AMOUNT, EntityType.DATE)
        for named in statement.named
    ) or _in_marks(statement.text, start)


def _in_marks(text: str, place: int) -> bool:
    before = text[:place]
    return any(before.count(a) > before.count(b) for a, b in ("《》", "“”", "「」", "（）", "()"))


def _time(statement: Statement, reader: Reader) -> Iterator[Asked]:
    found = list(_DATE.finditer(statement.text))
    if len(found) != 1 or _in_name(statement, *found[0].span("date")):
        return
    start, end = found[0].span("date")
    date = found[0]["date"]
    asked = "什么时候" if "月" in date else "哪一年"
    before, after = statement.text[:start], statement.text[end:].lstrip("，")
    if len(before.strip("在于自从")) < 2:
        # "1989年约翰逊创立了…": the person first, as people ask.
        subject = statement.subject
        begun = after.startswith(subject.text) if subject is not None else False
        if (
            subject is not None
            and begun
            and not after[len(subject.text) :].startswith(("的", "、", "和", "与"))
        ):
            yield "when", f"{subject.text}{asked}{after[len(subject.text) :]}", date, 0.9
        elif len(after) >= 6 and not after.startswith("的"):
            yield "when", f"{asked}{after}", date, 0.7
        return
    if re.search("[0-9]\\s?[时時点:：]", after[:12]):
        return  # A time of day belongs to it.
    if before.endswith(("及", "和", "与", "、", "至", "到", "－", "-", "—")):
        return
    yield "when", f"{before}{asked}{after}", date, 0.9


def _acts(text: str, reader: Reader) -> bool:
    """Whether a text begins with what is done."""
    words = reader.chinese(text)
    return bool(words) and words[0].tag.startswith(_AFTER_SUBJECT)


def _number(statement: Statement, reader: Reader) -> Iterator[Asked]:
    matches = [m for m in _COUNT.finditer(statement.text) if _counts(statement, m, reader)]
    if len(matches) == 1:
        match = matches[0]
        start, end = match.span()
        unit = match["unit"]
        text = _put(statement, start, end, f"多少{unit.lstrip('万亿') or unit}")
        yield "number", text, statement.text[match.start("number") : end], 0.9
    percents = list(_PERCENT.finditer(statement.text))
    if len(percents) == 1 and not matches:
        start, end = percents[0].span("number")
        yield "number", _put(statement, start, end, "百分之多少"), percents[0]["number"], 0.8
    rank = _RANK.search(statement.text)
    if rank is not None and statement.text[: rank.start()].endswith(
        ("排名", "位列", "名列", "排", "位居", "居")
    ):
        yield "number", statement.text[: rank.start()] + "第几", rank["rank"], 0.9


def _counts(statement: Statement, match: re.Match[str], reader: Reader) -> bool:
    """Whether a number tells how many: not "一个", an ordinal, a year or part of a name."""
    number = match["number"].strip()
    if number in _ONLY or _in_name(statement, match.start("number"), match.end()):
        return False
    before = statement.text[: match.start("number")]
    if (
        re.search("[0-9零一二三四五六七八九十时][至到~～—–、-]?\\s?$", before)
        or "、" in before[-10:]
    ):
        return False
    if match["unit"] in ("年", "天", "岁") and not _LASTS.search(before) and match["unit"] != "岁":
        return False
    if before.endswith(("第", "近", "几", "每", ".", "这", "那", "分之", "前")):
        return False
    after = statement.text[match.end() :]
    if after.startswith(("、", "和", "及", "至", "到")) or (
        "、" in after and re.search("[0-9]", after)
    ):
        return False
    words = {word.start: word.tag for word in reader.chinese(statement.text)}
    if not words.get(match.start("number"), "").startswith(("m", "x", "eng")):
        return False
    is_year = match["unit"] == "年" and re.fullmatch(r"\d{3,4}", number) is not None
    if (
        is_year
        or match["unit"] in ("号", "度", "里")
        or after.startswith(("以上", "以下", "前", "后", "代", "级"))
    ):
        return False
    return not (
        number[0] in "一二三四五六七八九十百千两"
        and match["unit"] in ("年", "分", "次", "部", "门", "号", "本", "人")
        and len(number) == 1
        and number in "一十百千"
    )


def _agent(statement: Statement, reader: Reader) -> Iterator[Asked]:
    """Who does it, by whom it is done."""
    for named in statement.named:
        word = _who(named)
        if any(part.tag.startswith(("v", "d", "p")) for part in reader.chinese(named.text)):
            continue
        if word is None or _in_marks(statement.text, named.start):
            continue
        before, after = statement.text[: named.start], statement.text[named.end :]
        is_led = bool(before) and statement.text[: named.start].endswith(("，", "年", "月", "日"))
        follows = _acts(after, reader) and len(after) >= 8
        if (
            (not before or is_led)
            and follows
            and not after.startswith(("和", "与", "及", "、", "是"))
        ):
            yield "who", f"{before.rstrip('，')}{word}{after}", named.text, 0.8
        elif before.endswith(_AGENT) and follows and len(before) >= 3:
            yield "who", f"{before}{word}{after}", named.text, 0.9


def _who(named: Named) -> str | None:
    if named.type == EntityType.PERSON and len(named.text) >= 2:
        return "谁"
    if named.type == EntityType.ORGANIZATION:
        return next((word for end, word in _ORGANIZATIONS if named.text.endswith(end)), None)
    return None


def _place(statement: Statement, reader: Reader) -> Iterator[Asked]:
    for named in statement.named:
        before, after = statement.text[: named.start], statement.text[named.end :]
        if named.type != EntityType.PLACE or len(before) < 4 or _in_marks(before, len(before)):
            continue
        if not before.endswith(_IN_PLACE) or (after and not _starts_verb(after, reader)):
            continue
        yield "where", f"{before}哪里{after}", named.text, 0.9


def _starts_verb(text: str, reader: Reader) -> bool:
    words = reader.chinese(text)
    return bool(words) and words[0].tag.startswith("v")


def _list(statement: Statement, reader: Reader) -> Iterator[Asked]:
    match = _INCLUDES.match(statement.text)
    if match is not None and not _in_marks(statement.text, match.start("items")):
        items = re.sub("等.{0,4}$", "", match["items"]).strip("、")
        yield "list", f"{match['what'].removesuffix('了')}哪些", items, 0.9


def _why(statement: Statement, reader: Reader) -> Iterator[Asked]:
    because = _BECAUSE.match(statement.text)
    if because is not None:
        yield "why", f"为什么{because['effect']}", because["cause"], 0.8
    purpose = _FOR.match(statement.text)
    if purpose is not None:
        yield "why", f"{purpose['what']}是为了什么", purpose["why"], 0.8


def _meaning(statement: Statement, reader: Reader) -> Iterator[Asked]:
    """What is X, and what is it that is …"""
    means = _MEANS.match(statement.text)
    if means is not None and statement.is_whole:
        yield "definition", f"什么是{means['what'].removeprefix('所谓')}", means["meaning"], 0.9
        return
    match = _IS.match(statement.text)
    subject = statement.subject
    if match is None or subject is None or match["what"] != subject.text:
        return
    meaning = statement.text[
        match.start("meaning") - len(f"一{match['unit']}" if match["unit"] else "") :
    ]
    if len(meaning) > 16 and "的" in meaning and subject.is_defined:
        wh = "谁" if subject.type == EntityType.PERSON else "什么"
        yield "definition", f"{subject.text}是{wh}", meaning, 0.6
    is_person = subject.type == EntityType.PERSON and _PERSON_NOUN.search(meaning)
    if is_person and len(meaning) >= 8 and not match["unit"]:
        yield "reversed", f"谁是{meaning}", subject.text, 0.7
