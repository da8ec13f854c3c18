"""What `braid eval run` can be told."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

LEGS = "sparse,dense,rrf,convex,default"
ANSWERED_LEGS = "default"

LegsOption = Annotated[
    str | None,
    typer.Option(
        help=f"Legs and fusions, with commas: {LEGS}, if not given; with --answers, "
        f"{ANSWERED_LEGS}."
    ),
]
MeasuresOption = Annotated[
    str, typer.Option(help="Of rankings, with commas: nDCG@10, RR@10, R@5, P@5, AP, Success@1.")
]
CorpusOption = Annotated[
    str | None,
    typer.Option(
        help="Questions: what they ask about, a folder of files, a BEIR folder or a collection; "
        "'corpus' beside the file, if not given."
    ),
]
TopicsOption = Annotated[
    Path | None, typer.Option(help="TREC: the topics; DATASET is then the corpus.")
]
QrelsOption = Annotated[Path | None, typer.Option(help="TREC: the judgements, with --topics.")]
TopicFieldOption = Annotated[
    str, typer.Option(help="TREC: what of a topic is asked: title, desc, title+desc, query.")
]
SplitOption = Annotated[
    str | None,
    typer.Option(help="BEIR: qrels/SPLIT.tsv, 'test' if not given; questions: that part alone."),
]
AnswersOption = Annotated[
    bool, typer.Option("--answers", help="Questions: have each answered, and measure that.")
]
AnswersToOption = Annotated[
    Path | None, typer.Option(help="Write the answers here, one as JSON to a line.")
]
JudgeOption = Annotated[
    bool, typer.Option("--judge", help="Have a language model (judge.model) judge the answers.")
]
ThreadsOption = Annotated[
    str, typer.Option(help="Searches a second from so many threads: '1,4'; empty: none.")
]
StagesOption = Annotated[
    bool,
    typer.Option("--stages", help="Say which stage lost each answer that the default leg missed."),
]
AllStagesOption = Annotated[
    bool, typer.Option("--all-stages", help="The same, and the ranks of every other answer.")
]
SizesOption = Annotated[
    str, typer.Option(help="BEIR: parts of so many documents, with commas, for the same queries.")
]
RunsOption = Annotated[
    Path | None, typer.Option(help="BEIR: write TREC run files here; else in the cache.")
]
