"""Nouns that say what kind of thing a definition is about: "is a Danish actor", "是一家公司"."""

from __future__ import annotations

from index.graph.contract import EntityType
from index.graph.spans import word_set

_ENGLISH = {
    EntityType.PERSON: """
        person man woman actor actress singer songwriter rapper musician composer conductor player
        guitarist drummer bassist pianist violinist vocalist politician statesman stateswoman
        senator governor mayor minister president chancellor monarch king queen prince princess
        duke duchess count countess earl baron baroness lord lady emperor empress pharaoh sultan
        ruler nobleman noblewoman knight bishop archbishop cardinal pope priest monk nun saint
        rabbi missionary footballer cricketer athlete boxer wrestler swimmer runner sprinter
        cyclist skier skater racer driver golfer goalkeeper midfielder defender striker forward
        pitcher quarterback coach manager referee director filmmaker screenwriter producer
        cinematographer editor writer author novelist poet playwright dramatist essayist
        translator critic journalist broadcaster presenter host comedian model dancer
        choreographer painter sculptor photographer architect designer illustrator cartoonist
        artist engineer inventor explorer astronaut pilot soldier officer general admiral colonel
        lawyer judge diplomat ambassador activist businessman businesswoman entrepreneur banker
        executive physician doctor surgeon nurse teacher professor educator scholar philosopher
        mathematician chemist astronomer historian theologian librarian son daughter wife husband
        brother sister criminal gangster spy chef magician celebrity personality
    """,
    EntityType.ORGANIZATION: """
        company corporation firm manufacturer retailer airline bank brand label publisher studio
        band group duo trio quartet orchestra choir club team league association organization
        organisation federation union society foundation charity institute institution university
        college school academy hospital museum library agency party church order newspaper
        broadcaster network conglomerate subsidiary startup military unit regiment
    """,
    EntityType.PLACE: """
        city town village hamlet municipality commune settlement suburb neighborhood neighbourhood
        district county province state country region prefecture parish township capital island
        archipelago river lake mountain hill valley desert forest park bay sea ocean peninsula cape
        street road square building tower castle palace cathedral temple monastery bridge stadium
        station airport port cemetery kingdom territory
    """,
    EntityType.WORK: """
        film movie documentary miniseries series sitcom show episode novel novella book story
        anthology trilogy poem play drama comedy opera musical ballet album single song track ep
        soundtrack symphony concerto magazine journal painting sculpture manga anime comic comics
        videogame game
    """,
    EntityType.EVENT: """
        war battle siege revolution rebellion uprising massacre election referendum tournament
        championship competition festival ceremony conference earthquake hurricane disaster
        election season
    """,
}
ENGLISH_KINDS = {word: kind for kind, words in _ENGLISH.items() for word in words.split()}
_PERSON_ENDINGS = ("ologist", "physicist", "ist", "ician", "woman", "man", "smith")

_CHINESE = (
    (EntityType.WORK, "电影 影片 小说 专辑 歌曲 单曲 电视剧 连续剧 游戏 漫画 动画 纪录片 著作 诗集 剧集 节目 杂志 报纸 油画 丛书"),
    (EntityType.ORGANIZATION, "公司 企业 集团 银行 大学 学院 学校 医院 组织 机构 政党 协会 俱乐部 乐队 组合 球队 球会 出版社 品牌 连锁店 院校 中学 小学"),
    (EntityType.PLACE, "城市 国家 首都 省份 村 镇 乡 县 县城 市 区 岛 岛屿 群岛 河流 河 湖泊 湖 山 山峰 山脉 车站 机场 公园 建筑 寺院 寺庙 大桥 道路 地区 自治区 行政区"),
    (EntityType.EVENT, "战争 战役 运动会 比赛 锦标赛 联赛 赛事 事件 运动 地震 革命 起义"),
    (EntityType.PERSON, "人物 人 演员 歌手 导演 作家 诗人 画家 音乐家 科学家 政治家 政治人物 企业家 运动员 球员 教练 教授 皇帝 国王 总统 总理 将军 将领 大臣 官员 律师 记者 主持人 编剧 院士 僧人 哲学家 学者 选手 棋手 声优 议员 工程师 医生"),
)  # fmt: skip
_CHINESE_KINDS = {word: kind for kind, words in _CHINESE for word in words.split()}
_PERSON_CHARACTERS = word_set("家 员 者 师 手")


def kind_of_english(noun: str) -> EntityType | None:
    """The type of what is a such-and-such; None where the noun does not tell."""
    word = noun.lower()
    singular = word[:-1] if word.endswith("s") and word not in ENGLISH_KINDS else word
    found = ENGLISH_KINDS.get(singular)
    if found is None and len(word) > 5 and singular.endswith(_PERSON_ENDINGS):
        return EntityType.PERSON
    return found


def kind_of_chinese(noun: str) -> EntityType | None:
    """The same of a Chinese noun, by its end."""
    for length in (4, 3, 2, 1):
        found = _CHINESE_KINDS.get(noun[-length:]) if len(noun) >= length else None
        if found is not None and (length > 1 or len(noun) < 4):
            return found
    if len(noun) == 3 and noun[-1] in _PERSON_CHARACTERS:
        return EntityType.PERSON
    return None
