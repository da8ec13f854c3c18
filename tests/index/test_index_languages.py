"""The language of a text decides its stemmer, and a query finds it in every language."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from index_room import assert_sound, fill, make_document, make_parts

from index.components import SPARSE
from index.languages import language_of

TEXTS = {
    "english": "The pump may be serviced by trained personnel only. Before any work is started, "
    "the plant has to be switched off and secured.",
    "german": "Die Pumpe darf nur von geschultem Personal gewartet werden. Vor allen Arbeiten sind "
    "die Anlagen der benachbarten Häuser abzuschalten.",
    "french": "La pompe ne doit être entretenue que par du personnel formé. Avant tous les "
    "travaux, les installations doivent être arrêtées.",
    "spanish": "La bomba solo debe ser mantenida por personal cualificado. Antes de cualquier "
    "trabajo, las instalaciones deben desconectarse.",
    "russian": "Насос должен обслуживаться только обученным персоналом. Перед началом всех работ "
    "установки необходимо отключить.",
    "polish": "Pompa może być konserwowana wyłącznie przez przeszkolony personel. Przed wszystkimi "
    "pracami instalacje należy wyłączyć.",
}
QUERIES = {
    "english": "services",
    "german": "Haus",
    "french": "installation arrêtée",
    "spanish": "trabajos",
    "russian": "установка",
    "polish": "instalacja",
}
TABLE = "AV-200 12 V 5 kg\nAV-300 24 V 7 kg\nAV-400 36 V 9 kg\nAV-500 48 V 12 kg\nAV-600 7 V 8 kg"


@pytest.mark.parametrize("language", TEXTS)
def test_the_language_is_told(language: str) -> None:
    assert language_of(TEXTS[language]) == language
    assert language_of(TEXTS[language].upper()) == language


CHINESE = "水泵的保养只能由受过培训的人员进行。" * 10
KOREAN = "펌프는 훈련된 사람만" * 10


@pytest.mark.parametrize("text", ["", "Pumpe", TABLE, CHINESE, KOREAN])
def test_what_is_short_or_of_no_such_language_has_none(text: str) -> None:
    assert language_of(text) == ""


def test_a_query_finds_other_forms_in_every_language(tmp_path: Path) -> None:
    documents = [make_document(name, [text]) for name, text in TEXTS.items()]
    for sparse in sorted(SPARSE):
        path, parts = tmp_path / sparse, make_parts(sparse=sparse)
        collection = fill(path, parts, documents)
        for language, query in QUERIES.items():
            snapshot = collection.snapshot()
            assert snapshot.languages == set(TEXTS)
            terms = snapshot.parts.analyzer.query_terms(query, snapshot.languages)
            ranking = snapshot.sparse.search(terms, 10)
            chunks = snapshot.chunks(ranking.keys[:1].tolist())
            assert [stored.chunk.document_id for stored in chunks.values()] == [language]
        assert_sound(collection)
        collection.close()
        again = type(collection).open(path, parts)
        assert again.snapshot().languages == set(TEXTS)
        again.close()


def test_english_and_chinese_do_not_load_the_detector() -> None:
    program = (
        "import sys\nfrom index.languages import language_of\n"
        f"assert language_of({TEXTS['english']!r}) == 'english'\n"
        f"assert language_of({CHINESE!r}) == ''\n"
        "assert 'py3langid' not in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", program], check=True)
