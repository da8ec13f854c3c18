"""Measuring in processes of their own, so that memory and caches are those of one thing alone,
and what a figure is to be read with: the machine."""

from __future__ import annotations

import json
import os
import platform
import resource
import subprocess
import sys
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from ingest.contract import Unavailable

_FLAGS = ("avx2", "avx512f", "avx512_bf16", "avx512_vnni", "amx_bf16", "asimd", "sve", "bf16")
_PACKAGES = ("numpy", "faiss-cpu", "tantivy", "rank-bm25", "torch")


def run_child(module: str, *arguments: str) -> Any:
    """What `python -m module arguments…` prints on its last line, read as JSON. Raises
    Unavailable, with the last line of its errors, where it does not end well."""
    command = [sys.executable, "-m", module, *arguments]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    done = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
    lines = done.stdout.strip().splitlines()
    if done.returncode or not lines:
        error = (done.stderr.strip().splitlines() or ["no reason given"])[-1]
        raise Unavailable(f"the process ended with {done.returncode}: {error}")
    return json.loads(lines[-1])


def peak_mb() -> float:
    """The most resident memory so far, in MB (the system counts in KB, macOS in bytes)."""
    peak = float(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
    return peak / 1e6 if sys.platform == "darwin" else peak / 1e3


def resident_bytes() -> tuple[int, int]:
    """The memory that this process holds now, and that without pages of mapped files (where the
    system tells them apart), which processes share and the system may take back."""
    import psutil

    held = psutil.Process().memory_info()
    return int(held.rss), int(held.rss - getattr(held, "shared", 0))


def folder_bytes(folder: Path) -> int:
    """The size of all files below a folder."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def machine() -> dict[str, str]:
    """The CPU with what it multiplies fast, its cores, the memory, the system, and the versions of
    what is measured."""
    import psutil

    model, flags = _cpu()
    facts = {
        "CPU": model or platform.processor() or platform.machine(),
        "cores": str(len(os.sched_getaffinity(0)) if sys.platform == "linux" else os.cpu_count()),
        "flags": " ".join(flag for flag in _FLAGS if flag in flags) or "none of note",
        "memory": f"{psutil.virtual_memory().total / 2**30:.0f} GiB",
        "system": f"{platform.system()} {platform.release()}, Python {platform.python_version()}",
        "OMP_NUM_THREADS": os.environ.get("OMP_NUM_THREADS", "not set"),
    }
    for package in _PACKAGES:
        try:
            facts[package] = version(package)
        except PackageNotFoundError:
            facts[package] = "not installed"
    return facts


def _cpu() -> tuple[str, set[str]]:
    """Its name and its flags, as far as the system tells them."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        return "", set()
    fields = [line.partition(":") for line in lines]
    told = {name.strip(): value.strip() for name, _, value in reversed(fields)}
    return told.get("model name", ""), set((told.get("flags") or told.get("Features", "")).split())
