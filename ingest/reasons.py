"""Reasons as one line: what libraries say may have many, or repeat half of the file."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from ingest.contract import BraidError, UnreadableFile

LONGEST_REASON = 600


def one_line(reason: str) -> str:
    """The reason without line breaks and what cannot be shown; the middle of a long one is left
    out, since it ends with what to do."""
    flat = " ".join("".join(c if c.isprintable() else " " for c in reason).split())
    if len(flat) <= LONGEST_REASON:
        return flat
    half = LONGEST_REASON // 2 - 2
    return f"{flat[:half]} … {flat[-half:]}"


def with_one_line(error: UnreadableFile) -> UnreadableFile:
    """The error, or one of its kind with its reason as one line."""
    reason = one_line(str(error))
    if reason == str(error):
        return error
    return type(error)(reason)


@contextmanager
def as_reasons(done: str, media_type: str) -> Iterator[None]:
    """Makes a reason of whatever a library raises on a hostile file. `done` says what was to be
    done with the file: `read`, `unpacked`."""
    try:
        yield
    except UnreadableFile as error:
        short = with_one_line(error)
        if short is error:
            raise
        raise short from error
    except BraidError:
        raise
    except RecursionError as error:
        raise UnreadableFile(f"the file is nested too deeply to be {done}") from error
    except MemoryError as error:
        raise UnreadableFile(f"the file needs more memory to be {done} than there is") from error
    except Exception as error:  # a library can raise anything
        said = f"the file could not be {done} as {media_type}: {type(error).__name__}: {error}"
        raise with_one_line(UnreadableFile(said)) from error
