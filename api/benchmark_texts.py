"""Text to measure with: passages out of files, and more of them where the files run out.

A new passage is made of sentences drawn from all that were read, so its words and their
frequencies are real; how its sentences follow one another is not.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from index.pipeline import Collection
from ingest.contract import BadInput, Block, BlockKind, Chunk, Document, chunk_id
from ingest.pipeline import split_sentences

PASSAGE_CHARS = 300
CHUNKS_OF_A_DOCUMENT = 20
_TITLE_CHARS = 12
_SUFFIXES = (".md", ".txt")


def read_texts(path: Path) -> list[str]:
    """The texts of a BEIR corpus.jsonl or of a folder that holds one, of a text or Markdown
    file, or of all such files below a folder. Raises BadInput where there is none."""
    if (path / "corpus.jsonl").is_file():
        path = path / "corpus.jsonl"
    if path.suffix == ".jsonl":
        texts = [text for text in _records(path) if text.strip()]
    else:
        files = sorted(path.rglob("*")) if path.is_dir() else [path]
        texts = [
            file.read_text(encoding="utf-8", errors="replace")
            for file in files
            if file.is_file() and (file == path or file.suffix in _SUFFIXES)
        ]
    if not any(text.strip() for text in texts):
        raise BadInput(f"{path} holds no text: give a BEIR corpus, or text or Markdown files")
    return texts


def collection_texts(collection: Collection) -> list[str]:
    """The text of every document of a collection. Raises BadInput where it has none."""
    texts: list[str] = []
    after = ""
    while page := collection.records(after):
        for record in page:
            chunks = collection.document_chunks(record.id)
            texts.append("\n\n".join(chunk.text for chunk in chunks))
        after = page[-1].id
    if not any(text.strip() for text in texts):
        raise BadInput(f"the collection {collection.name!r} holds no text: give some with --text")
    return texts


def read_queries(path: Path) -> list[str]:
    """The queries of a BEIR queries.jsonl (or of the folder that holds it), or of a file with
    one on each line, without repeats. Raises BadInput where there is none."""
    if path.is_dir():
        path = path / "queries.jsonl"
    if path.suffix == ".jsonl":
        lines = list(_records(path))
    else:
        lines = path.read_text(encoding="utf-8").splitlines()
    queries = list(dict.fromkeys(line.strip() for line in lines if line.strip()))
    if not queries:
        raise BadInput(f"{path} holds no query: write one on each line, or give queries.jsonl")
    return queries


def _records(path: Path) -> Iterator[str]:
    with path.open(encoding="utf-8") as lines:
        for number, line in enumerate(lines, start=1):
            if not line.strip():
                continue
            try:
                text = json.loads(line)["text"]
            except (ValueError, KeyError, TypeError) as error:
                raise BadInput(
                    f'{path}, line {number}: give one JSON object with "text" on each line'
                ) from error
            if not isinstance(text, str):
                raise BadInput(f'{path}, line {number}: "text" is no string')
            yield text


@dataclass(frozen=True, slots=True)
class Passages:
    """Passages of about PASSAGE_CHARS characters. The first `read` stand in the text as they
    are; the others are mixed from its sentences."""

    texts: Sequence[str]
    read: int


def passages(texts: Sequence[str], count: int, seed: int = 0) -> Passages:
    """`count` passages out of the texts, in order; the same for the same seed."""
    sentences = [_sentences(text) for text in texts]
    found: list[str] = []
    for row in sentences:
        found += _filled(iter(row))
        if len(found) >= count:
            return Passages(found[:count], count)
    read = len(found)
    every = np.array([sentence for row in sentences for sentence in row], dtype=object)
    random = np.random.default_rng(seed)
    while len(found) < count:
        # Drawn without repeats, so that no passage says the same twice.
        found += _filled(iter(every[random.permutation(len(every))]))
    return Passages(found[:count], read)


def documents(texts: Sequence[str], read: int) -> Iterator[tuple[Document, list[Chunk]]]:
    """Documents of CHUNKS_OF_A_DOCUMENT passages each, a chunk for every passage. Their metadata
    are `corpus` ("read" where the first passage is among the first `read`, else "mixed") and
    `part`, the document's number modulo 1,000."""
    for number, start in enumerate(range(0, len(texts), CHUNKS_OF_A_DOCUMENT)):
        rows = texts[start : start + CHUNKS_OF_A_DOCUMENT]
        name = f"{number:07}"
        title = rows[0][:_TITLE_CHARS]
        document = Document(
            name,
            title,
            "text/plain",
            hashlib.sha256("\n\n".join(rows).encode()).hexdigest(),
            tuple(Block(BlockKind.PARAGRAPH, text) for text in rows),
            metadata={"corpus": "read" if start < read else "mixed", "part": number % 1000},
        )
        spans = document.block_spans()
        chunks = [
            Chunk(
                chunk_id(name, (), text, place),
                name,
                place,
                BlockKind.PARAGRAPH,
                title,
                (),
                text,
                spans[place],
            )
            for place, text in enumerate(rows)
        ]
        yield document, chunks


def halves(texts: Sequence[str], count: int, seed: int = 0) -> list[str]:
    """Queries where there are no real ones: the longer half of `count` sentences of the texts, or
    of all of them where they are fewer."""
    every = [sentence for text in texts for sentence in _sentences(text) if len(sentence) >= 12]
    if not every:
        raise BadInput("the text has no sentence of 12 characters: give more of it, or --queries")
    chosen = np.random.default_rng(seed).permutation(len(every))[:count]
    return [_half(every[int(place)]) for place in chosen]


def _half(sentence: str) -> str:
    """From the space, or the character, nearest to the middle onwards."""
    middle = len(sentence) // 2
    space = sentence.find(" ", middle)
    return sentence[middle if space < 0 else space + 1 :].strip() or sentence


def _sentences(text: str) -> list[str]:
    spans = split_sentences(text)
    return [sentence for start, end in spans if (sentence := text[start:end].strip())]


def _filled(sentences: Iterator[str]) -> list[str]:
    """Sentences joined until a passage is long enough; a short rest is added to the last."""
    found: list[str] = []
    held: list[str] = []
    size = 0
    for sentence in sentences:
        held.append(sentence)
        size += len(sentence)
        if size >= PASSAGE_CHARS:
            found.append(_joined(held))
            held, size = [], 0
    if held and (size >= PASSAGE_CHARS // 2 or not found):
        found.append(_joined(held))
    return found


def _joined(sentences: Sequence[str]) -> str:
    """One text; a space follows a sentence that does not end in a full-width mark."""
    return "".join(s if ord(s[-1]) > 0x2FFF else s + " " for s in sentences).strip()
