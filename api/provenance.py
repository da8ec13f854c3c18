"""What a measurement was made with: Braid, the packages that matter, the commit, the machine."""

from __future__ import annotations

import hashlib
import subprocess
from functools import cache
from importlib import metadata
from pathlib import Path

from api.benchmark_child import machine as machine_facts
from api.version import version

PACKAGES = (
    "sentence-transformers", "transformers", "tokenizers", "torch", "openvino", "faiss-cpu",
    "tantivy", "rjieba", "jieba", "pystemmer", "opencc", "numpy", "scipy", "pymupdf", "lxml",
    "ir-measures",
)  # fmt: skip
"""Packages whose versions may change a figure."""

_ROOMS = ("ingest", "index", "retrieve", "generate", "eval", "api")
_ASIDE = ("api/rest/", "api/web/", "api/cli/", "eval/reports/", "eval/experiments/")
"""Code that decides no figure."""

_GIT_S = 5.0


@cache
def braid_version() -> str:
    """The version with a digest of the code that figures depend on: two states of a checkout are
    two versions ("0.1.0+3f2a90bc")."""
    root = Path(__file__).resolve().parent.parent
    digest = hashlib.sha256()
    for room in _ROOMS:
        for path in sorted((root / room).rglob("*.py")):
            name = path.relative_to(root).as_posix()
            if not name.startswith(_ASIDE):
                digest.update(f"{name}\0".encode() + path.read_bytes())
    return f"{version()}+{digest.hexdigest()[:8]}"


@cache
def versions() -> dict[str, str]:
    """Versions of Braid, of packages, and the commit of the working folder, where it is in a
    repository of git."""
    found = {"braid": braid_version()}
    commit = _commit()
    if commit:
        found["commit"] = commit
    for package in PACKAGES:
        try:
            found[package] = metadata.version(package)
        except metadata.PackageNotFoundError:
            continue
    return found


@cache
def machine() -> dict[str, str]:
    """What it runs on."""
    names = ("CPU", "cores", "flags", "memory", "system", "OMP_NUM_THREADS")
    facts = machine_facts()
    return {name: facts[name] for name in names}


def _commit() -> str:
    """The commit of the working folder, marked where files that git knows are changed."""
    head = _git("rev-parse", "--short=12", "HEAD")
    if not head:
        return ""
    return f"{head}, changed" if _git("status", "--porcelain", "--untracked-files=no") else head


def _git(*arguments: str) -> str:
    try:
        done = subprocess.run(
            ["git", *arguments], capture_output=True, text=True, timeout=_GIT_S, check=True
        )
    except (OSError, subprocess.SubprocessError):
        return ""
    return done.stdout.strip()
