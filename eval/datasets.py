"""Reads BEIR datasets: `corpus.jsonl`, `queries.jsonl` and `qrels/<split>.tsv` in a folder.

The layout is that of https://github.com/beir-cellar/beir/wiki/Load-your-custom-dataset.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from pathlib import Path

from eval.contract import BadDataset, Dataset, DatasetDocument
from eval.lines import numbered_lines, parse_record, string_field

_LAYOUT = "a BEIR folder holds corpus.jsonl, queries.jsonl and qrels/test.tsv"
_SHOWN = 3


def load_dataset(folder: Path, split: str = "test") -> Dataset:
    """The dataset in `folder`, judged by `qrels/<split>.tsv`.

    Queries without judgements are left out. Judgements of queries or documents that the folder
    does not hold are said in `notes`; the former are dropped, the latter stay, because measures
    count what could not be found. Raises BadDataset, which names the file and the line.
    """
    corpus_path, queries_path, qrels_path = _paths(folder, split)
    digests = {path: hashlib.sha256() for path in (corpus_path, queries_path, qrels_path)}
    documents = list(_read_corpus(corpus_path, digests[corpus_path]))
    texts = _read_queries(queries_path, digests[queries_path])
    judged = read_beir_qrels(qrels_path, digests[qrels_path])
    queries = {query_id: text for query_id, text in texts.items() if query_id in judged}
    if not queries:
        raise BadDataset(
            f"no query of {queries_path} is judged in {qrels_path}: check that both are of the "
            f"same dataset and that the first column is the query's _id"
        )
    qrels = {query_id: judged[query_id] for query_id in queries}
    return Dataset(
        name=folder.resolve().name,
        documents=documents,
        queries=queries,
        qrels=qrels,
        notes=tuple(judged_notes(documents, texts, judged, qrels_path)),
        sources={
            path.relative_to(folder).as_posix(): digest.hexdigest()
            for path, digest in digests.items()
        },
    )


def load_corpus(folder: Path) -> Dataset:
    """The documents of `folder`/corpus.jsonl, without queries. Raises as `load_dataset` does."""
    path = folder / "corpus.jsonl"
    if not path.is_file():
        raise BadDataset(f"{path} is missing: {_LAYOUT}")
    digest = hashlib.sha256()
    documents = list(_read_corpus(path, digest))
    sources = {path.name: digest.hexdigest()}
    return Dataset(folder.resolve().name, documents, {}, {}, sources=sources)


def _paths(folder: Path, split: str) -> tuple[Path, Path, Path]:
    if not folder.is_dir():
        raise BadDataset(f"{folder} is not a folder: {_LAYOUT}")
    found = (folder / "corpus.jsonl", folder / "queries.jsonl", folder / "qrels" / f"{split}.tsv")
    for path in found[:2]:
        if not path.is_file():
            raise BadDataset(f"{path} is missing: {_LAYOUT}")
    if not found[2].is_file():
        splits = sorted(path.stem for path in (folder / "qrels").glob("*.tsv"))
        advice = f"choose a split of: {', '.join(splits)}" if splits else _LAYOUT
        raise BadDataset(f"{found[2]} is missing: {advice}")
    return found


def _read_corpus(path: Path, digest: hashlib._Hash) -> Iterator[DatasetDocument]:
    seen: dict[str, int] = {}
    for number, line in numbered_lines(path, digest):
        where = f"{path}, line {number}"
        record = parse_record(line, where)
        identifier = _identifier(record, where, seen, number)
        title = string_field(record, "title", where, default="")
        yield DatasetDocument(identifier, title, string_field(record, "text", where))
    if not seen:
        raise BadDataset(f"{path} holds no document: put one JSON object on each line")


def _read_queries(path: Path, digest: hashlib._Hash) -> dict[str, str]:
    queries: dict[str, str] = {}
    seen: dict[str, int] = {}
    for number, line in numbered_lines(path, digest):
        where = f"{path}, line {number}"
        record = parse_record(line, where)
        identifier = _identifier(record, where, seen, number)
        text = string_field(record, "text", where)
        if not text.strip():
            raise BadDataset(f"{where}: the text of query {identifier!r} is empty: remove the line")
        queries[identifier] = text
    if not queries:
        raise BadDataset(f"{path} holds no query: put one JSON object on each line")
    return queries


def _identifier(record: dict[str, object], where: str, seen: dict[str, int], number: int) -> str:
    """The record's `_id`, which no other has."""
    value = identifier_of(record, "_id", where)
    if value in seen:
        raise BadDataset(f"{where}: _id {value!r} stands on line {seen[value]} already: keep one")
    seen[value] = number
    return value


