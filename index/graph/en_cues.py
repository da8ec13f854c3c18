"""Words that tell what kind of thing an English name stands for."""

from __future__ import annotations

from index.graph.contract import EntityType
from index.graph.spans import word_set

_LAST = {
    EntityType.ORGANIZATION: """
        inc corp corporation co company companies ltd llc plc gmbh ag sa nv group holdings bank
        university college school academy institute association society union federation league
        committee commission council agency authority bureau department ministry foundation trust
        party church band orchestra club fc afc cf team records studios pictures productions
        entertainment films press publishing publishers newspaper airlines airways railways
        network broadcasting hospital laboratory laboratories court parliament senate congress
        army navy police regiment division squadron brothers partners industries systems
        technologies motors museum library
    """,
    EntityType.PLACE: """
        river lake sea ocean bay gulf island islands mountain mountains hill hills valley desert
        forest park county city town village district province state parish borough township
        street avenue road square bridge airport station cemetery castle palace stadium beach
        peninsula region prefecture creek falls canyon coast republic kingdom territory
    """,
    EntityType.EVENT: """
        war battle siege revolution olympics games festival championship championships
        tournament conference treaty crisis election elections uprising massacre earthquake
        hurricane riots awards prix marathon expedition
    """,
    EntityType.WORK: "act album ep symphony sonata concerto overture trilogy saga times gazette",
}
_FIRST = {
    EntityType.ORGANIZATION: """
        university bank institute college ministry department church academy museum
        federation association society order house council
    """,
    EntityType.PLACE: "lake mount mt gulf bay isle strait cape fort port kingdom republic county",
    EntityType.EVENT: "battle siege treaty war",
    EntityType.PERSON: """
        sir lord lady king queen prince princess emperor empress pope saint st archbishop bishop
        duke duchess archduke archduchess sultan margrave margravine earl count countess baron baroness
    """,
}
HONORIFICS = word_set("mr mrs ms miss dr prof professor rev gen col capt lt sgt mme hon")
"""Stand before a person's name and are no part of it."""

OFFICES = word_set("""
    president chairman director minister head secretary governor mayor chief professor captain
    general senator judge coach manager member vice
    """)
"""Stand before "of" and are no part of the name after it."""

NOBLE = frozenset(
    ("Duke", "Earl", "Baron", "Count", "Prince", "Viscount", "Marquess", "Marquis", "Margrave", "Landgrave",
     "King", "Queen", "Princess", "Duchess", "Countess", "Baroness", "Elector", "Baronet", "Lord", "Bishop", "Holy")
)  # fmt: skip
"""Ranks that stand behind a name and a comma."""

TITLES = word_set(
    """
    president chairman chairwoman ceo cfo cto coo minister senator governor mayor administrator
    ambassador representative congressman chancellor secretary premier actor actress director
    professor founder
    """
)
"""Part an organization's or a country's name from a person's."""

DEMONYMS = word_set(
    """
    french dutch greek thai swiss welsh czech iraqi israeli pakistani bengali tamil hindi telugu
    malayalam kannada punjabi marathi turk scots afghan german roman mexican american african
    catholic jewish islamic arab arabic slavic slovak croat serb icelandic nordic soviet british
    uzbek kazakh somali nepali cypriot filipino hebrew latin latino korean cuban catalan basque
    """
)


def _table(cues: dict[EntityType, str]) -> dict[str, EntityType]:
    return {word: kind for kind, words in cues.items() for word in words.split()}


LAST, FIRST = _table(_LAST), _table(_FIRST)


def type_of(words: list[str]) -> EntityType:
    """The type that the words of a name (in small letters, without dots) tell; OTHER where they
    do not."""
    if len(words) > 1:
        if "of" in words and words[0] in FIRST:
            return FIRST[words[0]]
        if words[-1] in LAST:
            return LAST[words[-1]]
        if words[0] in FIRST and words[0] not in ("house", "order", "count"):
            return FIRST[words[0]]
    return EntityType.OTHER
