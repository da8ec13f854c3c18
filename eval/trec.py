"""Datasets as TREC gives them: topics, qrels and a corpus.

Topics are read in the three forms that are about: the tracks' own, in tags that are not closed
(`<top> <num> Number: 301 <title> … <desc> Description: … </top>`), XML as of TREC-COVID
(`<topic number="1"><query>…</query>`), and lines of id, tab, text. A corpus is JSONL (as in BEIR,
or with Anserini's "id" and "contents"), or files of `<DOC><DOCNO>…</DOCNO>…</DOC>`, plain or
packed by gzip.
"""

from __future__ import annotations

import gzip
import hashlib
import html
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from eval.contract import BadDataset, Dataset, DatasetDocument, LegReport, LegRun, Report
from eval.datasets import identifier_of, judged_notes, read_beir_qrels
from eval.differences import SOURCE_PREFIX
from eval.lines import numbered_lines, parse_record, sha256_of, string_field
from eval.runs import read_qrels, read_run

_TOPIC = re.compile(r"<top>(.*?)</top>", re.DOTALL | re.IGNORECASE)
_XML_TOPIC = re.compile(r"<topic\b([^>]*)>(.*?)</topic>", re.DOTALL | re.IGNORECASE)
_NUMBER = re.compile(r"\bnumber\s*=\s*[\"']([^\"']+)[\"']|\bid\s*=\s*[\"']([^\"']+)[\"']")
_PART = re.compile(r"<(?P<tag>[a-zA-Z_]+)>(?P<text>.*?)(?=<[a-zA-Z_/]|\Z)", re.DOTALL)
_LABEL = re.compile(
    r"^\s*(?:Number|Topic|Description|Narrative|Query|Question)\s*:\s*", re.IGNORECASE
)
_ASKED = ("title", "query", "text")
_DOCUMENT = re.compile(r"<DOC>(.*?)</DOC>", re.DOTALL | re.IGNORECASE)
_DOCNO = re.compile(r"<DOCNO>\s*(.*?)\s*</DOCNO>", re.DOTALL | re.IGNORECASE)
_TITLE = re.compile(r"<(TITLE|HEADLINE|HEAD|TTL|TI)>(.*?)</\1>", re.DOTALL | re.IGNORECASE)
_TEXT = re.compile(r"<(TEXT|BODY|CONTENTS?)>(.*?)</\1>", re.DOTALL | re.IGNORECASE)
_ASIDE = re.compile(
    r"<(DOCNO|DOCID|DATE\w*|FILEID|FIRST|SECOND|BYLINE|DATELINE|PARENT|DOCHDR|TYPE|SECTION|LENGTH)>"
    r".*?</\1>",
    re.DOTALL | re.IGNORECASE,
)
_TAG = re.compile(r"</?[a-zA-Z][^<>]*>|<!--.*?-->", re.DOTALL)
_LAYOUT = (
    "a TREC folder holds topics.* (SGML, XML or TSV), qrels.* and corpus.* (JSONL or <DOC> files; "
    "a folder 'corpus' of such files will do)"
)


def is_trec(folder: Path) -> bool:
    """Whether a folder holds TREC topics, and no BEIR queries."""
    return folder.is_dir() and not (folder / "queries.jsonl").is_file() and _one(folder, "topics")


def _one(folder: Path, stem: str) -> bool:
    return any(folder.glob(f"{stem}*"))


def load_trec_folder(folder: Path, field: str = "") -> Dataset:
    """The dataset of a folder with one topics file, one qrels file and one corpus."""
    found = {}
    for stem in ("topics", "qrels", "corpus"):
        paths = sorted(path for path in folder.glob(f"{stem}*") if not path.name.startswith("."))
        if len(paths) != 1:
            names = ", ".join(path.name for path in paths) or "none"
            raise BadDataset(f"{folder} has no one {stem} file ({names}): {_LAYOUT}")
        found[stem] = paths[0]
    return load_trec(found["corpus"], found["topics"], found["qrels"], field, folder.resolve().name)


