"""Fuzzing of every parser and unpacker: files that are nearly right, read under limits.

    python tests/ingest/fuzz.py --cases 20000 --out found/

Every case is a good file (of `seeds`, and of the folder given by --seeds) that has been mutated:
bits, numbers, slices, words; inside of ZIP parts and compressed streams too, so that checksums
are right and the damage reaches the parser. A case is named by its file and number, and can be
made again from these and --seed. It must end as a document or with a reason of one line; a crash, a
hang and a want of memory are failures and are saved. An exception that no parser has
foreseen (it becomes a reason all the same) is counted and saved apart.
"""

from __future__ import annotations

import argparse
import gzip
import io
import random
import re
import sys
import time
import zipfile
from collections import Counter, deque
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future
from dataclasses import dataclass, field
from pathlib import Path

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE), str(HERE.parent.parent)]

from seeds import good_files  # noqa: E402 - found by the line above
from watched import reads  # noqa: E402

from ingest.workers import Limits, Workers  # noqa: E402

_INTERESTING = (
    b"\0", b"\xff", b"\xff\xff\xff\xff", b"\x7f\xff\xff\xff", b"\x80\0\0\0", b"\0\0\0\0", b"-1",
    b"99999999999", b"1e999", b"NaN", b"''", b'"', b"<", b">", b"&", b"{", b"}", b"[", b"]", b"(",
    b"%s", b"\\", b"/", b"..", b"\r\n", b"\n\n", b"\xc3\x28", b"\xed\xa0\x80", b"\xef\xbb\xbf",
    "\u202e".encode(), "中".encode(), "中".encode("gbk"), b"=?utf-8?B?", b"--", b"]]>", b"<!--",
    b"0 R", b"obj", b"endstream", b"xml:space", b"true", b"null",
)  # fmt: skip
_NUMBER = re.compile(rb"\d+")
_NUMBERS = (b"0", b"-1", b"1", b"255", b"65536", b"2147483648", b"99999999999999999999", b"0.5")
_ELEMENT = re.compile(rb"<(\w[\w:]*)[^<>]{0,200}>")
_UNFORESEEN = re.compile(r"could not be (?:read|unpacked) as [\w/.+-]+: (\w+): (.{0,60})")
_MAX_BYTES = 2_000_000


@dataclass(frozen=True)
class Case:
    """A mutated file: the `number`th made of the file of that name."""

    name: str
    number: int
    data: bytes = field(repr=False)


def cases(files: Mapping[str, bytes], count: int, seed: int) -> Iterator[Case]:
    """So many cases, the files in turn."""
    names = sorted(files)
    for number in range(count):
        name = names[number % len(names)]
        rng = random.Random(f"{seed}:{name}:{number}")
        yield Case(name, number, mutated(files[name], rng, files))


def mutated(data: bytes, rng: random.Random, others: Mapping[str, bytes]) -> bytes:
    """The file with one to eight mutations, half of the time inside of what it packs."""
    if rng.random() < 0.6:
        inside = _inside(data, rng, others)
        if inside is not None:
            return inside
    for _ in range(rng.choice((1, 1, 2, 3, 8))):
        data = rng.choice(_MUTATIONS)(data, rng, others)
    return data[:_MAX_BYTES]


def _inside(data: bytes, rng: random.Random, others: Mapping[str, bytes]) -> bytes | None:
    """The file with a part of it mutated and packed again; None where it packs nothing."""
    if data.startswith(b"\x1f\x8b"):
        return gzip.compress(mutated(gzip.decompress(data), rng, others), 1)
    if not data.startswith(b"PK"):
        return None
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        parts = {item.filename: archive.read(item) for item in archive.infolist()}
    worth = [name for name in parts if len(parts[name]) > 40] or list(parts)
    for name in rng.sample(worth, min(len(worth), rng.choice((1, 1, 2)))):
        for _ in range(rng.choice((1, 1, 2, 4))):
            parts[name] = rng.choice(_MUTATIONS)(parts[name], rng, others)[:_MAX_BYTES]
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, part in parts.items():
            how = zipfile.ZIP_STORED if name == "mimetype" else zipfile.ZIP_DEFLATED
            archive.writestr(zipfile.ZipInfo(name), part, how, 1)
    return buffer.getvalue()


def _span(data: bytes, rng: random.Random, longest: int = 200) -> tuple[int, int]:
    start = rng.randrange(len(data) + 1)
    return start, min(len(data), start + rng.randrange(1, longest))


def _flip(data: bytes, rng: random.Random, _: Mapping[str, bytes]) -> bytes:
    changed = bytearray(data)
    for _n in range(rng.randrange(1, 6)):
        if changed:
            changed[rng.randrange(len(changed))] ^= 1 << rng.randrange(8)
    return bytes(changed)


def _overwrite(data: bytes, rng: random.Random, _: Mapping[str, bytes]) -> bytes:
    word = rng.choice(_INTERESTING)
    start, _end = _span(data, rng)
    return data[:start] + word + data[start + len(word) :]


def _insert(data: bytes, rng: random.Random, _: Mapping[str, bytes]) -> bytes:
    start, _end = _span(data, rng)
    return data[:start] + rng.choice(_INTERESTING) * rng.choice((1, 1, 3, 500)) + data[start:]


def _delete(data: bytes, rng: random.Random, _: Mapping[str, bytes]) -> bytes:
    start, end = _span(data, rng)
    return data[:start] + data[end:]


