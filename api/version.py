"""The version of Braid that is installed."""

from __future__ import annotations

from importlib import metadata

_DISTRIBUTION = "braid-rag"


def version() -> str:
    """The version; "unknown" where Braid runs without being installed."""
    try:
        return metadata.version(_DISTRIBUTION)
    except metadata.PackageNotFoundError:
        return "unknown"