def load_trec(corpus: Path, topics: Path, qrels: Path, field: str = "", name: str = "") -> Dataset:
    """The dataset of these files. `field` names the part of a topic that is asked ("title", "desc",
    "title+desc"); empty: its title or query.

    Topics without judgements are left out, as `load_dataset` does. Raises BadDataset, which names
    file and line, or document.
    """
    digest = hashlib.sha256()
    documents = list(_documents(corpus, digest))
    if not documents:
        raise BadDataset(f"{corpus} holds no document: {_LAYOUT}")
    texts = read_topics(topics, field)
    judged = read_any_qrels(qrels)
    queries = {query_id: text for query_id, text in texts.items() if query_id in judged}
    if not queries:
        raise BadDataset(
            f"no topic of {topics} is judged in {qrels}: check that both are of the same track "
            "(the first column of the qrels is the topic's number)"
        )
    return Dataset(
        name or corpus.stem,
        documents,
        queries,
        {query_id: judged[query_id] for query_id in queries},
        tuple(judged_notes(documents, texts, judged, qrels)),
        {
            f"corpus {corpus.name}": digest.hexdigest(),
            topics.name: sha256_of(topics),
            qrels.name: sha256_of(qrels),
        },
    )


def read_any_qrels(path: Path) -> dict[str, dict[str, int]]:
    """Judgements of a TREC file, or of a BEIR one (columns parted by tabs, with a head)."""
    first = next((line for _, line in numbered_lines(path)), "")
    return read_beir_qrels(path) if "\t" in first.strip() else read_qrels(path)


def read_topics(path: Path, field: str = "") -> dict[str, str]:
    """The text of each topic by its number, in file order. Raises BadDataset."""
    text = _decoded(path)
    if _TOPIC.search(text):
        topics = [(_number(parts, path), parts) for parts in map(_parts, _TOPIC.findall(text))]
    elif _XML_TOPIC.search(text):
        topics = [_xml_topic(match, path) for match in _XML_TOPIC.finditer(text)]
    else:
        topics = [_row(line, f"{path}, line {number}") for number, line in numbered_lines(path)]
    found: dict[str, str] = {}
    for number, parts in topics:
        if number in found:
            raise BadDataset(f"{path}: topic {number!r} comes twice: keep one")
        found[number] = _asked(parts, field, number, path)
    return found


def _row(line: str, where: str) -> tuple[str, dict[str, str]]:
    number, tab, text = line.partition("\t")
    if not tab or not number.strip() or not text.strip():
        raise BadDataset(
            f"{where}: write a topic as id, tab, text, or give a file of <top> or <topic> blocks"
        )
    return number.strip(), {"text": text.strip()}


def _parts(block: str) -> dict[str, str]:
    """The parts of a topic by their tags in small letters, closed or not."""
    parts: dict[str, str] = {}
    for match in _PART.finditer(block):
        text = html.unescape(_LABEL.sub("", match["text"]))
        parts.setdefault(match["tag"].lower(), " ".join(text.split()))
    return parts


def _number(parts: Mapping[str, str], path: Path) -> str:
    number = parts.get("num") or parts.get("number") or parts.get("id") or ""
    if not number:
        raise BadDataset(f"{path}: a topic has no <num>: give every topic its number")
    return number


def _xml_topic(match: re.Match[str], path: Path) -> tuple[str, dict[str, str]]:
    parts = _parts(match[2])
    stated = _NUMBER.search(match[1])
    number = (stated[1] or stated[2]) if stated else ""
    return number or _number(parts, path), parts or {"text": " ".join(match[2].split())}


def _asked(parts: Mapping[str, str], field: str, number: str, path: Path) -> str:
    if not field:
        named = next((name for name in _ASKED if parts.get(name)), "")
        wanted = [named] if named else []
    else:
        wanted = [name.strip().lower() for name in field.split("+")]
    missing = [name for name in wanted if not parts.get(name)]
    if missing or not wanted:
        known = ", ".join(name for name in parts if name not in ("num", "number", "id")) or "none"
        what = f"no {missing[0]!r}" if missing else "no title"
        raise BadDataset(f"{path}: topic {number!r} has {what}: its parts are {known}")
    return " ".join(parts[name] for name in wanted)


def _documents(corpus: Path, digest: hashlib._Hash) -> Iterator[DatasetDocument]:
    paths = (
        sorted(path for path in corpus.rglob("*") if path.is_file())
        if corpus.is_dir()
        else [corpus]
    )
    seen: dict[str, str] = {}
    for path in paths:
        lines = Path(path.name.removesuffix(".gz")).suffix in (".jsonl", ".ndjson")
        for document in _from_lines(path, digest) if lines else _from_sgml(path, digest):
            if document.id in seen:
                raise BadDataset(
                    f"{path}: document {document.id!r} stands in {seen[document.id]} already: "
                    "keep one"
                )
            seen[document.id] = path.name
            yield document


