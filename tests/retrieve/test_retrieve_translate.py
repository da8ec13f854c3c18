"""The dictionary between Chinese and English, as the package carries it."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from index_room import ANALYZER, fill, make_document, make_parts

from index.collection import Collection
from index.contract import HAN, LATIN, AnyOf
from ingest.contract import BadInput, Unavailable
from retrieve.contract import Query, Translator
from retrieve.pipeline import Retriever, build_translator
from retrieve.translate.cedict import CedictTranslator


@pytest.fixture(scope="module")
def made_at_once(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[list[AnyOf]]]:
    """A dictionary that two translators made at the same moment, and what each found in it."""
    cache = tmp_path_factory.mktemp("dictionary")
    found: list[list[AnyOf]] = []

    def ask() -> None:
        found.append(list(build_translator("cedict", cache, ANALYZER).translate("水泵", HAN)))

    threads = [threading.Thread(target=ask) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return cache, found


@pytest.fixture(scope="module")
def translator(made_at_once: tuple[Path, list[list[AnyOf]]]) -> Translator:
    return build_translator("cedict", made_at_once[0], ANALYZER)


def wordings(translator: Translator, text: str, script: str) -> list[set[str]]:
    """What each word is looked up as; bigrams left out."""
    return [
        {"".join(t for t in terms if not t.startswith("␂")) for terms in notion.wordings}
        for notion in translator.translate(text, script)
    ]


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("传感器的硅脂", ["sensor", "silicongreas"]),
        ("保修期多久？", ["warrantiperiod"]),
        ("網關證書", ["gateway", "certif"]),  # traditional
        ("２０２４年苏州公司的客户", ["suzhou", "compani", "client"]),
    ],
)
def test_chinese_words_are_found_in_english(
    translator: Translator, text: str, wanted: list[str]
) -> None:
    found = wordings(translator, text, HAN)
    for word in wanted:
        assert any(word in each for each in found), (word, found)


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("Which customers bought pumps?", ["客户", "泵"]),
        ("the business trip", ["出差"]),
        ("per kilometre", ["公里"]),  # British spelling
        ("Colour of the aluminium tyre", ["颜色", "铝", "轮胎"]),
        ("GATEWAY certificates, please!", ["网关", "证书"]),
    ],
)
def test_english_words_are_found_in_chinese(
    translator: Translator, text: str, wanted: list[str]
) -> None:
    found = wordings(translator, text, LATIN)
    for word in wanted:
        assert any(word in each for each in found), (word, found)


def test_a_phrase_goes_before_its_words(translator: Translator) -> None:
    (phrase,) = wordings(translator, "artificial intelligence", LATIN)
    assert "人工智能" in phrase
    (word,) = wordings(translator, "人工智能", HAN)
    assert "artificiintellig" in word


@pytest.mark.parametrize(
    ("text", "script"),
    [("", HAN), ("", LATIN), ("的了吗", HAN), ("of the and", LATIN), ("2024 !?", LATIN)],
)
def test_what_says_nothing_is_not_looked_up(translator: Translator, text: str, script: str) -> None:
    assert list(translator.translate(text, script)) == []


def test_only_the_leading_language_is_translated(translator: Translator) -> None:
    assert list(translator.translate("pump", HAN)) == []
    assert list(translator.translate("水泵", LATIN)) == []
    assert list(translator.translate("水泵 pump", "")) == []


def test_long_and_odd_text_does_no_harm(translator: Translator) -> None:
    for text in ("泵" * 20_000, "pump " * 4_000, "\x00'\"%_", "x" * 20_000):
        for script in (HAN, LATIN):
            translator.translate(text, script)


def test_two_at_once_make_one_file_that_is_made_no_more(
    made_at_once: tuple[Path, list[list[AnyOf]]],
) -> None:
    cache, found = made_at_once
    assert len(found) == 2
    assert found[0] == found[1] != []
    (file,) = cache.iterdir()
    before = file.stat()
    build_translator("cedict", cache, ANALYZER).translate("泵", HAN)
    assert list(cache.iterdir()) == [file]
    assert file.stat().st_mtime_ns == before.st_mtime_ns


def test_another_analyzer_has_a_file_of_its_own(translator: Translator) -> None:
    assert isinstance(translator, CedictTranslator)
    other = replace(translator, fingerprint="another")
    assert other._file_name != translator._file_name


def test_a_damaged_file_says_what_to_do(translator: Translator, tmp_path: Path) -> None:
    assert isinstance(translator, CedictTranslator)
    other = replace(translator, cache=tmp_path)
    (tmp_path / other._file_name).write_bytes(b"no database" * 1_000)
    with pytest.raises(Unavailable, match=r"cannot be read: .*; delete it"):
        other.translate("泵", HAN)


def test_what_cannot_be_written_says_what_to_do(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("no folder")
    translator = build_translator("cedict", blocked, ANALYZER)
    with pytest.raises(Unavailable, match=r"cannot prepare the dictionary in .*TRANSLATE=false"):
        translator.translate("泵", HAN)
    with pytest.raises(BadInput, match="no component named 'magic'"):
        build_translator("magic", tmp_path, ANALYZER)


@pytest.fixture(scope="module")
def bilingual(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Collection]:
    collection = fill(
        tmp_path_factory.mktemp("bilingual") / "c",
        make_parts(),
        [
            make_document("seals", ["The silicone grease is renewed every two years."], title=""),
            make_document("leave", ["Employees have twenty-five days of leave."], title=""),
            make_document("水厂", ["水厂的网关证书于八月到期。"], title=""),
            make_document("差旅", ["出差时自驾车每公里补贴一元一角。"], title=""),
        ],
    )
    yield collection
    collection.close()


@pytest.mark.parametrize(
    ("question", "wanted"),
    [
        ("硅脂多久换一次？", "seals"),
        ("员工有几天假？", "leave"),
        ("When did the gateway certificates end?", "水厂"),
        ("What is paid for each kilometre of a business trip?", "差旅"),
    ],
)
def test_words_find_passages_in_the_other_language(
    bilingual: Collection, translator: Translator, question: str, wanted: str
) -> None:
    retriever = Retriever(translator=translator)
    result = retriever.search(bilingual.snapshot(), Query(question, fusion="translated"))
    assert result.hits[0].chunk.document_id == wanted
    assert result.explanation.translations
    merged = retriever.search(bilingual.snapshot(), Query(question))
    place = {hit.chunk.document_id: hit.legs["translated"] for hit in merged.hits}
    assert place[wanted].rank == 1
    assert merged.explanation.weights["translated"] == 1.0


def test_only_passages_in_the_other_language_are_judged(
    tmp_path: Path, translator: Translator
) -> None:
    """Many Chinese passages full of English words must not crowd out the English one."""
    own = [
        make_document(
            f"own{i}", [f"第{i}台服务器 server 的配置 configuration 写在日志里。"], title=""
        )
        for i in range(30)
    ]
    other = make_document("other", ["The configuration of a server is kept in a file."], title="")
    collection = fill(tmp_path / "c", make_parts(), [*own, other])
    retriever = Retriever(depth=5, translator=translator)
    question = "服务器的配置保存在哪里？"
    alone = retriever.search(collection.snapshot(), Query(question, k=3, fusion="translated"))
    assert [hit.chunk.document_id for hit in alone.hits] == ["other"]
    for fusion in ("default", "convex", "rrf"):
        merged = retriever.search(collection.snapshot(), Query(question, k=31, fusion=fusion))
        for hit in merged.hits:
            judged = hit.legs["translated"]
            is_other = hit.chunk.document_id == "other"
            assert (judged.rank, bool(judged.score)) == ((1, True) if is_other else (None, False))
    collection.close()


def test_a_search_goes_on_without_the_dictionary_and_says_so(
    bilingual: Collection, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("no folder")
    retriever = Retriever(translator=build_translator("cedict", tmp_path / "file", ANALYZER))
    result = retriever.search(bilingual.snapshot(), Query("硅脂多久换一次？"))
    assert len(result.hits) == 4
    assert result.explanation.weights["translated"] == 0.0
    (note,) = (n for n in result.explanation.notes if "looked up" in n)
    assert "cannot prepare the dictionary" in note


def test_nothing_is_translated_where_all_is_in_one_language(
    tmp_path: Path, translator: Translator
) -> None:
    collection = fill(
        tmp_path / "c", make_parts(), [make_document("d", ["The grease is renewed."], title="")]
    )
    retriever = Retriever(translator=translator)
    result = retriever.search(collection.snapshot(), Query("Who renews the grease?"))
    assert result.explanation.translations == ()
    assert result.explanation.weights["translated"] == 0.0
    without = Retriever().search(collection.snapshot(), Query("油脂"))
    assert without.explanation.translations == ()
    collection.close()


def test_a_leg_that_can_serve_nothing_for_the_script_says_so(
    tmp_path: Path, translator: Translator, bilingual: Collection
) -> None:
    english = make_document("d", ["The thermal grease of the GPU is renewed."], title="")
    collection = fill(tmp_path / "c", make_parts(), [english])
    snapshot = collection.snapshot()
    both, alone = Retriever(translator=translator), Retriever()

    def note(retriever: Retriever, query: Query) -> str:
        (said,) = retriever.search(snapshot, query).explanation.notes
        return said

    begin = "no chunk is written in Chinese characters, as the query is: the sparse leg "
    assert note(both, Query("更换硅脂")) == (
        begin + "has no vote, its words are found by their translations"
    )
    assert note(both, Query("GPU的硅脂")) == (
        begin + "finds its other words alone, its words are found by their translations"
    )
    assert note(both, Query("水泵")) == (
        begin + "has no vote, no chunk has a translation of its words"
    )
    assert note(alone, Query("硅脂")) == (
        begin + "has no vote, none of its words was looked up in the other language"
    )
    assert note(both, Query("硅脂", fusion="sparse")) == begin + "has no vote"
    assert both.search(snapshot, Query("thermal grease")).explanation.notes == ()
    for query in ("thermal grease", "更换硅脂"):
        said = both.search(bilingual.snapshot(), Query(query)).explanation.notes
        assert "is written in" not in "".join(said)
    collection.close()
