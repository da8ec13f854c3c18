"""Settings: flags over BRAID_* environment variables over braid.toml over defaults.

A nested setting is written `BRAID_EMBEDDER__MODEL` in the environment and `[embedder]` with
`model = ` in `braid.toml`, which is looked for in the working folder (or where BRAID_CONFIG
says). Unknown settings are refused.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, Literal

from platformdirs import user_cache_path, user_data_path
from pydantic import Field, SecretStr, ValidationError
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    SettingsError,
    TomlConfigSettingsSource,
)

from api.settings_answer import AnswerSettings
from api.settings_conversations import CacheSettings, ConversationSettings
from api.settings_evaluation import EvaluationSettings
from api.settings_graph import GraphSettings
from api.settings_judge import JudgeSettings
from api.settings_rerank import RerankSettings
from api.settings_section import Section
from api.settings_server import ServerSettings
from api.settings_telemetry import TelemetrySettings
from ingest.contract import BadInput

CONFIG_FILE = "braid.toml"


class EmbedderSettings(Section):
    """What turns text into vectors. A collection remembers it."""

    backend: Literal["sentence-transformers", "openai"] = Field(
        "sentence-transformers", description="`openai`: an OpenAI-compatible endpoint"
    )
    model: str = Field(
        "default",
        description="`default` (multilingual-e5-small, no download), a hub name or a folder; "
        "the endpoint's name for its model",
    )
    dimension: int | None = Field(
        None,
        ge=1,
        description="leading components kept of each vector (Matryoshka); unset: all. Costs "
        "little in models trained for it alone; of an endpoint, so many are asked for",
    )
    query_prefix: str | None = Field(None, description="put before queries; unset: the model's")
    passage_prefix: str | None = Field(None, description="put before passages; unset: the model's")
    precision: Literal["auto", "bfloat16", "float32"] = Field(
        "auto", description="`auto`: bfloat16 where the CPU has it; not of endpoints"
    )
    pooled_tokens: int = Field(
        3,
        ge=0,
        le=512,
        description="tokens that share a vector for late interaction; 0 keeps no token vectors "
        "(ten kilobytes less for each chunk; a search computes them); endpoints give none",
    )
    base_url: str = Field("https://api.openai.com/v1", description="the endpoint")
    api_key: SecretStr = Field(SecretStr(""), description="key for the endpoint")
    batch_size: int = Field(64, ge=1, description="texts sent to the endpoint at once")
    timeout_s: float = Field(60.0, gt=0, description="for one request to the endpoint")
    max_retries: int = Field(2, ge=0, description="tries after the first, at the endpoint")
    max_tokens: int = Field(
        512,
        gt=2,
        description="tokens that the endpoint's model takes, as Braid estimates them: three "
        "letters or two digits are one, a mark or a Han character one and a half",
    )


class AnalyzerSettings(Section):
    """What turns text into index terms. A collection remembers it."""

    engine: Literal["jieba", "rjieba"] = Field(
        "rjieba", description="what cuts Chinese words; both by the same dictionary, rjieba faster"
    )
    stemmer: str = Field(
        "english",
        description="Snowball algorithm for words of texts whose language is not known",
    )


class SparseSettings(Section):
    """The BM25 index."""

    backend: Literal["impacts", "tantivy", "rank-bm25"] = Field("impacts", description="the engine")
    title_weight: float = Field(0.2, ge=0, description="weight of the title by itself")
    headings_weight: float = Field(0.2, ge=0, description="weight of the heading path by itself")
    body_weight: float = Field(0.5, ge=0, description="weight of the text under its headings")
    window_weight: float = Field(
        0.5, ge=0, description="weight of the same with the chunks before and after"
    )
    identifiers_weight: float = Field(
        1.0, ge=0, description="weight of codes, numbers with units, versions and dates as wholes"
    )
    k1: float = Field(
        1.2, gt=0, description="BM25: how soon a term is said often enough (fixed in tantivy)"
    )
    b: float = Field(
        0.75, ge=0, le=1, description="BM25: how far long chunks count less (fixed in tantivy)"
    )


class DenseSettings(Section):
    """The vector index."""

    kind: Literal["auto", "flat", "hnsw", "ivf", "ivfpq"] = Field(
        "auto", description="FAISS index of the main part; `auto` goes by size and memory"
    )
    codes: Literal["auto", "fp32", "fp16", "sq8"] = Field(
        "auto",
        description="how the index holds vectors; what is found is scored anew by the exact ones",
    )
    memory_mb: int = Field(
        1024, ge=1, description="of one collection's index, which `auto` keeps to"
    )
    hnsw_neighbours: int = Field(24, ge=2, le=256, description="HNSW: M")
    hnsw_build_breadth: int = Field(200, ge=8, description="HNSW: efConstruction")
    recall: float = Field(
        0.99,
        gt=0,
        lt=1,
        description="of what is nearest, the share to be found: how far searches go is measured "
        "whenever the main part is built",
    )


class IngestSettings(Section):
    """How files are read."""

    workers: int | None = Field(
        None, ge=0, description="processes that read files; unset: one to a core; 0: none"
    )
    timeout_s: float = Field(
        600.0, gt=0, description="for reading one file, as much again for each MB of it"
    )
    memory_mb: int = Field(4096, ge=256, description="of a process that reads files")
    recycle_after: int = Field(
        500, ge=1, description="files that a process reads before another takes its place"
    )


class OcrSettings(Section):
    """How text is read off pictures: scanned pages, photographs."""

    engine: Literal["auto", "rapidocr", "tesseract", "none"] = Field(
        "auto", description="`auto`: rapidocr, else tesseract, whichever is installed"
    )
    second_engine: Literal["none", "rapidocr", "tesseract"] = Field(
        "none", description="reads every page too; the surer of both lines stands"
    )
    dictionary: Path | None = Field(
        None, description="file of words, one a line, by which doubtful words are mended"
    )
    languages: tuple[str, ...] = Field(
        (), description="of tesseract, by its names; empty: `chi_sim`, `eng` as installed"
    )
    dpi: int = Field(200, ge=72, le=300, description="at which pages are drawn, if not finer")
    threads: int = Field(0, ge=0, description="lines read at once; 0: one to a core, 2 at most")


class ChunkerSettings(Section):
    """How documents are cut: see docs/chunking.md. An option that is not set is the chunker's
    own; one that the chunker does not have is refused."""

    name: Literal[
        "structure", "fixed", "recursive", "sentence", "semantic", "parent_child", "proposition"
    ] = Field("structure", description="the way documents are cut")
    max_tokens: int | None = Field(
        None, description="tokens of a chunk at the most, context included; unset: 320"
    )
    min_tokens: int | None = Field(
        None, description="shorter neighbours under one heading are joined; unset: 48"
    )
    overlap_sentences: int | None = Field(
        None, description="`structure`, `sentence`: repeated from the chunk before; unset: 0"
    )
    overlap_tokens: int | None = Field(
        None, description="`fixed`, `recursive`: repeated from the chunk before; unset: 0"
    )
    separators: tuple[str, ...] | None = Field(
        None, description="`recursive`: from coarse to fine; unset: those of Chinese and English"
    )
    sentences: int | None = Field(None, description="`sentence`: of a chunk; unset: 1")
    window: int | None = Field(
        None, description="`sentence`: more on each side to be read; unset: 3"
    )
    percentile: float | None = Field(
        None, description="`semantic`: distances over it are breakpoints; unset: 90"
    )
    threshold: float | None = Field(
        None, description="`semantic`: cosine distance of a breakpoint, in place of percentile"
    )
    buffer: int | None = Field(
        None, description="`semantic`: sentences compared on each side; unset: 2"
    )
    child_tokens: int | None = Field(
        None, description="`parent_child`: of what is found, about; unset: 96"
    )
    parent_tokens: int | None = Field(
        None, description="`parent_child`: of what is read, about; unset: 640"
    )


class RetrievalSettings(Section):
    """How legs are searched and merged."""

    depth: int = Field(100, ge=1, le=1000, description="candidates from each leg")
    cosine_weight: float = Field(
        200.0, gt=0, description="default fusion: BM25 plus this times the cosine"
    )
    translate: bool = Field(
        True, description="look the query's words up in the other language, Chinese or English"
    )
    convex_dense_weight: float = Field(0.5, ge=0, le=1, description="convex fusion: dense share")
    steps: dict[str, bool] = Field(
        default_factory=dict,
        description="switches steps of the default fusion on or off, by name: see "
        "docs/retrieval.md",
    )
    tune: bool = Field(
        True,
        description="after ingesting, when a collection has grown or shrunk by a half: learn from "
        "it how much meaning weighs against words, and when nothing in it is relevant",
    )
    rrf_k: float = Field(60.0, gt=0, description="reciprocal rank fusion: k")
    model_timeout_s: float = Field(
        10.0, gt=0, description="for one call of the model (`answer.model`) by a step of a search"
    )
    model_tokens: int = Field(
        256,
        gt=0,
        description="tokens that the model may write for a step; one that reasons first needs more",
    )
    listwise_depth: int = Field(
        20, ge=2, le=100, description="step `listwise`: hits that the model puts in order"
    )
    listwise_window: int = Field(
        10, ge=2, le=50, description="step `listwise`: passages in one call, half of them new"
    )


class Settings(BaseSettings):
    """Everything that can be set."""

    model_config = SettingsConfigDict(
        env_prefix="BRAID_", env_nested_delimiter="__", extra="forbid", frozen=True
    )

    data_dir: Path = Field(
        default_factory=lambda: user_data_path("braid"), description="where collections lie"
    )
    cache_dir: Path = Field(
        default_factory=lambda: user_cache_path("braid"),
        description="unpacked models, the dictionary, cached runs",
    )
    collection: str = Field("default", description="collection of commands that name none")
    embedder: EmbedderSettings = EmbedderSettings()
    analyzer: AnalyzerSettings = AnalyzerSettings()
    sparse: SparseSettings = SparseSettings()
    dense: DenseSettings = DenseSettings()
    ingest: IngestSettings = IngestSettings()
    ocr: OcrSettings = OcrSettings()
    chunker: ChunkerSettings = ChunkerSettings()
    retrieval: RetrievalSettings = RetrievalSettings()
    rerank: RerankSettings = RerankSettings()
    graph: GraphSettings = GraphSettings()
    answer: AnswerSettings = AnswerSettings()
    judge: JudgeSettings = JudgeSettings()
    conversations: ConversationSettings = ConversationSettings()
    answer_cache: CacheSettings = CacheSettings()
    server: ServerSettings = ServerSettings()
    telemetry: TelemetrySettings = TelemetrySettings()
    evaluation: EvaluationSettings = EvaluationSettings()

    @property
    def runs_dir(self) -> Path:
        """Where measured runs are kept."""
        return self.evaluation.runs_dir or self.data_dir / "runs"

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Flags, then environment, then the file."""
        return (init_settings, env_settings, TomlConfigSettingsSource(settings_cls, config_file()))


