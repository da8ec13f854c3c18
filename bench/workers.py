"""Files read in a second with 0, 1 and 2 worker processes, and what one small file costs.

    python -m bench.workers [--files 200] [--rounds 3]

Reading alone, without chunking and embedding: 0 workers read in the process itself. The rounds
take turns, and the best of each counts, so that what else the machine does matters less. Figures
are files in a second and their ratio to 0 workers of the same run, and the processor time, of all
processes, likewise.
"""

from __future__ import annotations

import argparse
import io
import json
import os
import tempfile
import time
from pathlib import Path

from api.sources import Files
from api.turns import Reader, Ready, Turns
from ingest.pipeline import Workers

COUNTS = (0, 1, 2)


def make_files(folder: Path, number: int) -> None:
    """Small Markdown, DOCX, HTML and PDF files in equal parts, each of a text of its own."""
    import docx
    import pymupdf

    for index in range(number):
        sentences = [
            f"Valve {index}-{line} opens at {line + 2} bar. 第{index}号阀门在{line}巴时打开。"
            for line in range(12)
        ]
        path = folder / f"{index:04}"
        kind = index % 4
        if kind == 0:
            path.with_suffix(".md").write_text(f"# Valve {index}\n\n" + "\n\n".join(sentences))
        elif kind == 1:
            document = docx.Document()
            document.add_heading(f"Valve {index}", 1)
            for sentence in sentences:
                document.add_paragraph(sentence)
            made = io.BytesIO()
            document.save(made)
            path.with_suffix(".docx").write_bytes(made.getvalue())
        elif kind == 2:
            body = "".join(f"<p>{sentence}</p>" for sentence in sentences)
            path.with_suffix(".html").write_text(
                f"<html><body><main><h1>Valve {index}</h1>{body}</main></body></html>"
            )
        else:
            with pymupdf.open() as pdf:  # type: ignore[no-untyped-call]
                pdf.new_page().insert_textbox(
                    (72, 72, 520, 760), "\n\n".join(sentences), fontname="china-s", fontsize=9
                )
                path.with_suffix(".pdf").write_bytes(pdf.tobytes())


def seconds(folder: Path, workers: int) -> tuple[float, float]:
    """The time that reading the folder takes, the start of the processes included, and that of
    processors."""
    begun, worked = time.perf_counter(), sum(os.times()[:4])
    with tempfile.TemporaryDirectory() as scratch, Workers(workers) as pool:
        turns = Turns(Reader(pool, lambda media_type: media_type), None, Path(scratch))
        sources = Files(2**30).under([folder])
        read = sum(isinstance(outcome, Ready) for outcome in turns.outcomes(sources))
    took = time.perf_counter() - begun, sum(os.times()[:4]) - worked
    assert read == len(list(folder.iterdir())), f"{read} files were read"
    return took


def measure(folder: Path, rounds: int) -> dict[int, tuple[float, float]]:
    """The best times of each number of workers."""
    taken: dict[int, list[tuple[float, float]]] = {workers: [] for workers in COUNTS}
    for _ in range(rounds):
        for workers in COUNTS:
            taken[workers].append(seconds(folder, workers))
    return {n: (min(t for t, _ in both), min(c for _, c in both)) for n, both in taken.items()}


def main() -> None:
    """Prints the figures as JSON."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--files", type=int, default=200)
    parser.add_argument("--rounds", type=int, default=3)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as work:
        many, one = Path(work, "many"), Path(work, "one")
        many.mkdir()
        one.mkdir()
        make_files(many, given.files)
        (one / "a.txt").write_text("The valve opens at nine bar.")
        seconds(many, 0)  # libraries load once, in this process
        mixed, small = measure(many, given.rounds), measure(one, given.rounds)
    print(
        json.dumps(
            {
                "files": given.files,
                "files_per_s": {n: round(given.files / mixed[n][0], 1) for n in COUNTS},
                "ratio_to_0": {n: round(mixed[0][0] / mixed[n][0], 2) for n in COUNTS},
                "processor_ratio_to_0": {n: round(mixed[0][1] / mixed[n][1], 2) for n in COUNTS},
                "one_small_file_s": {n: round(small[n][0], 3) for n in COUNTS},
                "one_small_file_processor_s": {n: round(small[n][1], 3) for n in COUNTS},
            },
            indent=2,
        )
    )


if __name__ == "__main__":
    main()
