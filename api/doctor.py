"""What `braid doctor` looks at."""

from __future__ import annotations

from dataclasses import dataclass

from api.compose import Braid
from api.settings import config_file
from index.contract import HAN
from index.pipeline import Collection, model_fault
from ingest.contract import BraidError


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at; `text` says what is wrong and what to do, or what is right."""

    subject: str
    fault: bool
    text: str


def examine(braid: Braid) -> list[Finding]:
    """Looks at settings, model and collections; never raises for what it finds."""
    settings = braid.settings
    file = config_file()
    source = str(file) if file.is_file() else "defaults and environment"
    findings = [Finding("settings", False, f"from {source}; data in {settings.data_dir}")]
    findings.append(_model(braid))
    findings.append(_dictionary(braid))
    names = braid.store.names()
    if not names:
        findings.append(Finding("collections", False, "none yet"))
    findings.extend(_collection(braid, name) for name in names)
    return findings


def mend(braid: Braid) -> list[Finding]:
    """Mends every collection as far as it can be: what was done, and what could not be. Whether
    all is sound afterwards is for `examine` to say."""
    found: list[Finding] = []
    for name in braid.store.names():
        subject = f"collection {name}"
        folder = braid.settings.data_dir / "collections" / name
        try:
            done = Collection.repair(folder, braid.parts)
            found.extend(Finding(subject, False, text) for text in done)
        except (BraidError, OSError) as error:
            found.append(Finding(subject, True, f"not mended: {error}"))
    return found


def _model(braid: Braid) -> Finding:
    settings = braid.settings
    try:
        fault = None
        if settings.embedder.model == "default":
            fault = model_fault(settings.cache_dir / "models")
        if fault:
            return Finding("model", True, fault)
        embedder = braid.parts.embedder
        dimension = int(embedder.embed_query("probe").vector.shape[0])
    except BraidError as error:
        return Finding("model", True, str(error))
    return Finding("model", False, f"{embedder.fingerprint}, {dimension} dimensions")


def _dictionary(braid: Braid) -> Finding:
    if braid.translator is None:
        return Finding("dictionary", False, "switched off by retrieval.translate")
    try:
        found = braid.translator.translate("词典", HAN)
    except BraidError as error:
        return Finding("dictionary", True, str(error))
    return Finding(
        "dictionary",
        not found,
        "CC-CEDICT, Chinese and English" if found else "its file is empty: delete it",
    )


def _collection(braid: Braid, name: str) -> Finding:
    subject = f"collection {name}"
    try:
        collection = braid.store.get(name)
        faults = collection.check()
        stats = collection.stats()
    except BraidError as error:
        return Finding(subject, True, str(error))
    if faults:
        return Finding(subject, True, "; ".join(faults))
    sound = f"{stats.documents} documents, {stats.chunks} chunks, sound"
    missing = stats.chunks - stats.facts
    if missing and braid.parts.extractor is not None:
        sound += f"; {missing} chunks are not in the graph yet: 'braid graph build -c {name}'"
    return Finding(subject, False, sound)
