"""Decompression of gzip, bzip2 and xz as a stream that stops at a bound."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import zlib

from ingest.bounds import MB, Exceeded, check_ratio
from ingest.contract import UnreadableFile

_XZ_MEMORY = 256 * MB
_LIBRARY_ERRORS = (zlib.error, lzma.LZMAError, OSError, EOFError, ValueError)


class Inflated:
    """A compressed file as a stream to be read once.

    `read` raises UnreadableFile where the data is damaged or cut off, and Exceeded where more
    comes out than `max_bytes` or than its ratio allows.
    """

    def __init__(self, data: bytes, media_type: str, max_bytes: int, max_ratio: int) -> None:
        self._packed = len(data)
        self._max_bytes = max_bytes
        self._max_ratio = max_ratio
        self._given = 0
        self._stream = _opened(data, media_type)

    def read(self, size: int = -1) -> bytes:
        """The next bytes, fewer than `size` only at the end; all where it is negative."""
        pieces: list[bytes] = []
        wanted = size
        while wanted:
            piece = self._piece(MB if wanted < 0 else min(wanted, MB))
            if not piece:
                break
            pieces.append(piece)
            wanted -= len(piece) if wanted > 0 else 0
        return b"".join(pieces)

    def _piece(self, size: int) -> bytes:
        try:
            piece = self._stream.read(size)
        except EOFError as error:
            raise UnreadableFile(
                "the compressed data is cut off: get a whole copy of the file"
            ) from error
        except _LIBRARY_ERRORS as error:
            raise UnreadableFile(f"the compressed data is damaged ({error})") from error
        self._given += len(piece)
        check_ratio(self._packed, self._given, self._max_ratio)
        if self._given > self._max_bytes:
            raise Exceeded(
                f"it unpacks to more than {self._max_bytes / MB:,.0f} MB, the limit: unpack it by "
                "hand"
            )
        return piece


def _opened(data: bytes, media_type: str) -> gzip.GzipFile | bz2.BZ2File | lzma.LZMAFile:
    packed = io.BytesIO(data)
    if media_type == "application/gzip":
        return gzip.GzipFile(fileobj=packed, mode="rb")
    if media_type == "application/x-bzip2":
        return bz2.BZ2File(packed)
    try:
        # A header can ask for a dictionary of 4 GB.
        lzma.LZMADecompressor(memlimit=_XZ_MEMORY).decompress(data[:65536], max_length=1)
    except lzma.LZMAError as error:
        raise UnreadableFile(
            f"the compressed data is damaged, or needs over {_XZ_MEMORY // MB} MB to be unpacked "
            f"({error})"
        ) from error
    return lzma.LZMAFile(packed)