def _repeat(data: bytes, rng: random.Random, _: Mapping[str, bytes]) -> bytes:
    start, end = _span(data, rng)
    return data[:end] + data[start:end] * rng.choice((1, 2, 10, 300)) + data[end:]


def _truncate(data: bytes, rng: random.Random, _: Mapping[str, bytes]) -> bytes:
    return data[: rng.randrange(len(data) + 1)]


def _splice(data: bytes, rng: random.Random, others: Mapping[str, bytes]) -> bytes:
    other = others[rng.choice(sorted(others))]
    start, end = _span(other, rng, 2000)
    place, _end = _span(data, rng)
    return data[:place] + other[start:end] + data[place:]


def _renumber(data: bytes, rng: random.Random, _: Mapping[str, bytes]) -> bytes:
    found = list(_NUMBER.finditer(data[:200_000]))
    if not found:
        return _flip(data, rng, {})
    match = rng.choice(found)
    return data[: match.start()] + rng.choice(_NUMBERS) + data[match.end() :]


def _nest(data: bytes, rng: random.Random, _: Mapping[str, bytes]) -> bytes:
    """An element opened many times, or closed nowhere."""
    found = list(_ELEMENT.finditer(data[:200_000]))
    if not found:
        return _repeat(data, rng, {})
    match = rng.choice(found)
    return data[: match.start()] + match[0] * rng.choice((0, 2, 50, 400)) + data[match.end() :]


def _swap(data: bytes, rng: random.Random, _: Mapping[str, bytes]) -> bytes:
    (a, b), (c, d) = sorted((_span(data, rng), _span(data, rng)))
    return data[:a] + data[c:d] + data[max(b, a) : max(c, b)] + data[a:b] + data[max(d, b) :]


_MUTATIONS: tuple[Callable[[bytes, random.Random, Mapping[str, bytes]], bytes], ...] = (
    _flip, _overwrite, _insert, _delete, _repeat, _truncate, _splice, _renumber, _nest, _swap,
)  # fmt: skip


@dataclass
class Findings:
    """What a run found. `failed` are crashes, hangs, wants of memory and defects, `unforeseen`
    the exceptions that a parser let through, counted by what they are; both by the case."""

    count: int = 0
    read: int = 0
    failed: list[tuple[Case, str]] = field(default_factory=list)
    unforeseen: Counter[str] = field(default_factory=Counter)
    examples: dict[str, Case] = field(default_factory=dict)

    def take(self, case: Case, future: Future[list[str]]) -> None:
        """Counts a case that has ended."""
        self.count += 1
        try:
            outcomes = future.result()
        except Exception as error:  # whatever it is, it is what is looked for
            self.failed.append((case, f"{type(error).__name__}: {error}".split("\n")[0]))
            return
        self.read += "" in outcomes
        for reason in outcomes:
            if "\n" in reason or len(reason) > 1000:
                self.failed.append((case, f"a reason of many lines: {reason[:200]!r}"))
            match = _UNFORESEEN.search(reason)
            if match:
                kind = f"{Path(case.name).suffix} {match[1]}: {match[2]}"
                self.unforeseen[kind] += 1
                self.examples.setdefault(kind, case)


def fuzz(
    files: Mapping[str, bytes], count: int, seed: int, workers: int, limits: Limits
) -> Findings:
    """Reads so many cases; `workers` processes with limits."""
    findings = Findings()
    waiting: deque[tuple[Case, Future[list[str]]]] = deque()
    with Workers(workers, limits) as pool:
        for case in cases(files, count, seed):
            waiting.append((case, pool.submit(reads, (case.name, case.data))))
            if len(waiting) > 4 * max(workers, 1):
                findings.take(*waiting.popleft())
        while waiting:
            findings.take(*waiting.popleft())
    return findings


def main() -> int:
    """The command; 1 where a case failed."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--cases", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--timeout", type=float, default=60.0, help="seconds for one case")
    parser.add_argument("--memory", type=int, default=2000, help="MB for one process")
    parser.add_argument("--out", type=Path, help="folder for what failed")
    parser.add_argument("--seeds", type=Path, help="folder of more good files")
    parser.add_argument("--only", default="", help="part of the names of the files to mutate")
    given = parser.parse_args()
    files = good_files()
    for path in sorted(given.seeds.iterdir()) if given.seeds else ():
        if path.is_file() and path.stat().st_size < _MAX_BYTES:
            files[path.name] = path.read_bytes()
    files = {name: data for name, data in files.items() if given.only in name}
    began = time.monotonic()
    limits = Limits(timeout_s=given.timeout, memory_mb=given.memory, recycle_after=2000)
    found = fuzz(files, given.cases, given.seed, given.workers, limits)
    print(
        f"{found.count:,} cases of {len(files)} files in {time.monotonic() - began:,.0f} s: "
        f"{found.read:,} read, {len(found.failed)} failed, {found.unforeseen.total()} exceptions "
        f"unforeseen of {len(found.unforeseen)} kinds"
    )
    for case, why in found.failed[:50]:
        print(f"failed: {case.name} {case.number}: {why}")
        _save(given.out, case)
    for kind, count in found.unforeseen.most_common():
        print(f"unforeseen, {count} times: {kind} (case {found.examples[kind].number})")
        _save(given.out, found.examples[kind])
    return 1 if found.failed else 0


def _save(folder: Path | None, case: Case) -> None:
    if folder is not None:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"{case.number}_{case.name}").write_bytes(case.data)


if __name__ == "__main__":
    sys.exit(main())
