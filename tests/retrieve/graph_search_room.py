"""A small collection in which some questions take two passages: one that names a thing, and one
about that thing. Between them stand passages that are nearer to the question's words."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from index_room import default_embedder, fill, make_document, make_parts

from index.caches import Parts
from index.collection import Collection
from index.graph.pipeline import build_extractor
from ingest.contract import Chunk, Document
from retrieve.contract import SearchResult

FILM, DIRECTOR, OTHER_FILM, OTHER_DIRECTOR = (
    "films/silent-harbour",
    "people/marta-lindqvist",
    "films/copper-road",
    "people/tomas-ferreira",
)
FACTORY, FOUNDER = "zh/青岭仪器有限公司", "zh/周慕云"

_FILLERS = (
    ("born-{}", "Register of births {}", "Where was the child born? The register of births of"
     " parish {} says where and when each child was born, and who the director of the parish is."),
    ("film-{}", "Film club evening {}", "The film club shows a film on evening {}. The director of"
     " the club says where the film was made, and where the next film will be shown."),
    ("zh-{}", "人事档案须知{}", "人事档案第{}类须写明出生地，毕业院校和创始人的签名，由公司保管。"),
)  # fmt: skip

_TEXTS = {
    FILM: ("Silent Harbour", "Silent Harbour is a drama film of 1958 about a port in winter. It was"
           " directed by Marta Lindqvist and shot in nine weeks."),
    DIRECTOR: ("Marta Lindqvist", "Marta Lindqvist (1911 to 1984) came from Visby on the island of"
               " Gotland, and studied in Uppsala before she moved to the theatre."),
    OTHER_FILM: ("Copper Road", "Copper Road is a western of 1961. It was directed by Tomás"
                 " Ferreira, who also wrote the music."),
    OTHER_DIRECTOR: ("Tomás Ferreira", "Tomás Ferreira (1920 to 1999) came from Évora, and worked"
                     " as a schoolmaster for ten years."),
    FACTORY: ("青岭仪器有限公司", "青岭仪器有限公司成立于1996年，主要生产光学仪器。"
              "公司创始人是周慕云。"),
    FOUNDER: ("周慕云", "周慕云，浙江绍兴人，早年就读于同济大学物理系，后来从事光学研究。"),
}  # fmt: skip


def parts_with_graph() -> Parts:
    """Real parts, with the default model."""
    embedder = default_embedder()
    return replace(make_parts(), embedder=embedder, extractor=build_extractor("rules"))


def documents() -> list[tuple[Document, list[Chunk]]]:
    """Each with its chunk."""
    found = [
        make_document(id, [text], title=title, metadata={"kind": id.split("/")[0]})
        for id, (title, text) in _TEXTS.items()
    ]
    for number in range(12):
        for id, title, text in _FILLERS:
            at, heading, said = (part.format(number) for part in (id, title, text))
            found.append(make_document(at, [said], title=heading, metadata={"kind": "filler"}))
    return found


def filled(path: Path, parts: Parts | None = None) -> Collection:
    """The collection."""
    return fill(path, parts or parts_with_graph(), documents())


def ids(result: SearchResult) -> list[str]:
    """The documents of the hits, in order."""
    return [hit.chunk.document_id for hit in result.hits]