def identifier_of(record: dict[str, object], key: str, where: str) -> str:
    """The record's id, as text; numbers are taken too, as other tools write them."""
    value = record.get(key)
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    if not isinstance(value, str) or not value:
        raise BadDataset(f'{where}: give "{key}" as a string that is not empty, not {value!r}')
    return value


def read_beir_qrels(path: Path, digest: hashlib._Hash | None = None) -> dict[str, dict[str, int]]:
    """Grades by query id and document id, in file order.

    Columns are separated by tabs: query, document, grade; or, as in TREC, query, iteration,
    document, grade. A first line whose last column is no number is a header.
    """
    qrels: dict[str, dict[str, int]] = {}
    first = True
    for number, line in numbered_lines(path, digest):
        where = f"{path}, line {number}"
        columns = line.split("\t")
        if len(columns) not in (3, 4):
            raise BadDataset(
                f"{where}: {len(columns)} column(s): separate query id, document id and grade "
                f"by tabs"
            )
        grade = _grade(columns[-1])
        if grade is None and first:
            first = False
            continue
        first = False
        if grade is None:
            raise BadDataset(f"{where}: the grade {columns[-1]!r} is not a whole number (0, 1, 2)")
        query_id, document_id = columns[0], columns[-2]
        if not query_id or not document_id:
            raise BadDataset(f"{where}: an id is empty: fill it in or remove the line")
        before = qrels.setdefault(query_id, {}).setdefault(document_id, grade)
        if before != grade:
            raise BadDataset(
                f"{where}: document {document_id!r} has grade {before} for query {query_id!r} "
                f"above and {grade} here: keep one"
            )
    if not qrels:
        raise BadDataset(f"{path} holds no judgement: write query id, document id, grade per line")
    return qrels


def _grade(text: str) -> int | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return int(value) if value.is_integer() else None


def judged_notes(
    documents: list[DatasetDocument],
    texts: dict[str, str],
    judged: dict[str, dict[str, int]],
    qrels_path: Path,
) -> Iterator[str]:
    """What queries and judgements lack, a line each. Raises BadDataset where no judged document
    is in the corpus."""
    unknown_queries = [query_id for query_id in judged if query_id not in texts]
    if unknown_queries:
        yield note("judged queries without a text, left out", unknown_queries)
    known = {document.id for document in documents}
    judged_documents = {
        document_id: None
        for query_id, grades in judged.items()
        if query_id in texts
        for document_id in grades
    }
    unknown = [document_id for document_id in judged_documents if document_id not in known]
    if len(unknown) == len(judged_documents):
        raise BadDataset(
            f"no document judged in {qrels_path} is in the corpus: check that both are of the "
            f"same dataset and that the second column is the document's _id"
        )
    if unknown:
        yield note("judged documents that the corpus lacks, counted as not found", unknown)
    blank = [document.id for document in documents if not (document.title + document.text).strip()]
    if blank:
        yield note("documents with neither title nor text", blank)
    idle = [query_id for query_id in texts if query_id not in judged]
    if idle:
        yield note("queries without judgements, left out", idle)


def note(what: str, identifiers: Sequence[str]) -> str:
    """A line about a dataset: what there is, how many, and the first of them."""
    shown = ", ".join(identifiers[:_SHOWN]) + (", …" if len(identifiers) > _SHOWN else "")
    return f"{what}: {len(identifiers)} ({shown})"
