"""Datasets as TREC gives them."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from eval.contract import BadDataset
from eval.judged import load_judged
from eval.pipeline import measure_runs, named_runs, read_any_qrels, runs_report
from eval.trec import is_trec, load_trec, load_trec_folder, read_topics

SGML = """<top>
<num> Number: 301
<title> International Organized Crime

<desc> Description:
Identify organizations that participate in international criminal activity.

<narr> Narrative:
A relevant document must name the organization.
</top>

<top>
<num> Number: 302 </num>
<title> Topic: Poliomyelitis &amp; Post-Polio
<desc> Description: Is the disease under control?
</top>
"""
XML = """<?xml version="1.0"?>
<topics task="COVIDSearch">
  <topic number="1">
    <query>coronavirus origin</query>
    <question>what is the origin of COVID-19</question>
    <narrative>seeking range of information</narrative>
  </topic>
</topics>
"""
DOCUMENTS = """<DOC>
<DOCNO> FT911-3 </DOCNO>
<DATE>910514</DATE>
<HEADLINE>FT  14 MAY 91 / Crime &amp; money</HEADLINE>
<TEXT>
<P>The first paragraph
goes on.</P>
<P>The second.</P>
</TEXT>
</DOC>
<DOC>
<DOCNO>WT01</DOCNO>
<title>Polio</title>
<b>Vaccines</b> work.
</DOC>
"""
QRELS = "301 0 FT911-3 1\n302 0 WT01 2\n302 0 FT911-3 0\n"


def write(folder: Path, **files: str) -> Path:
    for name, text in files.items():
        (folder / name.replace("__", ".")).write_text(text, encoding="utf-8")
    return folder


def test_topics_in_tags_that_are_not_closed(tmp_path: Path) -> None:
    path = write(tmp_path, topics=SGML) / "topics"
    assert read_topics(path) == {
        "301": "International Organized Crime",
        "302": "Poliomyelitis & Post-Polio",
    }
    assert read_topics(path, "title+desc")["302"] == (
        "Poliomyelitis & Post-Polio Is the disease under control?"
    )
    with pytest.raises(BadDataset, match=r"topic '302' has no 'narr': its parts are title, desc"):
        read_topics(path, "narr")


def test_topics_in_xml_and_in_lines(tmp_path: Path) -> None:
    folder = write(tmp_path, a__xml=XML, b__tsv="7\twhat is it\n8\t谁来了\n", c__tsv="7 what\n")
    assert read_topics(folder / "a.xml") == {"1": "coronavirus origin"}
    assert read_topics(folder / "a.xml", "question") == {"1": "what is the origin of COVID-19"}
    assert read_topics(folder / "b.tsv") == {"7": "what is it", "8": "谁来了"}
    with pytest.raises(BadDataset, match=r"c\.tsv, line 1: write a topic as id, tab, text"):
        read_topics(folder / "c.tsv")


def test_a_folder_of_topics_qrels_and_documents(tmp_path: Path) -> None:
    folder = write(tmp_path, topics__txt=SGML, qrels__txt=QRELS, corpus__sgml=DOCUMENTS)
    assert is_trec(folder)
    dataset = load_trec_folder(folder)
    assert [(d.id, d.title, d.text) for d in dataset.documents] == [
        ("FT911-3", "FT 14 MAY 91 / Crime & money", "The first paragraph goes on.\n\nThe second."),
        ("WT01", "Polio", "Vaccines work."),
    ]
    assert dataset.qrels == {"301": {"FT911-3": 1}, "302": {"WT01": 2, "FT911-3": 0}}
    assert sorted(dataset.sources) == ["corpus corpus.sgml", "qrels.txt", "topics.txt"]
    (folder / "qrels.more").write_text(QRELS, encoding="utf-8")
    with pytest.raises(BadDataset, match=r"no one qrels file \(qrels\.more, qrels\.txt\)"):
        load_trec_folder(folder)


def test_a_corpus_may_be_packed_in_latin_1_or_in_lines(tmp_path: Path) -> None:
    corpus = tmp_path / "corpus"
    corpus.mkdir()
    data = "<DOC><DOCNO>a</DOCNO><TEXT>Zürich</TEXT></DOC>".encode("latin-1")
    (corpus / "one.gz").write_bytes(gzip.compress(data))
    lines = '{"_id": "b", "title": "B", "text": "x"}\n{"id": 3, "contents": "y"}\n'
    (corpus / "two.jsonl").write_text(lines, encoding="utf-8")
    packed = gzip.compress('{"id": "c", "contents": "四"}\n'.encode())
    (corpus / "zwei.jsonl.gz").write_bytes(packed)
    files = write(tmp_path, topics="1\twhat\n", qrels="1 0 a 1\n")
    dataset = load_trec(corpus, files / "topics", files / "qrels")
    assert [(d.id, d.text) for d in dataset.documents] == [
        ("a", "Zürich"), ("b", "x"), ("3", "y"), ("c", "四")
    ]  # fmt: skip
    (corpus / "two.jsonl").write_text('{"_id": "a", "text": "x"}\n', encoding="utf-8")
    with pytest.raises(BadDataset, match=r"document 'a' stands in one\.gz already"):
        load_trec(corpus, files / "topics", files / "qrels")


def test_judged_passages_come_in_either_layout(tmp_path: Path) -> None:
    folder = write(tmp_path, topics=SGML, qrels=QRELS, corpus=DOCUMENTS)
    corpus, topics, qrels = (folder / name for name in ("corpus", "topics", "qrels"))
    assert load_judged(folder).queries == load_judged(corpus, "", topics, qrels).queries
    described = load_judged(folder, topic_field="desc").queries
    assert described.keys() == {"301", "302"}
    assert described != load_judged(folder).queries
    with pytest.raises(BadDataset, match="give both"):
        load_judged(corpus, topics=topics)
    with pytest.raises(BadDataset, match="no split 'dev'"):
        load_judged(folder, "dev")
    with pytest.raises(BadDataset, match="no TREC folder"):
        load_judged(tmp_path / "nowhere", topic_field="desc")


@pytest.mark.parametrize(
    ("corpus", "qrels", "message"),
    [
        ("<DOC><TEXT>x</TEXT></DOC>", QRELS, r"<DOC> number 1 has no <DOCNO>"),
        ("no tags", QRELS, r"holds no <DOC> block"),
        (DOCUMENTS, "9 0 WT01 1\n", r"no topic of .* is judged in"),
        (DOCUMENTS, "301 0 gone 1\n", r"no document judged in .* is in the corpus"),
    ],
)
def test_what_does_not_fit_is_refused(
    tmp_path: Path, corpus: str, qrels: str, message: str
) -> None:
    folder = write(tmp_path, topics=SGML, qrels=qrels, corpus=corpus)
    with pytest.raises(BadDataset, match=message):
        load_trec(folder / "corpus", folder / "topics", folder / "qrels")


def test_runs_are_measured_by_qrels_alone(tmp_path: Path) -> None:
    folder = write(
        tmp_path,
        qrels=QRELS,
        one__run="301 Q0 FT911-3 1 2.0 mine\n302 Q0 FT911-3 1 2.0 mine\n302 Q0 WT01 2 1.0 mine\n",
        two__run="302 Q0 WT01 1 2.0 mine\n",
        other__run="9 Q0 WT01 1 2.0 other\n",
    )
    judged = read_any_qrels(folder / "qrels")
    paths = [folder / "one.run", folder / "two.run"]
    runs = named_runs(paths, judged)
    assert list(runs) == ["one.run", "two.run"]
    report = runs_report(
        [folder / "qrels", *paths], judged, measure_runs(judged, list(runs.values()), ["RR@10"])
    )
    assert report.legs["one.run"].per_query["RR@10"] == {"301": 1.0, "302": 0.5}
    assert report.legs["two.run"].measures == {"RR@10": 0.5}
    assert (report.queries, report.documents) == (2, 2)
    with pytest.raises(BadDataset, match=r"no query of .*other\.run is judged"):
        named_runs([folder / "other.run"], judged)


def test_qrels_of_beir_are_read_too(tmp_path: Path) -> None:
    path = write(tmp_path, qrels="query-id\tcorpus-id\tscore\nq\td\t1\n") / "qrels"
    assert read_any_qrels(path) == {"q": {"d": 1}}