def config_file() -> Path:
    """The settings file in force; it need not exist."""
    return Path(os.environ.get("BRAID_CONFIG", CONFIG_FILE))


def load_settings(**flags: Any) -> Settings:
    """The settings, with flags that are not None on top. Raises BadInput, naming each setting
    that is wrong and where it can be set."""
    given = {name: value for name, value in flags.items() if value is not None}
    unknown = _unknown_variables()
    if unknown:
        raise BadInput(
            f"unknown settings in the environment: {', '.join(unknown)}; unset them, or see "
            "docs/settings.md for the names there are"
        )
    try:
        return Settings(**given)
    except ValidationError as error:
        faults = "; ".join(
            f"{'.'.join(map(str, fault['loc']))}: {fault['msg']}" for fault in error.errors()
        )
        raise BadInput(f"wrong settings ({config_file()}, BRAID_* or flags): {faults}") from error
    except (SettingsError, ValueError) as error:
        raise BadInput(f"the settings in {config_file()} cannot be read: {error}") from error


def _unknown_variables() -> list[str]:
    """BRAID_* variables that set nothing, which pydantic passes over at the top level."""
    known = {"CONFIG", *(name.upper() for name in Settings.model_fields)}
    return sorted(
        name
        for name in map(str.upper, os.environ)
        if name.startswith("BRAID_") and name.removeprefix("BRAID_").split("__")[0] not in known
    )
