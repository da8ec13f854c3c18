"""The command line. Commands live one to a module; what is heavy loads when one runs."""

from __future__ import annotations


def main() -> None:
    """Entry point of `braid`."""
    from api.cli.app import run

    run()
