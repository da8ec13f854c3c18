"""Installs peers, each in a venv of its own, out of its pinned requirements.

    python -m bench.peers.install [PEER...] [--venvs FOLDER] [--python PROGRAM]

Without names: all of them. What is installed already as its file says is left as it is. Together
they take some 3 GB, most of it torch, which txtai imports.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
from pathlib import Path

from api.settings import load_settings
from bench.peers.systems import PEERS

REQUIREMENTS = Path(__file__).parent / "requirements"
_STAMP = "installed.txt"


def default_venvs() -> Path:
    """Below the cache folder of the settings."""
    return load_settings().cache_dir / "peers" / "venvs"


def program_of(peer: str, venvs: Path) -> Path:
    """The interpreter of a peer."""
    return venvs / peer / "bin" / "python"


def is_installed(peer: str, venvs: Path) -> bool:
    """Whether its venv holds what its file says now."""
    stamp = venvs / peer / _STAMP
    return stamp.is_file() and stamp.read_text() == _wanted(peer)


def _wanted(peer: str) -> str:
    return (REQUIREMENTS / f"{peer}.txt").read_text()


def install(peer: str, venvs: Path, python: str) -> None:
    """Makes its venv, from nothing where it is not as it should be."""
    folder = venvs / peer
    shutil.rmtree(folder, ignore_errors=True)
    subprocess.run([python, "-m", "venv", str(folder)], check=True)
    asked = ["-m", "pip", "install", "-q", "--no-cache-dir", "--disable-pip-version-check"]
    requirements = str(REQUIREMENTS / f"{peer}.txt")
    subprocess.run([str(program_of(peer, venvs)), *asked, "-r", requirements], check=True)
    (folder / _STAMP).write_text(_wanted(peer))


def main() -> None:
    """Installs what was asked for; a peer that cannot be installed does not keep the others."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("peers", nargs="*", choices=[[], *PEERS], metavar="peer")
    parser.add_argument("--venvs", type=Path)
    parser.add_argument("--python", default=sys.executable)
    given = parser.parse_args()
    venvs = given.venvs or default_venvs()
    venvs.mkdir(parents=True, exist_ok=True)
    failed = []
    for peer in given.peers or PEERS:
        if is_installed(peer, venvs):
            print(f"{peer}: installed already")
            continue
        try:
            install(peer, venvs, given.python)
        except subprocess.CalledProcessError as error:
            failed.append(peer)
            print(f"{peer}: {error}", file=sys.stderr)
        else:
            print(f"{peer}: installed")
    sys.exit(bool(failed))


if __name__ == "__main__":
    main()
