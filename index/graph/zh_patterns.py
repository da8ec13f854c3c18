"""What Chinese sentences say of the names in them: by the words between two of them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from index.graph.contract import EntityType
from index.graph.reading import Reading, Span
from index.graph.said import ABOUT, GUESSED, LIKELY, SURE, Part, Said, said_along
from index.graph.spans import word_set
from index.graph.zh_tokens import Word

_LIST = re.compile(r"[》”」]?\s*(?:、|和|与|及|以及|暨)\s*[《“「]?")
_BREAK = re.compile("[。；：？！…（）()\n]")
_OF_IT = re.compile("的([\u4e00-\u9fff]{1,6})(?:是|为|叫|名叫|：)")
_ITS = re.compile("的([\u4e00-\u9fff]{2,6}?)(?=[，。；、]|$)")
_ABOUT = re.compile(
    "(?:此外，|同时，|随后，|之后，|后来，|(?:[^，。；]{0,12}年[^，。；]{0,8}，))?(?:他|她|它|该(?:公司|校|片|书|剧|集团|机构|组织|市|县|国|院|局|银行|企业|地|乐队)|本(?:公司|片|书|剧|校|集团)|公司|其)"
)
_RELATIONS = word_set(
    """
    成立 创立 创办 创建 建立 收购 并购 投资 入股 控股 任命 聘任 担任 出任 就任 毕业 就读 执导 导演 编剧 主演 出演
    饰演 创作 撰写 编写 著 写 作曲 演唱 发行 出版 制作 生产 研发 开发 设计 发明 发现 建造 位于 坐落 坐落于 出生 出生于
    生于 逝世 逝世于 葬于 结婚 娶 嫁 迎娶 起诉 控告 审理 判处 击败 战胜 加入 效力 签约 属于 隶属 隶属于 管辖 统治 继承
    接替 继任 取代 改编 改编自 命名 合并 改名 更名 更名为 迁至 来自 率领 领导 主办 承办 赞助 授予 获得 师从 拜访
    访问 供应 采购 签订 签署 提供 殴打 杀害 贿赂 委托 举报 生 著有
    """
)
_ROLES = re.compile(
    "(?:创始人|创办人|董事长|总裁|总经理|经理|首席执行官|行长|校长|院长|主席|总统|总理|首相|国王|皇帝|女王|部长|市长|省长|县长|局长|书记|"
    "委员|教授|导演|编剧|作者|主演|演员|歌手|队长|教练|球员|总监|负责人|发言人|代表|律师|法官|院士|之子|之女|儿子|女儿|妻子|丈夫|父亲|母亲|"
    "哥哥|弟弟|姐姐|妹妹|老师|学生|员工|会计|法定代表人|股东|首都|首府|省会|子公司|母公司|前身|总部)$"
)
_EMPTY_VERBS = word_set(
    "指出 认为 试图 导致 引起 造成 使得 发现 提到 得知 要求 希望 决定 继续 开始 随着 是 有 在 为 成为 进行 包括 可以 能够 没有 使 让 称为 认为 表示 作为 开始 通过 说 会 要 到 去 来 具有 存在 称 "
    "出现 需要 应该 可能 以及 位居 是指 指 如 等 分为 以 把 将 用 据 按 按照 令 叫 含 看 想 给 对 加 至 自"
)
_SINGLE = word_set("生 娶 嫁 著 写 任 建 葬 售 购 判")
_MOST_WORDS, _MOST_CHARACTERS = 12, 28


def chinese_relations(reading: Reading, sentence: Span, parts: Sequence[Part]) -> Iterator[Said]:
    """`parts` are the names of the sentence, in order; dates and amounts are not among them."""
    text = reading.plain
    about = _ABOUT.match(text, *sentence)
    has_about = about is not None and about.end() <= parts[0].start
    subject = ABOUT if has_about else parts[0].place
    said: Said | None = None
    if about is not None and has_about:
        said = _relation(reading, (about.end(), parts[0].start), ABOUT, None, parts[0])
        if said is not None:
            said = said._replace(strength=said.strength * LIKELY)
            yield said

    def related(one: Part, other: Part) -> Said | None:
        return _relation(reading, (one.end, other.start), subject, one, other)

    yield from said_along(text, parts, said, _LIST, related)


def _relation(
    reading: Reading, gap: Span, subject: int, one: Part | None, other: Part
) -> Said | None:
    text = reading.plain
    between = text[gap[0] : gap[1]].strip(' 《》“”"「」')
    if gap[1] - gap[0] > _MOST_CHARACTERS or _BREAK.search(between):
        return None
    starts_clause = between.startswith(("，", ","))
    head = subject if starts_clause or one is None else one.place
    bare = between.strip("，, ")
    if one is not None:
        found = _nominal(text, bare, starts_clause, one, other)
        if found is not None:
            return found
    words = _words(reading, gap)
    if len(words) > _MOST_WORDS:
        return None
    if bare.endswith(("由", "被", "受")) and not (bare[:-1] and bare[-2] in "，,"):
        verb = _verb_after(reading, other.end)
        return (
            Said(other.place, head, verb, SURE if verb in _RELATIONS else GUESSED) if verb else None
        )
    return _verbal(words, between, head, subject, other)


def _nominal(text: str, bare: str, starts_clause: bool, one: Part, other: Part) -> Said | None:
    """A noun between or behind: "X的Y是Z", "X是Y的Z", "X，Y的创始人，", "Y创始人X"."""
    of_it = _OF_IT.fullmatch(bare)
    if of_it is not None:
        return Said(other.place, one.place, of_it[1], SURE)
    its = _ITS.match(text, other.end)
    if (
        its is not None
        and _ROLES.search(its[1])
        and (bare in ("是", "为") or (not bare and starts_clause))
    ):
        return Said(one.place, other.place, its[1], SURE)
    is_holder = one.type in (
        EntityType.ORGANIZATION,
        EntityType.PLACE,
        EntityType.WORK,
        EntityType.OTHER,
        EntityType.PERSON,
    )
    if is_holder and 2 <= len(bare.lstrip("的")) <= 8 and not starts_clause:
        role = bare.lstrip("的前原")
        if _ROLES.search(role) and other.type in (
            EntityType.PERSON,
            EntityType.OTHER,
            EntityType.PLACE,
            EntityType.ORGANIZATION,
        ):
            return Said(other.place, one.place, role, SURE)
    return None


def _verbal(
    words: Sequence[Word], between: str, head: int, subject: int, other: Part
) -> Said | None:
    """The last verb before the second name; after a comma the sentence's subject is the first."""
    after = max(between.rfind("，"), between.rfind(","))
    for word in reversed(words):
        is_sure = word.text in _RELATIONS
        is_verb = word.tag == "v" and len(word.text) > 1
        if not (is_verb or is_sure or word.text in _SINGLE) or word.text in _EMPTY_VERBS:
            continue
        if after > 0:
            head = subject
            if not is_sure:
                return None
        kind = "出生于" if word.text == "生于" and "出生于" in between else word.text
        return Said(head, other.place, kind, SURE if is_sure else GUESSED)
    return None


def _words(reading: Reading, gap: Span) -> Sequence[Word]:
    """The words that lie between two places."""
    first = reading.word_ends.get(gap[0])
    place = reading.word_at(gap[0]) if first is None else first + 1
    found = []
    while place < len(reading.words) and reading.words[place].end <= gap[1]:
        found.append(reading.words[place])
        place += 1
    return found


def _verb_after(reading: Reading, place: int) -> str:
    first = reading.word_ends.get(place)
    if first is None:
        return ""
    for word in reading.words[first + 1 : first + 5]:
        if word.tag in ("v", "vn") and word.text not in _EMPTY_VERBS:
            return word.text
        if word.text in "，。；、的":
            break
    return ""