def _from_lines(path: Path, digest: hashlib._Hash) -> Iterator[DatasetDocument]:
    for number, line in _numbered(path, digest):
        where = f"{path}, line {number}"
        record = parse_record(line, where)
        key = "_id" if "_id" in record else "id"
        text = "text" if "text" in record else "contents"
        title = string_field(record, "title", where, default="")
        yield DatasetDocument(
            identifier_of(record, key, where), title, string_field(record, text, where)
        )


def _numbered(path: Path, digest: hashlib._Hash) -> Iterator[tuple[int, str]]:
    """The lines of a file, plain or packed by gzip, with their numbers; blank ones left out."""
    if path.suffix != ".gz":
        return numbered_lines(path, digest)
    lines = enumerate(_decoded(path, digest).split("\n"), 1)
    return ((number, line) for number, line in lines if line.strip())


def _from_sgml(path: Path, digest: hashlib._Hash) -> Iterator[DatasetDocument]:
    text = _decoded(path, digest)
    blocks = _DOCUMENT.findall(text)
    if not blocks:
        raise BadDataset(f"{path} holds no <DOC> block: {_LAYOUT}")
    for number, block in enumerate(blocks, 1):
        name = _DOCNO.search(block)
        if name is None or not name[1]:
            raise BadDataset(f"{path}: <DOC> number {number} has no <DOCNO>: give it one")
        title = _TITLE.search(block)
        bodies = [match[2] for match in _TEXT.finditer(block)]
        rest = _TITLE.sub(" ", _ASIDE.sub(" ", block))
        body = "\n".join(bodies) if bodies else rest
        yield DatasetDocument(name[1], _plain(title[2]) if title else "", _plain(body))


def _plain(marked: str) -> str:
    """Text without tags; blank lines part its paragraphs."""
    text = html.unescape(_TAG.sub(" ", re.sub(r"</?[pP]>", "\n\n", marked)))
    paragraphs = (" ".join(part.split()) for part in re.split(r"\n\s*\n", text))
    return "\n\n".join(part for part in paragraphs if part)


def _decoded(path: Path, digest: hashlib._Hash | None = None) -> str:
    """The text of a file in UTF-8; in Latin-1 where it is not, as the older tracks are."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise BadDataset(f"{path} cannot be read: {error.strerror}") from error
    if digest is not None:
        digest.update(data)
    try:
        data = gzip.decompress(data) if path.suffix == ".gz" else data
    except (OSError, EOFError) as error:
        raise BadDataset(f"{path} is no sound gzip file ({error}): pack it anew") from error
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("latin-1")


def named_runs(paths: Sequence[Path], judged: Mapping[str, Mapping[str, int]]) -> dict[str, LegRun]:
    """The runs of these files by their tags; by their files' names where two have the same tag.
    Raises BadDataset, also for a run none of whose queries is judged."""
    read = [(path, read_run(path)) for path in paths]
    tags = Counter(run.leg for _, run in read)
    found: dict[str, LegRun] = {}
    for path, run in read:
        if not judged.keys() & run.rankings.keys():
            raise BadDataset(
                f"no query of {path} is judged: check that run and qrels are of the same queries"
            )
        name = path.name if tags[run.leg] > 1 else run.leg
        if name in found:
            raise BadDataset(f"two runs are called {name!r}: give one of them another name")
        found[name] = replace(run, leg=name)
    return found


def runs_report(
    files: Sequence[Path],
    judged: Mapping[str, Mapping[str, int]],
    legs: Mapping[str, LegReport],
    topics: Path | None = None,
) -> Report:
    """The report of runs that were measured by judgements alone; `files` are the qrels, then the
    runs. A query of the qrels that a run lacks counts as zero in it."""
    texts = read_topics(topics) if topics else {}
    measures = next(iter(legs.values())).measures
    return Report(
        dataset=files[0].stem,
        queries=len(judged),
        documents=len({name for grades in judged.values() for name in grades}),
        legs=legs,
        settings={
            "command": "braid eval trec " + " ".join(path.name for path in files),
            "measures": ", ".join(measures),
            "documents": "those that are judged",
            **{SOURCE_PREFIX + path.name: sha256_of(path) for path in files},
        },
        texts={name: texts[name] for name in judged if name in texts},
    )
