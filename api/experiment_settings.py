"""The systems of an experiment as settings: dotted names over the settings that hold anyway."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

from pydantic import BaseModel, SecretStr, ValidationError
from pydantic.fields import FieldInfo
from pydantic_settings import SettingsError

from api.choices import judge_options, rerankers_of
from api.compose import Braid
from api.settings import Settings
from api.settings_file import setting_fields
from api.settings_rerank import RerankSettings
from eval.contract import System
from eval.pipeline import experiments
from generate.pipeline import build_model
from ingest.contract import BadInput, Json
from retrieve.contract import MODES
from retrieve.pipeline import METHODS, STEPS

_STEPS = "retrieval.steps"
_RERANKERS = tuple(name for name in RerankSettings.model_fields if name != "rerankers")
_PLACES = ("data_dir", "cache_dir", "collection", "evaluation.runs_dir")
_ASIDE = (
    "server.",
    "telemetry.",
    "conversations.",
    "answer_cache.",
    "evaluation.",
    "judge.",
    "ingest.",
)
"""Sections that decide no figure."""

INDEXED = ("analyzer.", "embedder.", "sparse.", "dense.", "ocr.", "chunker.", "graph.")
"""Sections that decide what a collection holds, and how; two systems that differ in none of them
share their collections."""

_TUNED = "retrieval.tune"


def known_of(base: Settings) -> experiments.Known:
    """What an experiment may name."""
    fields = dict(setting_fields(Settings, ""))
    refused = {name: reason for name, field in fields.items() if (reason := _refused(name, field))}
    steps = [f"{_STEPS}.{step}" for step in (*STEPS, *_RERANKERS)]
    return experiments.Known(
        settings=[name for name in (*fields, *steps) if name not in refused and name != _STEPS],
        legs=(*METHODS, *MODES),
        resolve=lambda system: _in_force_of(base, system),
        judge=lambda: build_model(judge_options(base)).name,
        refused=refused,
    )


def _refused(name: str, field: FieldInfo) -> str:
    """Why a setting is not for an experiment; empty where it is."""
    if field.annotation is SecretStr:
        variable = f"BRAID_{name.upper().replace('.', '__')}"
        return f"what stands here is kept with every run: set {variable} in the environment"
    if name in _PLACES or name.startswith(_ASIDE):
        return "it decides no figure: set it in braid.toml, for all systems alike"
    return ""


def settings_with(base: Settings, own: Mapping[str, Json]) -> Settings:
    """The settings, with those of dotted names on top. Raises BadInput, which names what is
    wrong."""
    merged = base.model_dump(exclude_unset=True)
    for name, value in own.items():
        _put(merged, name.split("."), value)
    try:
        return Settings(**merged)
    except ValidationError as error:
        faults = "; ".join(
            f"{'.'.join(map(str, fault['loc']))} = {fault['input']!r}: {fault['msg']}"
            for fault in error.errors()
        )
        raise BadInput(f"{faults}: see docs/settings.md") from error
    except SettingsError as error:
        raise BadInput(str(error)) from error


def in_force(settings: Settings) -> dict[str, Json]:
    """The settings that may decide a figure, by dotted name: no places, no secrets."""
    shown = dict(_flat(settings, ""))
    return {name: value for name, value in shown.items() if not name.startswith(_ASIDE)}


def not_default(settings: Settings) -> dict[str, Json]:
    """Those of `in_force` that are not as they are by default."""
    usual = _defaults()
    return {
        name: value
        for name, value in in_force(settings).items()
        if name not in usual or usual[name] != value
    }


def index_settings(system: System) -> dict[str, Json]:
    """Of a system's settings, those that its collections depend on: the way of a collection to
    weights of its own among them, because what it learns is kept in it."""
    return {
        name: value
        for name, value in system.settings.items()
        if name.startswith(INDEXED) or name == _TUNED or name.startswith("answer.")
    }


def index_key(settings: Settings) -> dict[str, Json]:
    """The settings in force that a collection depends on."""
    with_model = settings.chunker.name == "proposition"
    return {
        name: value
        for name, value in _flat(settings, "")
        if name.startswith(INDEXED)
        or name == _TUNED
        or (with_model and name in ("answer.model", "answer.base_url"))
    }


def _in_force_of(base: Settings, system: System) -> dict[str, Json]:
    """Builds what the settings name, as far as that loads nothing, so that what is wrong is said
    before anything is measured."""
    settings = settings_with(base, system.settings)
    known = (*STEPS, *rerankers_of(settings))
    for name in settings.retrieval.steps:
        if name not in known:
            raise BadInput(f"there is no step {name!r}; choose of {', '.join(known)}")
    braid = Braid(settings)
    _ = braid.ingestor.pipeline, braid.retriever
    return in_force(settings)


def _put(into: dict[str, Any], path: list[str], value: Json) -> None:
    for name in path[:-1]:
        inner = into.get(name)
        if not isinstance(inner, dict):
            inner = {}
        into[name] = dict(inner)
        into = into[name]
    into[path[-1]] = value


def _flat(model: BaseModel, prefix: str) -> Iterator[tuple[str, Json]]:
    """Values by dotted name, as JSON has them; places and secrets are left out."""
    shown = model.model_dump(mode="json")
    for name in type(model).model_fields:
        value = getattr(model, name)
        dotted = f"{prefix}{name}"
        if isinstance(value, BaseModel):
            yield from _flat(value, f"{dotted}.")
        elif dotted == _STEPS:
            yield from ((f"{dotted}.{step}", is_on) for step, is_on in sorted(value.items()))
        elif dotted not in _PLACES and not isinstance(value, SecretStr):
            yield dotted, shown[name]


@cache
def _defaults() -> dict[str, Json]:
    """What the settings are where nobody sets any, whatever the environment says."""
    given = {
        name: field.get_default(call_default_factory=True)
        for name, field in Settings.model_fields.items()
    }
    return in_force(Settings.model_construct(**given))
